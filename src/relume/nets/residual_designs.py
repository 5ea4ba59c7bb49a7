"""The four residual designs of Figure 4 of Wang et al. (2020), tiny and at equal parameters, for one scale.

The paper argues that recursion and residuals together beat either alone. Each design has the weights of ``depth``
residual units; the two recursive ones apply them ``recursions`` times, so that equal parameters cost them more
operations, which any comparison must say. All end in the same sub-pixel head, and none normalises over the batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from torch import Tensor, nn
from torch.nn import functional

from relume.nets.cascade import Unit, conv3, enlarge
from relume.nets.shape import Single


@dataclass(frozen=True)
class DesignShape:
    """One of the four designs; all of the same ``channels`` and ``depth`` have the same weights."""

    design: Literal["local", "global", "recursion", "both"]
    scale: int = 4
    channels: int = 32
    depth: int = 4
    recursions: int = 3

    @property
    def times(self) -> int:
        """How often the units are applied."""
        return self.recursions if self.design in ("recursion", "both") else 1

    @property
    def scales(self) -> tuple[int, ...]:
        """The one factor."""
        return (self.scale,)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return 2 + 2 * self.depth * self.times

    @property
    def on_luma(self) -> bool:
        """The designs restore colour."""
        return False

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each input pixel."""
        ends = 27 * self.channels * (1 + self.scale**2)
        return {f"x{self.scale}": ends + 18 * self.channels**2 * self.depth * self.times}

    def build(self) -> nn.Module:
        """The network of this design."""
        c, d, s = self.channels, self.depth, self.scale
        if self.design == "local":
            return Single(LocalSkips(c, d, s), s)
        if self.design == "global":
            return Single(GlobalResidual(c, d, s), s)
        if self.design == "recursion":
            return Single(Recursion(c, d, s, self.recursions), s)
        return Single(RecursionAndResidual(c, d, s, self.recursions), s)

    def tiny(self) -> Self:
        """Eight channels and one unit."""
        return dataclasses.replace(self, channels=8, depth=1, recursions=2)


class Plain(nn.Module):
    """Two 3x3 convolutions with ReLUs and no skip: the unit of the designs that have no local residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv3(channels, channels)
        self.second = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))))


class LocalSkips(nn.Module):
    """Design 1, ResNet: every unit has its own weights and its own skip; the picture is read out directly."""

    def __init__(self, channels: int, depth: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.entry = conv3(3, channels)
        self.body = nn.Sequential(*(Unit(channels) for _ in range(depth)))
        self.head = conv3(channels, 3 * scale * scale)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.head(self.body(self.entry(x))), self.scale)


class GlobalResidual(nn.Module):
    """Design 2, VDSR: a plain chain of units that predicts the residual picture, I_HR = I_up + f(x)."""

    def __init__(self, channels: int, depth: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.entry = conv3(3, channels)
        self.body = nn.Sequential(*(Plain(channels) for _ in range(depth)))
        self.head = conv3(channels, 3 * scale * scale, gain=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return enlarge(x, self.scale) + functional.pixel_shuffle(self.head(self.body(self.entry(x))), self.scale)


class Recursion(nn.Module):
    """Design 3, DRCN without its skips: one cell of shared weights applied again and again, no residual anywhere."""

    def __init__(self, channels: int, depth: int, scale: int, recursions: int) -> None:
        super().__init__()
        self.scale, self.recursions = scale, recursions
        self.entry = conv3(3, channels)
        self.cell = nn.Sequential(*(Plain(channels) for _ in range(depth)))
        self.head = conv3(channels, 3 * scale * scale)

    def forward(self, x: Tensor) -> Tensor:
        state = self.entry(x)
        for _ in range(self.recursions):
            state = self.cell(state)
        return functional.pixel_shuffle(self.head(state), self.scale)


class RecursionAndResidual(nn.Module):
    """Design 4, the paper's: recursion over shared weights with residuals at the unit, the recursion and the image."""

    def __init__(self, channels: int, depth: int, scale: int, recursions: int) -> None:
        super().__init__()
        self.scale, self.recursions = scale, recursions
        self.entry = conv3(3, channels)
        self.cell = nn.Sequential(*(Unit(channels) for _ in range(depth)))
        self.head = conv3(channels, 3 * scale * scale, gain=0.1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.entry(x)
        state = first
        for _ in range(self.recursions):
            state = self.cell(state) + first
        return enlarge(x, self.scale) + functional.pixel_shuffle(self.head(state), self.scale)
