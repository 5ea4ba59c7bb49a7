"""Convolutions as eight-bit arithmetic will compute them, so that a network can be trained for it.

After Jacob et al., *Quantization and training of neural networks for efficient integer-arithmetic-only inference*
(2018): what comes in and the weights are rounded to 256 steps, and the rounding is passed over by the gradient.

    in       x -> s round(clip(x / s, -128, 127)),  s = r / 128;  behind a ReLU  clip(x / s, 0, 255),  s = r / 255
    weights  w -> s round(w r / s) / r,             s = max |w r| / 127 of each output channel

``r``, the reach of a channel, is half as much again as the largest value that came in while it was being measured:
without that headroom the edges of letters are clipped. With one reach for all channels the same headroom costs twice
the noise. Sums and the residual path between the convolutions stay as they are. Reaches travel in the model card and
not in the graph: the file holds plain convolutions, and an engine that has no eight-bit arithmetic need not know of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

REACH = "reach"
"""The last part of the name under which a network keeps the reaches of a convolution."""
HEADROOM = 1.5
LEAST = 1e-3
"""A channel that was never seen to carry anything has this reach."""


class EightBitConv2d(nn.Conv2d):
    """A convolution of eight-bit values; ``positive`` says that they come from a ReLU. As it is while it has no reach.

    ``reach``: (input channels,).
    """

    reach: Tensor

    def __init__(self, like: nn.Conv2d, positive: bool) -> None:
        super().__init__(like.in_channels, like.out_channels, 3, padding=1)
        self.load_state_dict(like.state_dict())
        self.register_buffer(REACH, torch.zeros(like.in_channels))
        self.positive = positive
        self.measuring = False

    def forward(self, x: Tensor) -> Tensor:
        if self.measuring:
            self.reach.copy_(torch.maximum(self.reach, HEADROOM * x.detach().abs().amax((0, 2, 3))))
        if self.measuring or not self.reach.any():
            return super().forward(x)
        low, high = (0, 255) if self.positive else (-128, 127)
        reach = self.reach.clamp_min(LEAST).view(1, -1, 1, 1)
        rounded = _Rounded.apply(x, reach / (255 if self.positive else 128), low, high)
        scaled = self.weight * reach
        step = scaled.detach().abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-12) / 127
        weight = _Rounded.apply(scaled, step, -127, 127) / reach
        return functional.conv2d(rounded, weight, self.bias, padding=1)


class _Rounded(torch.autograd.Function):
    """step * round(clip(x / step, low, high)), with the slope of x."""

    @staticmethod
    def forward(_: Any, x: Tensor, step: Tensor, low: int, high: int) -> Tensor:  # type: ignore[override]
        return (x / step.to(x.dtype)).round_().clamp_(low, high).mul_(step.to(x.dtype))

    @staticmethod
    def backward(_: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[override]
        return slope, None, None, None


def for_eight_bits(net: nn.Module, inner: Iterable[tuple[str, bool]]) -> None:
    """Put an :class:`EightBitConv2d` in the place of each convolution of ``net`` that is named, with ``positive``."""
    for name, positive in inner:
        parent, _, own = name.rpartition(".")
        layer = net.get_submodule(name)
        if not isinstance(layer, nn.Conv2d):
            raise TypeError(f"{name} is no convolution")
        setattr(net.get_submodule(parent), own, EightBitConv2d(layer, positive))


@contextlib.contextmanager
def measuring(net: nn.Module) -> Iterator[None]:
    """While this lasts, ``net`` computes as if there were no rounding and its reaches grow to what comes in."""
    layers = [layer for layer in net.modules() if isinstance(layer, EightBitConv2d)]
    for layer in layers:
        layer.measuring = True
    try:
        yield
    finally:
        for layer in layers:
            layer.measuring = False


def ranges(weights: Mapping[str, Tensor]) -> dict[str, list[float]]:
    """The reaches of every convolution in the weights of a network, by the name of the convolution's weights."""
    suffix = f".{REACH}"
    return {
        name.removesuffix(suffix) + ".weight": [float(f"{reach:.4g}") for reach in value.clamp_min(LEAST).tolist()]
        for name, value in weights.items()
        if name.endswith(suffix)
    }


def plain(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a network without its reaches."""
    return {name: value for name, value in weights.items() if name.rpartition(".")[2] != REACH}
