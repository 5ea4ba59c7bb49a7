"""The GAN of pictures: *Unsupervised Representation Learning with ... DCGANs* (Radford, Metz and Chintala, 2016).

Figure 1: a projection to 4x4, then transposed convolutions of stride 2 with batch normalisation and ReLU, tanh at the
end; the critic mirrors it with strided convolutions and LeakyReLU 0.2. Deviations: kernels of 4 for 5 (each output
pixel then receives equally many terms: no checkerboard), fewer filters, pictures in [0, 1], no batch normalisation in
the critic, whose gradient penalty judges every picture alone.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.gan import SLOPE
from relume.signal import UsageError


@dataclass(frozen=True)
class DcganShape:
    """``side`` pixels (a power of 2, at least 8) from ``latent`` numbers; ``width`` filters before the last layer."""

    latent: int = 100
    width: int = 32
    side: int = 64
    channels: int = 3

    def __post_init__(self) -> None:
        if self.side < 8 or self.side & (self.side - 1):
            raise UsageError(f"the side must be a power of 2 and at least 8, not {self.side}")

    @property
    def widths(self) -> tuple[int, ...]:
        """Filters at 4x4, 8x8 ... up to half the side."""
        count = (self.side // 4).bit_length() - 1
        return tuple(self.width << k for k in range(count - 1, -1, -1))

    def build(self) -> nn.Module:
        """The generator."""
        return DcganGenerator(self)

    def critic(self) -> nn.Module:
        """The critic."""
        return DcganCritic(self)

    def tiny(self) -> Self:
        """Four filters, 16 pixels."""
        return dataclasses.replace(self, width=4, side=16, latent=8)


class DcganGenerator(nn.Module):
    """(N, latent) standard normal to (N, channels, side, side) in [0, 1]."""

    def __init__(self, shape: DcganShape) -> None:
        super().__init__()
        widths = shape.widths
        self.project = nn.Linear(shape.latent, 16 * widths[0], bias=False)
        self.first = nn.BatchNorm2d(widths[0])
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], shape.channels, 4, 2, 1))
        self.apply(initialise)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.project(latent).view(latent.shape[0], -1, 4, 4)
        return (torch.tanh(self.layers(functional.relu(self.first(x)))) + 1) / 2


class DcganCritic(nn.Module):
    """(N, channels, side, side) in [0, 1] to logits (N, 1); high means real."""

    def __init__(self, shape: DcganShape) -> None:
        super().__init__()
        widths = shape.widths[::-1]
        layers: list[nn.Module] = []
        inputs = shape.channels
        for outputs in widths:
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE)]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * inputs, 1))

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(2 * picture - 1)


def initialise(layer: nn.Module) -> None:
    """The paper's start: weights of standard deviation 0.02."""
    if isinstance(layer, nn.Linear | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, std=0.02)
