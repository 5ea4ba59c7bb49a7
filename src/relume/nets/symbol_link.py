"""A link of one symbol: a learned constellation of 16 points and a perceptron that hears it.

O'Shea and Hoydis (2017), with the bits of the label judged one by one (Cammerer et al., 2020). Deviation: the
constellation starts as Gray 16QAM, each point displaced at random, so that training has something to find.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relume.nets.gan import SLOPE

BITS = 4


class Constellation(nn.Module):
    """Labels (n,) in 0 ... 15 to symbols (n, 2) of mean energy 1 over the alphabet."""

    def __init__(self, start: Tensor, displacement: float, generator: torch.Generator) -> None:
        super().__init__()
        self.free = nn.Parameter(start + displacement * torch.randn(start.shape, generator=generator))

    def points(self) -> Tensor:
        """The 16 points, (16, 2)."""
        return self.free * torch.rsqrt(self.free.square().sum(1).mean())

    def forward(self, labels: Tensor) -> Tensor:
        return self.points()[labels]


class Listener(nn.Module):
    """y (n, 2) and, where ``faded``, the gain (n, 2) to logits of the four bits, (n, 4); positive means 1."""

    def __init__(self, faded: bool, width: int = 48) -> None:
        super().__init__()
        self.faded = faded
        self.body = nn.Sequential(
            nn.Linear(5 if faded else 2, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, BITS),
        )

    def forward(self, y: Tensor, gain: Tensor | None) -> Tensor:
        if gain is None:
            return self.body(y)
        size = gain.norm(dim=1, keepdim=True).clamp_min(1e-3)
        re, im = gain[:, :1] / size, gain[:, 1:] / size
        turned = torch.cat([re * y[:, :1] + im * y[:, 1:], re * y[:, 1:] - im * y[:, :1]], dim=1)
        return self.body(torch.cat([turned, (turned / size).clamp(-3, 3), size], dim=1))
