"""A trained channel model as ONNX: the emission and, where it draws gains, the fading beside it, each with its card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from relume.card import ModelCard
from relume.comm.laboratory import block_of, find
from relume.nets.channel import NOISE, ChannelModel, ChannelShape
from relume.signal import OutputRefused
from relume.train.export import commit, count_parameters, write
from relume.train.loop import load_checkpoint, load_weights

LICENCE = "Apache-2.0"


class Ordered(nn.Module):
    """The emission with its inputs in the order of the card."""

    def __init__(self, net: nn.Module, faded: bool) -> None:
        super().__init__()
        self.net, self.faded = net, faded

    def forward(self, symbols: Tensor, *rest: Tensor) -> Tensor:
        return self.net(symbols, rest[-1], rest[0] if self.faded else None)


class Unconditional(nn.Module):
    """The plain GAN: noise alone."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, noise: Tensor) -> Tensor:
        return self.net(noise[:, :0], noise)


def export_channel(checkpoint: Path, target: Path, *, block: int | None = None) -> ModelCard:
    """Export the averaged weights of a channel checkpoint to ``target`` and, for gains, ``TARGET-fading.onnx``.

    ``block``: uses that share a gain; if it is None, what the checkpoint says (``good.pt`` does), or its channel.
    """
    state = load_checkpoint(checkpoint)
    recipe: dict[str, Any] = state["recipe"]
    shape = ChannelShape(**recipe["net"])
    net = shape.build()
    load_weights(net, state["average"], str(checkpoint))
    if block is None:
        block = recipe["block"] if "block" in recipe else block_of(find(recipe["channel"]))
    return export_model(net, recipe | {"steps_done": state["step"], "block": block}, target)


def export_model(net: ChannelModel, recipe: dict[str, Any], target: Path) -> ModelCard:
    """Export ``net`` with what its card shall say of the recipe."""
    shape, emission = net.shape, net.emission
    beside = target.with_name(target.stem + "-fading.onnx")
    takes_gain = shape.faded and shape.conditional
    inputs = {"noise": NOISE}
    if shape.conditional:
        inputs = {"symbols": 2} | ({"gain": 2} if takes_gain else {}) | inputs
    wrapped: nn.Module = Ordered(emission, takes_gain) if shape.conditional else Unconditional(emission)
    card = ModelCard(
        name=recipe["name"],
        task="channel",
        outputs={"received": 1},
        radius=emission.radius,
        parameters=count_parameters(net),
        macs_per_pixel={"received": count_parameters(emission)},
        licence=LICENCE,
        data=(),
        recipe=recipe | {"draws_gain": shape.draws_gain},
        commit=commit(),
        inputs=inputs,
        value_range=(-8.0, 8.0),
        fidelity="generative",
        description=f"a {shape.kind} of the channel '{recipe['channel']}'; signals (N, 2, T), real I/Q; inputs are "
        "longer than the output by the radius on either side, the noise is standard normal",
    )
    if net.fading is None:
        return write_signals(wrapped, card, target)
    if beside.exists():
        raise OutputRefused(f"{beside}: exists already; choose another name or remove it")
    fading = dataclasses.replace(
        card,
        name=f"{card.name}-fading",
        outputs={"gain": 1},
        radius=net.fading.radius,
        inputs={"noise": NOISE},
        macs_per_pixel={"gain": count_parameters(net.fading)},
    )
    done = write_signals(wrapped, card, target)
    write_signals(net.fading, fading, beside)
    return done


def write_signals(net: nn.Module, card: ModelCard, path: Path) -> ModelCard:
    """Write one network of signals (N, C, T): inputs longer than its output, or as long; see :func:`export.write`."""
    (output,) = card.outputs
    axes = {name: {0: "n", 2: "t"} for name in card.inputs} | {output: {0: "n", 2: "t_out"}}
    length = 2 * card.radius + 11
    return write(net, card, path, _example(card, length), _example(card, length + 6), axes, relative=True)


def _example(card: ModelCard, length: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(length)
    return tuple(torch.randn(1, planes, length, generator=generator) for planes in card.inputs.values())
