"""One small network for several repairs: dense 3x3 convolutions where they are cheap, and nothing that normalises.

The idea of the second paper's generator (*Image Restoration using GAN*, 2023: encoder, decoder, skip connections) made
for pictures of any size and for a processor without a graphics card:

- pixels are first folded into channels (``stem`` x ``stem`` a cell), so that full-width convolutions run at a half or
  a quarter of the resolution and no pixel is lost;
- down by 2x2 convolutions of stride 2, up by 1x1 convolutions and a pixel shuffle: kernel and stride agree, so that no
  pixel is painted more often than its neighbour and no checkerboard can come of it;
- residual units without normalisation (those of the cascade): what a pixel becomes depends on what lies within
  ``radius`` alone, so that tiles of a large picture join without a seam;
- skip connections add; with ``residual`` the output is the first inputs plus what the network adds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.cascade import Unit, conv3


@dataclass(frozen=True)
class RestorerShape:
    """``widths[k]`` channels and ``depths[k]`` residual units on either side of level k (the last level: once)."""

    inputs: int = 3
    outputs: int = 3
    widths: tuple[int, ...] = (32, 64, 96)
    depths: tuple[int, ...] = (1, 1, 2)
    stem: int = 2
    residual: bool = True

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.depths):
            raise ValueError(f"one width and one depth a level: got widths={self.widths} and depths={self.depths}")
        if min(*self.widths, *self.depths, self.inputs, self.outputs, self.stem) < 1:
            raise ValueError(f"widths, depths, channels and stem must be at least 1: {self}")
        if self.residual and self.inputs < self.outputs:
            raise ValueError(f"a residual of {self.outputs} channels needs as many inputs, not {self.inputs}")

    @property
    def multiple(self) -> int:
        """Pixels along a side of the coarsest cell: what the sides of a picture must be multiples of."""
        return self.stem * 2 ** (len(self.widths) - 1)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see: a cell for each 3x3 convolution."""
        cells = [self.stem * 2**level for level in range(len(self.widths))]
        convolutions = [4 * depth for depth in self.depths[:-1]] + [2 * self.depths[-1]]
        reach = sum(n * cell for n, cell in zip(convolutions, cells, strict=True))
        return reach + 2 * self.stem + self.multiple - 1

    def macs(self) -> float:
        """Multiply-accumulates for each pixel of the picture."""
        total, pixels = 9.0 * (self.inputs + self.outputs) * self.widths[0], self.stem**2
        for level, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True)):
            last = level == len(self.widths) - 1
            total += 9 * width**2 * depth * (2 if last else 4) / pixels
            if not last:
                total += 2 * width * self.widths[level + 1] / pixels
            pixels *= 4
        return total

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        return Restorer(self)

    def tiny(self) -> Self:
        """Two levels of eight channels, one unit each."""
        return dataclasses.replace(self, widths=(8, 8), depths=(1, 1))


class Restorer(nn.Module):
    """Planes (N, C_i, H, W), together ``inputs`` channels, sides multiples of ``multiple``; to (N, outputs, H, W)."""

    def __init__(self, shape: RestorerShape) -> None:
        super().__init__()
        self.shape = shape
        fold, widths, depths = shape.stem**2, shape.widths, shape.depths
        self.entry = conv3(shape.inputs * fold, widths[0])
        self.before = nn.ModuleList(chain(w, d) for w, d in zip(widths[:-1], depths[:-1], strict=True))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.bottom = chain(widths[-1], depths[-1])
        self.up = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairwise(widths))
        self.after = nn.ModuleList(chain(w, d) for w, d in zip(widths[:-1], depths[:-1], strict=True))
        self.head = conv3(widths[0], shape.outputs * fold, gain=0.1)

    def forward(self, *planes: Tensor) -> Tensor:
        x = torch.cat(planes, 1)
        state = self.entry(functional.pixel_unshuffle(x, self.shape.stem))
        skips = []
        for units, down in zip(self.before, self.down, strict=True):
            state = units(state)
            skips.append(state)
            state = down(state)
        state = self.bottom(state)
        for units, up, skip in zip(reversed(self.after), reversed(self.up), reversed(skips), strict=True):
            state = units(skip + functional.pixel_shuffle(up(state), 2))
        y = functional.pixel_shuffle(self.head(state), self.shape.stem)
        return x[:, : self.shape.outputs] + y if self.shape.residual else y


def deepened(weights: Mapping[str, Tensor], net: Restorer) -> dict[str, Tensor]:
    """The weights of a restorer for ``net``, also where they lack its last level.

    The units of the shallower one's bottom stand on either side of the new level, which adds nothing at first.
    """
    level = len(net.shape.widths) - 2
    if f"down.{level}.weight" in weights:
        return dict(weights)
    grown = {name: torch.zeros_like(w) if name.startswith("up") else w for name, w in net.state_dict().items()}
    depth = net.shape.depths[level]
    for name, value in weights.items():
        part, number, *rest = name.split(".")
        if part == "bottom":
            side = "before" if int(number) < depth else "after"
            name = ".".join((side, str(level), str(int(number) % depth), *rest))
        grown[name] = value
    return grown


def chain(width: int, depth: int) -> nn.Sequential:
    """``depth`` residual units of ``width`` channels."""
    return nn.Sequential(*(Unit(width) for _ in range(depth)))
