"""Does the result, degraded again, give the input? Measured strip by strip while the result is made.

The result is shrunk by antialiased bicubic (MATLAB's convention, borders mirrored) and compared with the input, both
as working values. The measure says how much of the input the result kept; it cannot say whether what was added is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from relume.colour import gray
from relume.runtime.resampling import REACH, mirror, shrinking
from relume.signal import Array

MOST_DB = 120.0
MAP_SIDE = 1024
_BAND, _BAND_BYTES = 64, 8 << 20
"""Rows of the input that are looked at in one go, at most, and what the result shrunk to that height may take."""
_BLOCK_BYTES = 1 << 20
"""Working values of the result that are shrunk in one go: as many as a processor keeps beside it."""


class Agreement:
    """PSNR of a picture (height, width) against its ``scale`` times larger restoration, fed in strips from the top."""

    def __init__(
        self,
        height: int,
        width: int,
        scale: int,
        working: Callable[[Array], Array],
        *,
        mapped: bool,
        expected: Callable[[Array], Array] | None = None,
        made: Callable[[Array], Array] | None = None,
    ) -> None:
        """``working`` codes the input, ``made`` the result (None: alike); ``expected``: how the input is to be seen.

        Where one has colours and the other has none, lightness alone is compared.
        """
        self._height, self._width, self._scale = height, width, scale
        self._working, self._made = working, made or working
        self._expected = expected
        self._squares, self._samples = 0.0, 0
        self._low: Array | None = None
        self._high: Array | None = None
        self._done = 0
        self._band = max(8, min(_BAND, _BAND_BYTES // (4 * 3 * width * scale)) // 8 * 8)
        self._cell = math.ceil(max(height, width) / MAP_SIDE)
        rows, columns = (math.ceil(side / self._cell) for side in (height, width))
        self._map = np.zeros((rows, columns)) if mapped else None

    def add(self, low: Array, high: Array) -> None:
        """The next rows of the input, (n, width, bands), and of the result, (scale n, scale width, bands): samples."""
        low = low if self._low is None else np.concatenate([self._low, low])
        high = high if self._high is None else np.concatenate([self._high, high])
        context = min(self._done, REACH)
        ready = self._done + len(low)
        end = ready if ready == self._height else max(self._done, ready - REACH)
        for start in range(self._done, end, self._band):
            stop = min(start + self._band, end)
            first = self._done - context
            self._compare(low[start - self._done : stop - self._done], high, start, stop, first)
        keep = end - min(end, REACH)
        self._high = high[(keep - (self._done - context)) * self._scale :].copy()
        self._low = low[end - self._done :].copy()
        self._done = end

    def _compare(self, low: Array, high: Array, start: int, stop: int, first: int) -> None:
        """Input rows [start, stop) against the result, whose rows are given from input row ``first`` on."""
        scale, kernel = self._scale, shrinking(self._scale)
        top, bottom = start * scale - kernel.pad, stop * scale + kernel.pad
        length = self._height * scale
        if top >= 0 and bottom <= length:
            rows = high[top - first * scale : bottom - first * scale]
        else:
            rows = high[mirror(top, bottom, length) - first * scale]
        step = max(1, _BLOCK_BYTES // (4 * len(rows) * rows.shape[2]))
        blocks = (rows[:, left : left + step] for left in range(0, rows.shape[1], step))
        again = np.concatenate([kernel.valid(self._made(block)) for block in blocks], axis=1)
        if again.shape[1] != self._width:
            again = kernel.mirrored(again.swapaxes(0, 1)).swapaxes(0, 1)
        asked = self._working(low)
        asked = asked if self._expected is None else self._expected(asked)
        if asked.shape[2] != again.shape[2]:
            asked, again = _lightness(asked), _lightness(again)
        error = asked - np.clip(again, 0.0, 1.0)
        error *= error
        self._squares += float(error.sum(dtype=np.float64))
        self._samples += error.size
        if self._map is not None:
            columns = np.add.reduceat(error.mean(axis=2), np.arange(0, self._width, self._cell), axis=1)
            np.add.at(self._map, np.arange(start, stop) // self._cell, columns)

    @property
    def decibels(self) -> float:
        """PSNR in dB over all channels of what has been compared so far, at most 120."""
        mean = self._squares / max(1, self._samples)
        return min(MOST_DB, -10 * math.log10(mean)) if mean > 0 else MOST_DB

    def heat(self) -> Array:
        """Root mean square disagreement of each cell of the input, float in [0, 1], 1024 cells a side at most."""
        if self._map is None:
            raise ValueError("the agreement was not asked to keep a map")
        sizes = [np.diff(np.append(np.arange(0, side, self._cell), side)) for side in (self._height, self._width)]
        result: Array = np.sqrt(self._map / np.outer(*sizes))
        return result


def _lightness(values: Array) -> Array:
    """Gray of (h, w, 1 to 4) working values, (h, w, 1)."""
    return gray(values[..., :3])[..., None] if values.shape[2] >= 3 else values[..., :1]
