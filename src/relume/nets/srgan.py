"""SRResNet and SRGAN's discriminator: *Photo-Realistic Single Image Super-Resolution Using a GAN* (Ledig et al., 2017).

Generator (Figure 4): 9x9 convolution and PReLU; 16 residual blocks conv-BN-PReLU-conv-BN; convolution and BN, added to
the first features; log2(scale) times convolution, pixel shuffle x2, PReLU; 9x9 convolution. ``normalise=False`` leaves
every BN out, as EDSR (2017) and the improved GAN do.

Discriminator (Figure 4, below): eight 3x3 convolutions, 64 to 512 filters, strides 1 and 2 by turns, LeakyReLU 0.2, BN
from the second on; dense 1024, LeakyReLU, dense 1.

Deviations: x3 shuffles once by 3; the last layer starts small and has no tanh, pictures being in [0, 1]; the
discriminator gives the logit (its sigmoid is in the loss), and pools its last features to 6x6, their size for the
paper's 96x96 patches, so that it can judge patches of any size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class SrresnetShape:
    """The sizes of an SRResNet: ``blocks`` residual blocks of ``channels`` filters, with or without BN."""

    scale: int = 4
    channels: int = 64
    blocks: int = 16
    normalise: bool = True

    def __post_init__(self) -> None:
        if self.scale not in (2, 3, 4):
            raise ValueError(f"SRResNet enlarges by 2, 3 or 4, not by {self.scale}")
        if self.blocks < 1 or self.channels < 1:
            raise ValueError(f"SRResNet needs at least one block and one channel: {self}")

    @property
    def steps(self) -> tuple[int, ...]:
        """The factors of its pixel shuffles."""
        return (2, 2) if self.scale == 4 else (self.scale,)

    @property
    def scales(self) -> tuple[int, ...]:
        """The one factor."""
        return (self.scale,)

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        return 4 + 2 * self.blocks + 1 + len(self.steps) + 2

    @property
    def on_luma(self) -> bool:
        """SRResNet restores colour."""
        return False

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each input pixel."""
        total, area = 81 * 3 * self.channels + (2 * self.blocks + 1) * 9 * self.channels**2, 1
        for step in self.steps:
            total += area * 9 * self.channels**2 * step * step
            area *= step * step
        return {f"x{self.scale}": total + area * 81 * 3 * self.channels}

    def build(self) -> nn.Module:
        """The network from picture to picture."""
        return Srresnet(self)

    def tiny(self) -> Self:
        """Two blocks of eight filters."""
        return dataclasses.replace(self, channels=8, blocks=2)


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size (or divides it by ``stride``), He-initialised."""
    made = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
    nn.init.kaiming_normal_(made.weight, a=0.2)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    return made


class Block(nn.Module):
    """Residual block, ``x + BN(conv(PReLU(BN(conv(x)))))``, or without BN and its second convolution small."""

    def __init__(self, channels: int, normalise: bool) -> None:
        super().__init__()
        self.first = conv(channels, channels, 3)
        self.second = conv(channels, channels, 3)
        self.slope = nn.PReLU()
        self.norm_first = nn.BatchNorm2d(channels) if normalise else nn.Identity()
        self.norm_second = nn.BatchNorm2d(channels) if normalise else nn.Identity()
        if not normalise:
            with torch.no_grad():
                self.second.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm_second(self.second(self.slope(self.norm_first(self.first(x)))))


class Srresnet(nn.Module):
    """(N, 3, H, W) in [0, 1] to ``{scale: (N, 3, sH, sW)}``."""

    def __init__(self, shape: SrresnetShape) -> None:
        super().__init__()
        self.scale = shape.scale
        self.entry = nn.Sequential(conv(3, shape.channels, 9), nn.PReLU())
        self.blocks = nn.Sequential(*(Block(shape.channels, shape.normalise) for _ in range(shape.blocks)))
        self.after = conv(shape.channels, shape.channels, 3)
        self.norm = nn.BatchNorm2d(shape.channels) if shape.normalise else nn.Identity()
        self.enlarge = nn.Sequential(
            *(
                nn.Sequential(conv(shape.channels, shape.channels * s * s, 3), nn.PixelShuffle(s), nn.PReLU())
                for s in shape.steps
            )
        )
        self.out = conv(shape.channels, 3, 9)
        with torch.no_grad():
            self.out.weight.mul_(0.1)

    def forward(self, x: Tensor, scales: tuple[int, ...] | None = None) -> dict[int, Tensor]:
        first = self.entry(x)
        features = first + self.norm(self.after(self.blocks(first)))
        return {self.scale: self.out(self.enlarge(features))}


@dataclass(frozen=True)
class VggCriticShape:
    """The sizes of SRGAN's discriminator: ``channels`` filters first, eight times as many last, ``dense`` units."""

    channels: int = 64
    dense: int = 1024

    def build(self) -> nn.Module:
        """The critic."""
        return VggCritic(self)

    def tiny(self) -> Self:
        """Four filters and sixteen units."""
        return dataclasses.replace(self, channels=4, dense=16)

    def macs(self, side: int) -> int:
        """Multiply-accumulates for one patch of ``side`` x ``side`` pixels."""
        c, area, total, inputs = self.channels, side * side, 0, 3
        for outputs, stride in critic_plan(c):
            area //= stride * stride
            total += 9 * inputs * outputs * area
            inputs = outputs
        return total + 36 * inputs * self.dense + self.dense


def critic_plan(channels: int) -> list[tuple[int, int]]:
    """(filters, stride) of the eight convolutions."""
    return [(channels * 2 ** (k // 2), 1 + k % 2) for k in range(8)]


class VggCritic(nn.Module):
    """(N, 3, H, W) in [0, 1] to logits (N, 1); high means real."""

    def __init__(self, shape: VggCriticShape) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs, stride in critic_plan(shape.channels):
            layers += [conv(inputs, outputs, 3, stride)]
            layers += [nn.BatchNorm2d(outputs)] if inputs > 3 else []
            layers += [nn.LeakyReLU(0.2)]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.dense = nn.Linear(36 * inputs, shape.dense)
        self.out = nn.Linear(shape.dense, 1)

    def forward(self, picture: Tensor) -> Tensor:
        features = functional.adaptive_avg_pool2d(self.features(picture), 6).flatten(1)
        return self.out(functional.leaky_relu(self.dense(features), 0.2))
