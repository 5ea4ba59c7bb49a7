"""Filling holes: first what lies around them spread into them, then a restorer that corrects it.

Thin scratches are filled well by interpolation alone (Telea's method is hard to beat there), and a network that has to
paint them from black needs long to get as far. So it starts from there: a lost pixel becomes the mean of the sound
pixels about it, near ones weighing most,

    fill = sum_k fall^k box_k(x (1 - m)) / sum_k fall^k box_k(1 - m)

with boxes of ``reaches[k]`` pixels a side. The restorer sees the filled picture and the mask and adds what is missing;
its head starts at zero, so that training begins at the interpolation and can only go on from there.
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
    """A restorer of three channels and a mask, behind an interpolation by boxes of ``reaches`` weighed by ``fall``."""

    inputs: int = 4
    outputs: int = 3
    reaches: tuple[int, ...] = (3, 5, 7, 9, 13, 17, 25, 33, 65, 129)
    fall: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(reach < 3 or reach % 2 == 0 for reach in self.reaches) or not 0 < self.fall <= 1:
            raise ValueError(f"reaches are odd and at least 3, and fall lies in (0, 1]: {self}")

    @property
    def radius(self) -> int:
        """Pixels on each side that one output pixel can see: the restorer's, and half the largest box."""
        return super().radius + max(self.reaches) // 2

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
            filled = x * (1 - mask) + mask * spread(x, mask, self.shape.reaches, self.shape.fall)
        return self.net(filled, mask)


def spread(x: Tensor, mask: Tensor, reaches: tuple[int, ...], fall: float) -> Tensor:
    """The weighted mean of the sound pixels about every pixel; 0 where there are none within half the largest box."""
    sound = torch.cat([x * (1 - mask), 1 - mask], 1)
    total = torch.zeros_like(sound)
    for k, reach in enumerate(reaches):
        rows = functional.avg_pool2d(sound, (reach, 1), 1, (reach // 2, 0))
        total = total + fall**k * functional.avg_pool2d(rows, (1, reach), 1, (0, reach // 2))
    return total[:, :-1] / (total[:, -1:] + FLOOR)
