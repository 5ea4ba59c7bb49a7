"""What the trainer and the exporter ask of any super-resolution network, and the plain pieces that several share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

# ITU-R BT.601 studio-range luma of R'G'B' in [0, 1], as a fraction of 255 code values.
LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
LUMA_OFFSET = 16 / 255


class Shape(Protocol):
    """The sizes of a network, as a frozen dataclass; ``build`` makes the network.

    The network maps (N, 3, H, W) in [0, 1], and the scales wanted of it, to ``{scale: (N, 3, sH, sW)}``.
    """

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors by which the network enlarges."""
        ...

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel can see."""
        ...

    @property
    def on_luma(self) -> bool:
        """Whether the network restores luma only, so that its loss is taken on luma."""
        ...

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates of the convolutions for each pixel of the input, by output name (``x4``)."""
        ...

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        ...

    def tiny(self) -> Self:
        """The same design, small enough to train in seconds."""
        ...


def luma(x: Tensor) -> Tensor:
    """Studio-range BT.601 luma over 255, (N, 1, H, W), of (N, 3, H, W) in [0, 1]."""
    red, green, blue = LUMA
    return red * x[:, 0:1] + green * x[:, 1:2] + blue * x[:, 2:3] + LUMA_OFFSET


def bicubic_taps(scale: int) -> Tensor:
    """Keys' kernel (a = -1/2) of every phase of an enlargement by ``scale``: (scale, 5), each row summing to 1."""
    rows = []
    for phase in range(scale):
        centre = (phase + 0.5) / scale - 0.5
        row = []
        for tap in range(-2, 3):
            d = abs(tap - centre)
            near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
            row.append(near if d <= 1 else far if d < 2 else 0.0)
        rows.append(row)
    return torch.tensor(rows)


class Bicubic(nn.Module):
    """(N, C, H, W) to (N, C, sH, sW) in MATLAB's bicubic convention, as a grouped convolution and a pixel shuffle."""

    taps: Tensor

    def __init__(self, scale: int, channels: int = 3) -> None:
        super().__init__()
        self.scale = scale
        self.channels = channels
        rows = bicubic_taps(scale)
        taps = torch.einsum("iy,jx->ijyx", rows, rows).reshape(scale * scale, 1, 5, 5)
        self.register_buffer("taps", taps.repeat(channels, 1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x[:, :, :2].flip(2), x, x[:, :, -2:].flip(2)], 2)
        x = torch.cat([x[..., :2].flip(3), x, x[..., -2:].flip(3)], 3)
        with torch.autocast(x.device.type, enabled=False):  # bf16 has not the digits of a picture
            phases = functional.conv2d(x, self.taps.to(x.dtype), groups=self.channels)
        return functional.pixel_shuffle(phases, self.scale)


class OnLuma(nn.Module):
    """A network for one enlarged luma plane, made one from picture to picture as its paper shows its pictures.

    The picture is enlarged bicubically, the network restores its luma, and the chroma stays bicubic: adding the same
    amount to R, G and B moves luma alone, by 219/255 of that amount.
    """

    def __init__(self, net: nn.Module, scale: int) -> None:
        super().__init__()
        self.net = net
        self.scale = scale
        self.enlarge = Bicubic(scale)

    def forward(self, x: Tensor, scales: tuple[int, ...] | None = None) -> dict[int, Tensor]:
        large = self.enlarge(x)
        plane = luma(large)
        return {self.scale: large + (self.net(plane) - plane) * (255 / 219)}


class Single(nn.Module):
    """A network from picture to picture of one scale, in the form that the trainer knows."""

    def __init__(self, net: nn.Module, scale: int) -> None:
        super().__init__()
        self.net = net
        self.scale = scale

    def forward(self, x: Tensor, scales: tuple[int, ...] | None = None) -> dict[int, Tensor]:
        return {self.scale: self.net(x)}


def seen(reach: int, scale: int) -> int:
    """Input pixels on each side for ``reach`` pixels of the enlarged plane, the bicubic's own two included."""
    return math.ceil(reach / scale) + 3
