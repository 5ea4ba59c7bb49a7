"""The conditional GAN of the second paper (*Image Restoration using GAN*, 2023): its generator and its discriminator.

Generator: seven blocks down (64, 128, 256, 512, 512, 512, 512 filters; 4x4, stride 2, batch normalisation, LeakyReLU),
six up (512, 512, 512, 512, 256, 128; transposed 4x4, stride 2, batch normalisation, ReLU), skip connections between
equal sides, and a last transposed convolution with tanh. A picture of 256 goes down to 2 and back:

    side        256   128   64    32    16    8     4     2
    down              64    128   256   512   512   512   512
    up + skip   3     128   256   512   512   512   512
                      +64   +128  +256  +512  +512  +512

Discriminator: downsample(64), (128), (256), then "further convolution and normalisation layers".

What the paper leaves open is taken from pix2pix (Isola et al., 2017), and is assumed, not known:

- LeakyReLU of slope 0.2; no normalisation in the first block down, of the generator and of the discriminator;
- dropout of 0.5 in the first three blocks up;
- the discriminator judges the candidate beside the input (6 channels), and ends in a 4x4 convolution to 512 channels
  with normalisation and LeakyReLU and one to a map of 30x30 logits, both of stride 1 and padded by 1;
- weights start normal with deviation 0.02.

Batch normalisation uses its running statistics when the network is exported; pix2pix used the batch's also then.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

SLOPE = 0.2


@dataclass(frozen=True)
class UnetShape:
    """Filters of every block ``down`` and ``up``; the first ``dropped`` blocks up have a ``dropout``."""

    down: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512)
    up: tuple[int, ...] = (512, 512, 512, 512, 256, 128)
    dropped: int = 3
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if len(self.up) != len(self.down) - 1 or min(*self.down, *self.up) < 1:
            raise ValueError(f"one block up fewer than down, all of 1 filter or more: down={self.down}, up={self.up}")
        if not (0 <= self.dropped <= len(self.up) and 0 <= self.dropout < 1):
            raise ValueError(f"dropped must lie in [0, {len(self.up)}] and dropout in [0, 1): {self}")

    @property
    def multiple(self) -> int:
        """What the sides of a picture must be multiples of."""
        return int(2 ** len(self.down))

    @property
    def radius(self) -> int:
        """Pixels on each side that one output pixel can see: of a 4x4 kernel at each step down and up."""
        return 2 * sum(3 * 2**level for level in range(len(self.down))) + self.multiple

    def widths(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of every transposed convolution, the last included."""
        skips = self.down[-2::-1]
        joined = [self.down[-1], *(u + s for u, s in zip(self.up, skips, strict=True))]
        return list(zip(joined, (*self.up, 3), strict=True))

    def macs(self) -> float:
        """Multiply-accumulates for each pixel of the picture."""
        total, inputs, levels = 0.0, 3, len(self.down)
        for level, outputs in enumerate(self.down, 1):
            total += 16 * inputs * outputs / 4**level
            inputs = outputs
        for step, (a, b) in enumerate(self.widths()):
            total += 16 * a * b / 4 ** (levels - step)
        return total

    def build(self) -> Unet:
        """The generator, with weights from torch's global generator."""
        return Unet(self)

    def tiny(self) -> Self:
        """Three levels of few filters."""
        return dataclasses.replace(self, down=(4, 8, 8), up=(8, 8), dropped=1)


@dataclass(frozen=True)
class UnetCriticShape:
    """``filters`` of the blocks down, ``tail`` of the convolution after them."""

    filters: tuple[int, ...] = (64, 128, 256)
    tail: int = 512

    def __post_init__(self) -> None:
        if not self.filters or min(*self.filters, self.tail) < 1:
            raise ValueError(f"the discriminator needs filters of 1 or more: {self}")

    def build(self) -> UnetCritic:
        """The discriminator, with weights from torch's global generator."""
        return UnetCritic(self)

    def tiny(self) -> Self:
        """Few filters."""
        return dataclasses.replace(self, filters=(4, 8), tail=8)


def start(module: nn.Module) -> None:
    """pix2pix's first weights: normal, deviation 0.02; scales about 1, offsets 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Downsample(nn.Sequential):
    """(N, C, H, W) to (N, filters, H/2, W/2)."""

    def __init__(self, inputs: int, filters: int, *, norm: bool = True) -> None:
        conv = nn.Conv2d(inputs, filters, 4, stride=2, padding=1, bias=not norm)
        super().__init__(conv, *([nn.BatchNorm2d(filters)] if norm else []), nn.LeakyReLU(SLOPE))


class Upsample(nn.Sequential):
    """(N, C, H, W) to (N, filters, 2H, 2W)."""

    def __init__(self, inputs: int, filters: int, *, dropout: float = 0.0) -> None:
        conv = nn.ConvTranspose2d(inputs, filters, 4, stride=2, padding=1, bias=False)
        super().__init__(conv, nn.BatchNorm2d(filters), *([nn.Dropout(dropout)] if dropout else []), nn.ReLU())


class Unet(nn.Module):
    """The generator: (N, 3, H, W) in [-1, 1] to the same, sides multiples of 2 to the number of blocks down."""

    def __init__(self, shape: UnetShape) -> None:
        super().__init__()
        self.shape = shape
        before = (3, *shape.down[:-1])
        self.down = nn.ModuleList(
            Downsample(a, b, norm=level > 0) for level, (a, b) in enumerate(zip(before, shape.down, strict=True))
        )
        *steps, last = shape.widths()
        self.up = nn.ModuleList(
            Upsample(a, b, dropout=shape.dropout if k < shape.dropped else 0.0) for k, (a, b) in enumerate(steps)
        )
        self.last = nn.ConvTranspose2d(*last, 4, stride=2, padding=1)
        self.apply(start)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block, skip in zip(self.up, skips[-2::-1], strict=True):
            x = torch.cat([block(x), skip], 1)
        return torch.tanh(self.last(x))


class UnetCritic(nn.Module):
    """Input and candidate (N, 3, H, W) in [-1, 1] to the features of every layer, the logits (N, 1, h, w) last."""

    def __init__(self, shape: UnetCriticShape) -> None:
        super().__init__()
        before = (6, *shape.filters[:-1])
        down = [Downsample(a, b, norm=k > 0) for k, (a, b) in enumerate(zip(before, shape.filters, strict=True))]
        tail = nn.Sequential(
            nn.Conv2d(shape.filters[-1], shape.tail, 4, padding=1, bias=False),
            nn.BatchNorm2d(shape.tail),
            nn.LeakyReLU(SLOPE),
        )
        self.layers = nn.ModuleList([*down, tail, nn.Conv2d(shape.tail, 1, 4, padding=1)])
        self.apply(start)

    def forward(self, x: Tensor, y: Tensor) -> list[Tensor]:
        state, features = torch.cat([x, y], 1), []
        for layer in self.layers:
            state = layer(state)
            features.append(state)
        return features
