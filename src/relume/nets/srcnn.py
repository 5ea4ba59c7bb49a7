"""SRCNN: *Image Super-Resolution Using Deep Convolutional Networks* (Dong et al., TPAMI 2016; ECCV 2014).

Three convolutions on the bicubically enlarged luma Y (eqs. 1 to 3):

    F1(Y) = max(0, W1 * Y + B1),  F2(Y) = max(0, W2 * F1(Y) + B2),  F(Y) = W3 * F2(Y) + B3

with n1 = 64 and n2 = 32 filters; ``kernels`` (9, 1, 5) is the ECCV network of 8,032 weights (8,129 with biases) and
(9, 5, 5) the best of the TPAMI paper, 57,184 (57,281).

Deviations: borders are padded with zeros, so that the output has the size of the input (the paper convolves without
padding and scores the middle); He initialisation instead of Gaussian noise of 0.001; its layer-wise learning rates
(the last layer ten times slower) are left to the recipe's optimiser.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from torch import Tensor, nn
from torch.nn import functional

from relume.nets.shape import OnLuma, seen


@dataclass(frozen=True)
class SrcnnShape:
    """The sizes of an SRCNN: its three kernels and its two counts of filters."""

    scale: int = 4
    kernels: tuple[int, int, int] = (9, 5, 5)
    filters: tuple[int, int] = (64, 32)

    def __post_init__(self) -> None:
        if len(self.kernels) != 3 or any(k < 1 or k % 2 == 0 for k in self.kernels):
            raise ValueError(f"SRCNN has three odd kernels, not {self.kernels}")

    @property
    def scales(self) -> tuple[int, ...]:
        """The one factor."""
        return (self.scale,)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return seen(sum(k // 2 for k in self.kernels), self.scale)

    @property
    def on_luma(self) -> bool:
        """SRCNN restores luma."""
        return True

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each input pixel."""
        (k1, k2, k3), (n1, n2) = self.kernels, self.filters
        return {f"x{self.scale}": self.scale**2 * (k1 * k1 * n1 + k2 * k2 * n1 * n2 + k3 * k3 * n2)}

    def build(self) -> nn.Module:
        """The network from picture to picture."""
        return OnLuma(Srcnn(self), self.scale)

    def tiny(self) -> Self:
        """Eight and four filters."""
        return dataclasses.replace(self, filters=(8, 4))


class Srcnn(nn.Module):
    """(N, 1, H, W) enlarged luma to (N, 1, H, W) restored luma."""

    def __init__(self, shape: SrcnnShape) -> None:
        super().__init__()
        (k1, k2, k3), (n1, n2) = shape.kernels, shape.filters
        self.extract = nn.Conv2d(1, n1, k1, padding=k1 // 2)
        self.map = nn.Conv2d(n1, n2, k2, padding=k2 // 2)
        self.reconstruct = nn.Conv2d(n2, 1, k3, padding=k3 // 2)
        for conv in (self.extract, self.map, self.reconstruct):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]

    def forward(self, y: Tensor) -> Tensor:
        features = functional.relu(self.extract(y))
        features = functional.relu(self.map(features))
        return self.reconstruct(features)
