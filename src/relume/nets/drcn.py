"""DRCN: *Deeply-Recursive Convolutional Network for Image Super-Resolution* (Kim et al., CVPR 2016).

On the bicubically enlarged luma x, with one shared recursion (eqs. 1 to 9):

    H_0 = f1(x)                         embedding, two convolutions with ReLU
    H_d = max(0, W * H_{d-1} + b)       inference, d = 1 .. D with the same W
    y_d = x + f2(H_d)                   reconstruction, two convolutions, the same for every d: recursive supervision
    y   = sum_d w_d y_d                 ensemble of all outputs, w learned

``forward`` gives the ensemble; ``recursions`` gives every y_d, for the loss of eqs. 6 to 8 (``train/recursive.py``).

Deviations: the skip enters the reconstruction as a sum; f2 has its ReLU between its two convolutions only; the
recursion starts from the identity plus small noise (the paper sets it to the identity, which no noise breaks);
the weight decay beta is the optimiser's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.cascade import conv3
from relume.nets.shape import OnLuma, luma, seen


@dataclass(frozen=True)
class DrcnShape:
    """The sizes of a DRCN: ``depth`` recursions of ``channels`` filters; 1,775,121 weights as in the paper."""

    scale: int = 4
    channels: int = 256
    depth: int = 16

    def __post_init__(self) -> None:
        if self.depth < 1 or self.channels < 1:
            raise ValueError(f"DRCN needs at least one recursion and one channel: {self}")

    @property
    def scales(self) -> tuple[int, ...]:
        """The one factor."""
        return (self.scale,)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return seen(self.depth + 4, self.scale)

    @property
    def on_luma(self) -> bool:
        """DRCN restores luma."""
        return True

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each input pixel: every recursion is read out for the ensemble."""
        square = 9 * self.channels**2
        return {
            f"x{self.scale}": self.scale**2 * ((1 + 2 * self.depth) * square + (1 + self.depth) * 9 * self.channels)
        }

    def build(self) -> nn.Module:
        """The network from picture to picture."""
        return RecursiveOnLuma(Drcn(self), self.scale)

    def tiny(self) -> Self:
        """Three recursions of eight filters."""
        return dataclasses.replace(self, channels=8, depth=3)


class Drcn(nn.Module):
    """(N, 1, H, W) enlarged luma to (N, 1, H, W) restored luma."""

    def __init__(self, shape: DrcnShape) -> None:
        super().__init__()
        self.depth = shape.depth
        self.embed_first = conv3(1, shape.channels)
        self.embed_second = conv3(shape.channels, shape.channels)
        self.recur = conv3(shape.channels, shape.channels, gain=0.1)
        with torch.no_grad():
            self.recur.weight[:, :, 1, 1] += torch.eye(shape.channels)
        self.read_first = conv3(shape.channels, shape.channels)
        self.read_second = conv3(shape.channels, 1, gain=0.1)
        self.ensemble = nn.Parameter(torch.full((shape.depth,), 1 / shape.depth))

    def recursions(self, x: Tensor) -> list[Tensor]:
        """y_1 .. y_D, each (N, 1, H, W)."""
        state = functional.relu(self.embed_second(functional.relu(self.embed_first(x))))
        outputs = []
        for _ in range(self.depth):
            state = functional.relu(self.recur(state))
            outputs.append(x + self.read_second(functional.relu(self.read_first(state))))
        return outputs

    def combine(self, outputs: list[Tensor]) -> Tensor:
        """The ensemble, sum_d w_d y_d."""
        return (torch.stack(outputs, -1) * self.ensemble).sum(-1)

    def forward(self, x: Tensor) -> Tensor:
        return self.combine(self.recursions(x))


class RecursiveOnLuma(OnLuma):
    """A DRCN from picture to picture that can also show the luma of its every recursion."""

    net: Drcn

    def lumas(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(ensemble, [y_1 .. y_D]) for (N, 3, H, W), each (N, 1, sH, sW)."""
        outputs = self.net.recursions(luma(self.enlarge(x)))
        return self.net.combine(outputs), outputs
