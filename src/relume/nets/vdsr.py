"""VDSR: *Accurate Image Super-Resolution Using Very Deep Convolutional Networks* (Kim et al., CVPR 2016).

Twenty 3x3 convolutions of 64 filters on the bicubically enlarged luma y, with one skip over all of them (section 4.2):
the network learns the residual image r = x - y, and the loss is 1/2 ||r - f(y)||^2.

Its adjustable gradient clipping, to [-theta/gamma, theta/gamma] at learning rate gamma, is ``train.optim.clip`` with
the choice ``sgd``.

Deviations: one scale a network (the paper also trains one for x2, x3 and x4); the last convolution starts ten times
smaller, so that training starts from bicubic.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from torch import Tensor, nn

from relume.nets.cascade import conv3
from relume.nets.shape import OnLuma, seen


@dataclass(frozen=True)
class VdsrShape:
    """The sizes of a VDSR: ``layers`` convolutions of ``channels`` filters."""

    scale: int = 4
    layers: int = 20
    channels: int = 64

    def __post_init__(self) -> None:
        if self.layers < 2 or self.channels < 1:
            raise ValueError(f"VDSR needs at least two layers and one channel: {self}")

    @property
    def scales(self) -> tuple[int, ...]:
        """The one factor."""
        return (self.scale,)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return seen(self.layers, self.scale)

    @property
    def on_luma(self) -> bool:
        """VDSR restores luma."""
        return True

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each input pixel."""
        inner = (self.layers - 2) * self.channels**2 + 2 * self.channels
        return {f"x{self.scale}": self.scale**2 * 9 * inner}

    def build(self) -> nn.Module:
        """The network from picture to picture."""
        return OnLuma(Vdsr(self), self.scale)

    def tiny(self) -> Self:
        """Four layers of eight filters."""
        return dataclasses.replace(self, layers=4, channels=8)


class Vdsr(nn.Module):
    """(N, 1, H, W) enlarged luma to (N, 1, H, W) restored luma."""

    def __init__(self, shape: VdsrShape) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv3(1, shape.channels), nn.ReLU()]
        for _ in range(shape.layers - 2):
            layers += [conv3(shape.channels, shape.channels), nn.ReLU()]
        self.residual = nn.Sequential(*layers, conv3(shape.channels, 1, gain=0.1))

    def forward(self, y: Tensor) -> Tensor:
        return y + self.residual(y)
