"""Filling holes: first what lies around them spread into them, then a restorer that corrects it.

Thin scratches are filled well by interpolation alone (Telea's method is hard to beat there), and a network that has to
paint them from black needs long to get as far. So it starts from there: a lost pixel becomes the mean of the sound
pixels about it, near ones weighing most,

    fill = sum_k fall^k s_k(x (1 - m)) / sum_k fall^k s_k(1 - m),

where s_k smooths s_(k-1) once more, across and down, with the taps (1, 2, 1) / 4 at a distance of 2^k pixels: the holes
of the "a trous" algorithm (Holschneider et al., 1989) make wide means as cheap as narrow ones. The restorer sees the
filled picture and the mask and adds what is missing; its head starts at zero, so that training begins at the
interpolation and can only go on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.restorer import Restorer, RestorerShape

FLOOR = 1e-12


@dataclass(frozen=True)
class FillerShape(RestorerShape):
    """A restorer of three channels and a mask, behind an interpolation of ``levels`` smoothings weighed by ``fall``."""

    inputs: int = 4
    outputs: int = 3
    levels: int = 7
    fall: float = 0.12

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.levels < 1 or not 0 < self.fall <= 1:
            raise ValueError(f"levels are at least 1, and fall lies in (0, 1]: {self}")

    @property
    def radius(self) -> int:
        """Pixels on each side that one output pixel can see: the restorer's, and all smoothings'."""
        return super().radius + 2**self.levels - 1

    def macs(self) -> float:
        """Multiply-accumulates for each pixel: the restorer's, and a level's three taps, both ways, on 4 planes."""
        return super().macs() + 4 * 2 * 3 * self.levels

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        return Filler(self)


class Filler(nn.Module):
    """A picture (N, 3, H, W) with its holes at zero and their mask (N, 1, H, W), 1 in the holes; to (N, 3, H, W)."""

    def __init__(self, shape: FillerShape) -> None:
        super().__init__()
        self.shape = shape
        self.net = Restorer(shape)
        nn.init.zeros_(self.net.head.weight)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):  # bf16 has not the digits of a picture
            filled = x * (1 - mask) + mask * spread(x, mask, self.shape.levels, self.shape.fall)
        return self.net(filled, mask)


def spread(x: Tensor, mask: Tensor, levels: int, fall: float) -> Tensor:
    """The weighted mean of the sound pixels about every pixel; 0 where there are none within 2^levels - 1 pixels."""
    smooth = torch.cat([x * (1 - mask), 1 - mask], 1)
    total = torch.zeros_like(smooth)
    for k in range(levels):
        smooth = down(across(smooth, 2**k), 2**k)
        total = total + fall**k * smooth
    return total[:, :-1] / (total[:, -1:] + FLOOR)


def across(x: Tensor, step: int) -> Tensor:
    """(1, 2, 1) / 4 at a distance of ``step`` columns; beyond the sides are zeros."""
    wide = functional.pad(x, (step, step, 0, 0))
    return 0.25 * (wide[:, :, :, : -2 * step] + wide[:, :, :, 2 * step :]) + 0.5 * x


def down(x: Tensor, step: int) -> Tensor:
    """(1, 2, 1) / 4 at a distance of ``step`` rows; beyond the sides are zeros."""
    tall = functional.pad(x, (0, 0, step, step))
    return 0.25 * (tall[:, :, : -2 * step] + tall[:, :, 2 * step :]) + 0.5 * x
