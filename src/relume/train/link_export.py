"""The trained parts of a link as ONNX files with their cards."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from relume.card import ModelCard
from relume.nets.dcgan import LATENT, DriveGenerator, Listener, StaticEncryptor
from relume.nets.link import BlockAutoencoder, TrellisReceiver, WindowEncoder
from relume.signal import UsageError
from relume.train.export import commit, count_parameters, export
from relume.train.link import BlockRecipe, LinkRecipe, train_block, train_link
from relume.train.link_low import LevelRecipe, train_levels
from relume.train.secure import DriveRecipe, StaticRecipe, train_drive, train_static

LICENCE = "Apache-2.0"
SIZE = (1, 24)


class Scores(nn.Module):
    """The block receiver as ONNX wants it: (N, n, 1, W) blocks side by side to (N, 2 ** k, 1, W) scores."""

    def __init__(self, net: BlockAutoencoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, y: Tensor) -> Tensor:
        return self.net.receive(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Codewords(nn.Module):
    """The block transmitter as ONNX wants it: one-hot messages (N, 2 ** k, 1, W) to codewords (N, n, 1, W)."""

    def __init__(self, net: BlockAutoencoder) -> None:
        super().__init__()
        self.net = net

    def forward(self, messages: Tensor) -> Tensor:
        return (messages.permute(0, 2, 3, 1) @ self.net.codebook()).permute(0, 3, 1, 2)


def export_link(encoder: WindowEncoder, recipe: LinkRecipe | LevelRecipe, folder: Path) -> list[Path]:
    """``link-NAME-encoder.onnx`` and ``link-NAME-decoder.onnx``."""
    steps, d = recipe.memory // recipe.m, encoder.table().shape[1]
    receiver = TrellisReceiver(encoder.table(), recipe.m)
    about = f"{recipe.bits_per_use} bits for each complex use, memory of {recipe.memory} bits"
    heard = f"receiver: {about}"
    return [
        _write(
            encoder,
            _card(recipe, "encoder", {"bits": recipe.m}, {"values": 1}, steps, f"transmitter: {about}", encoder),
            folder,
        ),
        _write(
            receiver,
            _card(
                recipe,
                "decoder",
                {"received": 2 * d},
                {"llr": 1},
                8 * recipe.memory,
                heard,
                receiver,
            ),
            folder,
        ),
    ]


def export_block(net: BlockAutoencoder, recipe: BlockRecipe, folder: Path) -> list[Path]:
    """``link-NAME-encoder.onnx`` and ``link-NAME-decoder.onnx`` of a block autoencoder."""
    about = f"({recipe.uses}, {recipe.bits}) autoencoder"
    sent, heard = {"messages": 2**recipe.bits}, {"received": recipe.uses}
    return [
        _write(Codewords(net), _card(recipe, "encoder", sent, {"values": 1}, 0, f"transmitter: {about}", net), folder),
        _write(Scores(net), _card(recipe, "decoder", heard, {"scores": 1}, 0, f"receiver: {about}", net), folder),
    ]


def export_drive(generator: DriveGenerator, accuracy: float, recipe: DriveRecipe, folder: Path) -> list[Path]:
    """``link-drive.onnx``."""
    about = f"DCGAN generator of the secure waveform; the critic's last accuracy was {accuracy:.3f}"
    card = _card(recipe, "", {"latents": LATENT}, {"phasors": 4}, 2, about, generator)
    return [_write(generator, dataclasses.replace(card, value_range=(-1.0, 1.0)), folder)]


def export_static(encryptor: StaticEncryptor, bob: Listener, recipe: StaticRecipe, folder: Path) -> list[Path]:
    """``link-static-encoder.onnx`` (a control: not secure) and ``link-static-decoder.onnx``."""
    about = "control, NOT secure: a static generator as encryptor"
    return [
        _write(encryptor, _card(recipe, "encoder", {"bits": 1}, {"symbols": 1}, 4, about, encryptor), folder),
        _write(bob, _card(recipe, "decoder", {"symbols": 2}, {"logits": 1}, 6, about, bob), folder),
    ]


def _card(
    recipe: LinkRecipe | LevelRecipe | BlockRecipe | DriveRecipe | StaticRecipe,
    part: str,
    inputs: dict[str, int],
    outputs: dict[str, int],
    radius: int,
    about: str,
    net: nn.Module,
) -> ModelCard:
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(recipe)))
    name = f"link-{recipe.name.replace('ae-', 'ae')}" + (f"-{part}" if part else "")
    weights = count_parameters(net)
    return ModelCard(
        name=name,
        task="link",
        inputs=inputs,
        outputs=outputs,
        radius=radius,
        parameters=weights,
        macs_per_pixel={output: weights for output in outputs},
        licence=LICENCE,
        data=(),
        recipe=plain,
        commit=commit(),
        description=about + "; (N, C, 1, W), W steps in time; trained on simulated channels alone",
    )


def _write(net: nn.Module, card: ModelCard, folder: Path) -> Path:
    path = folder / f"{card.name}.onnx"
    export(net, card, path, check_size=SIZE)
    return path


def train_and_export(name: str, folder: Path, *, tiny: bool, report: Callable[[str], None]) -> list[Path]:
    """Train the recipe called ``name`` (ae-1 and so on, drive or static) and write its ONNX files."""
    modules = {
        **{f"ae-{n}": f"link_ae{n}" for n in (1, 2, 4)},
        "ae-4-low": "link_ae4_low",
        **{f"ae{n}": f"link_ae{n}" for n in (74, 22)},
        "drive": "secure_drive",
        "static": "secure_static",
    }
    if name not in modules:
        raise UsageError(f"no link recipe '{name}'; there are {', '.join(modules)}")
    folder.mkdir(parents=True, exist_ok=True)
    recipe = importlib.import_module(f"relume.recipes.{modules[name]}").RECIPE
    recipe = recipe.tiny() if tiny else recipe
    if isinstance(recipe, LinkRecipe):
        return export_link(train_link(recipe, report), recipe, folder)
    if isinstance(recipe, LevelRecipe):
        return export_link(train_levels(recipe, report), recipe, folder)
    if isinstance(recipe, BlockRecipe):
        return export_block(train_block(recipe, report), recipe, folder)
    if isinstance(recipe, DriveRecipe):
        return export_drive(*train_drive(recipe, report), recipe, folder)
    return export_static(*train_static(recipe, report), recipe, folder)
