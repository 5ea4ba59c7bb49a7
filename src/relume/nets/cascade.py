"""The recursive residual cascade: x2, x3 and x4 from one model in one pass.

After *Image super-resolution reconstruction based on improved generative adversarial network* (Wang et al., 2020): a
generator that enlarges step by step, in which recursion over shared weights is combined with residual connections at
the unit and at the image, ``I_HR = I_up + f(x)``, and in which no layer normalises over the batch.

Deviations, each argued in ``docs/decisions/0002-cascade.md``:

- all stages work at the resolution of the input, where a recursion is cheap; stage k refines the features of stage
  k - 1 and its own sub-pixel head reads out its scale, so the cascade runs over features and not over pictures;
- ``I_up`` is the bilinear enlargement;
- the recursion of a stage, ``state <- cell(state) + first``, applies its cell ``recursions`` times; the paper-literal
  variant shares every cell, the shipped default spends its operations on depth (``recursions=1``).
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class CascadeShape:
    """The size of a cascade: ``units[k]`` residual units in the cell of stage k, applied ``recursions`` times."""

    scales: tuple[int, ...] = (2, 3, 4)
    channels: int = 64
    units: tuple[int, ...] = (3, 2, 2)
    recursions: int = 1

    def __post_init__(self) -> None:
        if len(self.units) != len(self.scales):
            raise ValueError(f"one count of units for each scale: got units={self.units} for scales={self.scales}")
        if list(self.scales) != sorted(set(self.scales)) or min(self.scales) < 2:
            raise ValueError(f"scales must rise from 2, not {self.scales}")
        if self.recursions < 1 or min(self.units) < 1 or self.channels < 1:
            raise ValueError(f"channels, units and recursions must be at least 1: {self}")

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return 2 + 2 * sum(self.units) * self.recursions

    @property
    def on_luma(self) -> bool:
        """The cascade restores colour."""
        return False

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each pixel of the input, by output, running the cascade up to that scale only."""
        macs, body = {}, 27 * self.channels
        for count, scale in zip(self.units, self.scales, strict=True):
            body += 2 * count * self.recursions * 9 * self.channels**2
            macs[f"x{scale}"] = body + 9 * self.channels * 3 * scale * scale
        return macs

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        return Cascade(self)

    def tiny(self) -> Self:
        """Sixteen channels and one unit a stage."""
        return dataclasses.replace(self, channels=16, units=tuple(1 for _ in self.units))


def conv3(inputs: int, outputs: int, *, gain: float = 1.0) -> nn.Conv2d:
    """A dense 3x3 convolution, He-initialised for the ReLU before it and scaled by ``gain``."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    with torch.no_grad():
        conv.weight.mul_(gain)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


class Unit(nn.Module):
    """Residual unit without normalisation: ``x + conv(relu(conv(x)))``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv3(channels, channels)
        self.second = conv3(channels, channels, gain=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.relu(self.first(x)))


class Stage(nn.Module):
    """One step of the cascade: a recursion over its cell, and the head that reads the picture of its scale."""

    def __init__(self, channels: int, units: int, recursions: int, scale: int) -> None:
        super().__init__()
        self.recursions = recursions
        self.cell = nn.Sequential(*(Unit(channels) for _ in range(units)))
        self.head = conv3(channels, 3 * scale * scale, gain=0.1)

    def forward(self, first: Tensor) -> Tensor:
        state = self.cell(first)
        for _ in range(self.recursions - 1):
            state = self.cell(state) + first
        return state


