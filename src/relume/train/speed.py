"""What the same work costs in plain torch: the other side of the ratios of ``bench/speed.py``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.cascade import enlarge
from relume.nets.shape import Shape
from relume.nets.unet import UnetShape


class ProbeNet(nn.Module):
    """A plain net to measure by: 3 to 32, eight residual blocks of 32 with one ReLU each, 32 to 48, shuffle, skip."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv2d(3, 32, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1)) for _ in range(8)
        )
        self.exit = nn.Conv2d(32, 48, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        features = self.entry(x)
        for block in self.blocks:
            features = features + block(features)
        return enlarge(x, 4) + functional.pixel_shuffle(self.exit(features), 4)


def eager(shape: Shape, scale: int, size: tuple[int, int]) -> Callable[[], object]:
    """The network of a shape (random weights) in eager float32 torch on one picture of ``size``."""
    net = shape.build().eval()
    return _run(lambda x: net(x, (scale,)), size)


def paper_photo(size: tuple[int, int]) -> Callable[[], object]:
    """The second paper's generator (random weights) in eager float32 torch on one picture of ``size``."""
    return _run(UnetShape().build().eval(), size)


def probe(size: tuple[int, int]) -> Callable[[], object]:
    """The probe net in eager float32 torch on one picture of ``size``, x4."""
    return _run(ProbeNet().eval(), size)


def gemm(precision: torch.dtype, side: int = 2048) -> tuple[Callable[[], object], float]:
    """A square matrix product in ``precision``, and its operations."""
    a, b = (torch.rand(side, side, generator=torch.Generator().manual_seed(k)).to(precision) for k in (0, 1))
    return lambda: a @ b, 2.0 * side**3


def _run(net: Callable[[Tensor], object], size: tuple[int, int]) -> Callable[[], object]:
    x = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))

    def once() -> object:
        with torch.inference_mode():
            return net(x)

    return once
