"""The multilayer GAN: *Generative Adversarial Nets* (Goodfellow et al., 2014), generator and critic both perceptrons.

Two uses: vectors (pictures of 8x8 pixels), and signals (N, C, T), where the same perceptron sees one channel use at a
time (a convolution of width 1). Deviations: LeakyReLU for maxout and no dropout in the critic, whose last layer gives
a logit.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

SLOPE = 0.2


class Along(nn.Module):
    """A convolution along time without padding, of (inputs, N, T) to (outputs, N, T - kernel + 1).

    Channels first and one matrix product: with few channels several times faster to train than a library convolution.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 1) -> None:
        super().__init__()
        self.kernel = kernel
        bound = (inputs * kernel) ** -0.5
        self.weight = nn.Parameter(torch.empty(outputs, inputs * kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs, 1).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[2] - self.kernel + 1
        if self.kernel > 1:
            x = torch.cat([x[:, :, k : k + size] for k in range(self.kernel)])
        return (self.weight @ x.flatten(1) + self.bias).view(-1, x.shape[1], size)


class Perceptron(nn.Module):
    """(N, inputs, T) to (N, outputs, T), every t on its own; ``depth`` hidden layers of ``width``.

    ``kernel`` above 1 makes it convolutional along T without padding: T shrinks by depth * (kernel - 1).
    """

    def __init__(self, inputs: int, width: int, outputs: int, depth: int = 2, kernel: int = 1) -> None:
        super().__init__()
        self.radius = depth * (kernel // 2)
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [Along(inputs, width, kernel), nn.LeakyReLU(SLOPE)]
            inputs = width
        self.last = Along(inputs, outputs)
        self.layers = nn.Sequential(*layers, self.last)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.transpose(0, 1)).transpose(0, 1)


@dataclass(frozen=True)
class GanShape:
    """The sizes of a multilayer GAN of square grey pictures: ``latent`` numbers to ``side`` x ``side`` pixels."""

    latent: int = 16
    width: int = 128
    side: int = 8
    channels: int = 1

    def build(self) -> nn.Module:
        """The generator."""
        return GanGenerator(self)

    def critic(self) -> nn.Module:
        """The critic."""
        return GanCritic(self)

    def tiny(self) -> Self:
        """Eight hidden units."""
        return dataclasses.replace(self, width=8)


class GanGenerator(nn.Module):
    """(N, latent) standard normal to (N, 1, side, side) in [0, 1]."""

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.side = shape.side
        self.body = Perceptron(shape.latent, shape.width, shape.side**2)

    def forward(self, latent: Tensor) -> Tensor:
        return torch.sigmoid(self.body(latent[..., None])).view(-1, 1, self.side, self.side)


class GanCritic(nn.Module):
    """(N, 1, side, side) in [0, 1] to logits (N, 1); high means real."""

    def __init__(self, shape: GanShape) -> None:
        super().__init__()
        self.body = Perceptron(shape.side**2, shape.width, 1)

    def forward(self, picture: Tensor) -> Tensor:
        return self.body(2 * picture.flatten(1)[..., None] - 1)[..., 0]