class Cascading(nn.Module, abc.ABC):
    """(N, 3, H, W) in [0, 1] to one picture (N, 3, sH, sW) for each scale asked for.

    ``I_HR = I_up + f(x)``, where f(x) is what a scale's head reads in the features that its stage has reached.
    """

    shape: CascadeShape

    @abc.abstractmethod
    def readings(self, x: Tensor) -> Iterator[tuple[int, Tensor, nn.Conv2d]]:
        """Stage after stage: its scale, the features (N, C, H, W) that its head reads, and the head."""

    def inner(self) -> list[tuple[str, bool]]:
        """The convolutions of the units by their names, and whether what they take comes from a ReLU.

        Eight bits in a head would be seen in the picture: it alone made three quarters of the noise of all.
        """
        units = [name for name, layer in self.named_modules() if isinstance(layer, Unit)]
        return [(f"{name}.{own}", own == "second") for name in units for own in ("first", "second")]

    def forward(self, x: Tensor, scales: Iterable[int] | None = None) -> dict[int, Tensor]:
        wanted = set(self.shape.scales if scales is None else scales)
        pictures: dict[int, Tensor] = {}
        for scale, features, head in self.readings(x):
            if scale in wanted:
                pictures[scale] = enlarge(x, scale) + functional.pixel_shuffle(head(features), scale)
            if scale >= max(wanted):
                break
        return pictures


class Cascade(Cascading):
    """The cascade of one trunk."""

    def __init__(self, shape: CascadeShape | None = None) -> None:
        super().__init__()
        self.shape = shape or CascadeShape()
        self.entry = conv3(3, self.shape.channels)
        self.stages = nn.ModuleList(
            Stage(self.shape.channels, units, self.shape.recursions, scale)
            for units, scale in zip(self.shape.units, self.shape.scales, strict=True)
        )

    def readings(self, x: Tensor) -> Iterator[tuple[int, Tensor, nn.Conv2d]]:
        state = self.entry(x)
        for scale, stage in zip(self.shape.scales, self.stages, strict=True):
            state = stage(state)
            yield scale, state, stage.head  # type: ignore[misc]


def fitted(weights: Mapping[str, Tensor], net: Cascade) -> dict[str, Tensor]:
    """The weights of a cascade for ``net``: dealt anew to as many units, or grown to more.

    Raises ValueError if they are not a cascade's, or if it has more units in a stage than ``net``.
    """
    wanted = {"entry.weight", *(f"stages.{stage}.head.weight" for stage in range(len(net.shape.scales)))}
    if missing := wanted - weights.keys():
        raise ValueError(f"they are not those of a cascade of x{max(net.shape.scales)}: no {min(missing)}")
    same = len(units_of(weights)) == sum(net.shape.units)
    return regroup(weights, net.shape.units) if same else grown(weights, net)


def regroup(weights: Mapping[str, Tensor], units: tuple[int, ...]) -> dict[str, Tensor]:
    """The weights of a cascade with its residual units dealt anew to the stages: unit k of all stays unit k of all.

    What the last stage computes is unchanged; the heads before it read other features and must be trained again.
    """
    names = units_of(weights)
    if len(names) != sum(units):
        raise ValueError(f"a cascade of {len(names)} units cannot be dealt to stages of {units}")
    places = [(stage, unit) for stage, count in enumerate(units) for unit in range(count)]
    moved = dict(zip(names, places, strict=True))
    dealt = {}
    for key, value in weights.items():
        if ".cell." in key:
            _, stage, _, unit, rest = key.split(".", 4)
            to_stage, to_unit = moved[int(stage), int(unit)]
            key = f"stages.{to_stage}.cell.{to_unit}.{rest}"
        dealt[key] = value
    return dealt


def grown(weights: Mapping[str, Tensor], net: Cascade) -> dict[str, Tensor]:
    """The weights of a cascade for the larger ``net``: units that are new in a stage come last and add nothing yet."""
    old, new = units_of(weights), net.state_dict()
    for key in new:
        if ".second." in key:
            new[key] = torch.zeros_like(new[key])
    if not set(old) <= set(units_of(new)):
        raise ValueError(f"a cascade of the units {old} has more in a stage than {net.shape.units}")
    return new | dict(weights)


def units_of(weights: Mapping[str, Tensor]) -> list[tuple[int, ...]]:
    """(stage, unit) of every residual unit in ``weights``, in the order in which they compute."""
    return sorted({tuple(map(int, key.split(".")[1:4:2])) for key in weights if ".cell." in key})


def enlarge(x: Tensor, scale: int) -> Tensor:
    """I_up: the bilinear enlargement, pixel centres aligned."""
    return functional.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
