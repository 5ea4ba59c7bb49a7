"""A trained restorer as ONNX, with a card that says its task, its planes and what it promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from relume.card import ModelCard
from relume.nets.filler import FillerShape
from relume.nets.restorer import RestorerShape
from relume.nets.unet import UnetShape
from relume.signal import ModelError
from relume.train.colouring import Colorize
from relume.train.denoising import Denoise
from relume.train.export import LICENCE, commit, count_parameters, export
from relume.train.loop import load_checkpoint, load_weights
from relume.train.mending import Detect, Repair
from relume.train.scores import RESTORATION, last_scores
from relume.train.start import earlier, learned_from


class Probability(nn.Module):
    """A network's logits as probabilities."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.net(x))


class Unsigned(nn.Module):
    """A network of pictures in [-1, 1] as one of pictures in [0, 1]."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.net(x * 2 - 1)
        return y / 2 + 0.5


def as_is(net: nn.Module) -> nn.Module:
    """The network itself."""
    return net


@dataclass(frozen=True)
class Promise:
    """What a card says of a task's model: its planes, and whether it invents; ``wrap`` makes the network keep it."""

    inputs: Mapping[str, int]
    output: str
    says: str
    invents: bool = False
    shape: type[RestorerShape] | type[UnetShape] = RestorerShape
    wrap: Callable[[nn.Module], nn.Module] = as_is


PROMISES: dict[str, Promise] = {
    "denoise": Promise(
        Denoise.inputs,
        Denoise.output,
        "takes off white noise of the standard deviation that the plane sigma states (25/255 = 0.098)",
    ),
    "detect": Promise(
        Detect.inputs,
        Detect.output,
        "the probability that a pixel is damaged: scratches, folds, dust, holes, cracks, flaked paint",
        wrap=Probability,
    ),
    "repair": Promise(
        Repair.inputs,
        Repair.output,
        "fills the pixels that the mask marks, which are zero in x; elsewhere its answer is not meant to be used",
        invents=True,
        shape=FillerShape,
    ),
    "colorize": Promise(
        Colorize.inputs,
        Colorize.output,
        "a*/110 and b*/110 from L*/100 and hints of colour; it guesses, and what it says is no evidence",
        invents=True,
    ),
    "photo": Promise(
        {"x": 3},
        "y",
        "the second paper's generator, with pix2pix's values where the paper gives none; trained for the table",
        invents=True,
        shape=UnetShape,
        wrap=Unsigned,
    ),
}


def export_restoration(checkpoint: Path, target: Path, *, name: str | None = None, description: str = "") -> ModelCard:
    """Export the averaged weights of a restorer's checkpoint to ``target`` with its card."""
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    promise = PROMISES.get(recipe["task"])
    if promise is None:
        raise ModelError(f"{checkpoint}: was made for '{recipe['task']}', which is none of {', '.join(PROMISES)}")
    shape = promise.shape(**{k: tuple(v) if isinstance(v, list) else v for k, v in recipe["net"].items()})
    net = shape.build()
    load_weights(net, state["average"], str(checkpoint))
    before = earlier(recipe)
    card = ModelCard(
        name=name or recipe["name"],
        task=recipe["task"],
        inputs=dict(promise.inputs),
        outputs={promise.output: 1},
        radius=shape.radius,
        multiple=shape.multiple,
        parameters=count_parameters(net),
        macs_per_pixel={promise.output: round(shape.macs())},
        licence=LICENCE,
        data=learned_from([recipe, *before]),
        recipe=recipe | {"steps_done": state["step"], "before": before},
        commit=commit(),
        scores=last_scores(checkpoint, RESTORATION),
        fidelity="generative" if promise.invents else "faithful",
        description=description or promise.says,
    )
    return export(promise.wrap(net), card, target, check_size=(2, 3))
