"""Bicubic resampling by whole factors, MATLAB's convention, fast enough to run beside a network.

The weights are those of :mod:`relume.degrade.resample`. Because the factor is whole they repeat, so one small dense
matrix, moved along the picture, does the work of the large banded one and runs at the speed of a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from relume.degrade.resample import weights
from relume.signal import Array

REACH = 2
"""Pixels of the small picture, on each side, that one pixel of either picture depends on."""
_BLOCK = 8
_PRODUCT = 1 << 18
"""Multiplications in one matrix product: as many as BLAS still does on one thread. Its threads would wait for those
of the network."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """Weights that take a block of ``hop_in`` pixels, with ``pad`` more on each side, to ``hop_out`` pixels."""

    matrix: Array
    hop_in: int
    hop_out: int
    pad: int

    def valid(self, x: Array) -> Array:
        """First axis of x, n + 2 pad long, to n hop_out / hop_in; n need not be whole blocks."""
        flat = np.ascontiguousarray(x).reshape(x.shape[0], -1)
        inner = x.shape[0] - 2 * self.pad
        out = np.empty((inner * self.hop_out // self.hop_in, flat.shape[1]), np.float32)
        blocks, rest = divmod(inner, self.hop_in)
        taps = self.matrix.shape[1]
        step, done = _PRODUCT // self.matrix.size, blocks * self.hop_out
        for left in range(0, flat.shape[1], step):
            columns = slice(left, left + step)
            if blocks:
                windows = sliding_window_view(flat[: taps + (blocks - 1) * self.hop_in, columns], taps, axis=0)
                target = out[:done, columns].reshape(blocks, self.hop_out, -1)
                np.matmul(self.matrix, windows[:: self.hop_in].swapaxes(1, 2), out=target)
            if rest:
                matrix = self.matrix[: out.shape[0] - done, : rest + 2 * self.pad]
                np.matmul(matrix, flat[blocks * self.hop_in :, columns], out=out[done:, columns])
        return out.reshape(-1, *x.shape[1:])

    def mirrored(self, x: Array) -> Array:
        """First axis of x resampled, its ends mirrored."""
        length = x.shape[0]
        ends = mirror(-self.pad, 0, length), mirror(length, length + self.pad, length)
        return self.valid(np.concatenate([x[ends[0]], x, x[ends[1]]]))


def mirror(start: int, stop: int, length: int) -> Array:
    """The indices start..stop, reflected at both ends of [0, length) half a sample outside."""
    index = np.arange(start, stop) % (2 * length)
    return np.where(index < length, index, 2 * length - 1 - index)


@lru_cache(maxsize=8)
def shrinking(scale: int) -> Kernel:
    """Antialiased bicubic by 1/``scale``."""
    small = _BLOCK + 2 * REACH
    whole = weights(small * scale, small, 1 / scale)[REACH : REACH + _BLOCK]
    return Kernel(whole.astype(np.float32), _BLOCK * scale, _BLOCK, REACH * scale)


@lru_cache(maxsize=8)
def enlarging(scale: int) -> Kernel:
    """Bicubic by ``scale``."""
    small = _BLOCK + 2 * REACH
    whole = weights(small, small * scale, float(scale))[REACH * scale : (REACH + _BLOCK) * scale]
    return Kernel(whole.astype(np.float32), _BLOCK, _BLOCK * scale, REACH)


def shrink(x: Array, scale: int) -> Array:
    """(s h, s w, c) float32 to (h, w, c), antialiased, borders mirrored, not clipped."""
    kernel = shrinking(scale)
    rows = kernel.mirrored(x)
    return np.ascontiguousarray(kernel.mirrored(rows.swapaxes(0, 1)).swapaxes(0, 1))


def enlarge(x: Array, scale: int) -> Array:
    """(h, w, c) float32 to (s h, s w, c), borders mirrored, not clipped."""
    kernel = enlarging(scale)
    columns = kernel.mirrored(x.swapaxes(0, 1)).swapaxes(0, 1)
    return kernel.mirrored(columns)


def back_project(low: Array, high: Array, scale: int, rounds: int) -> Array:
    """``high`` (s h, s w, c) in [0, 1], moved until it shrinks to ``low`` (h, w, c); each round reaches 2 REACH pixels.

    Irani and Peleg, *Improving resolution by image registration* (1991), with bicubic on both ways.
    """
    for _ in range(rounds):
        high = np.clip(high + enlarge(low - shrink(high, scale), scale), 0.0, 1.0)
    return high
