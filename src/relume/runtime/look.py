"""A first look at a picture, in one pass from top to bottom: is it gray, how noisy, is it pixelated, a small copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relume.colour import rgb_to_lab
from relume.degrade.pixels import resample
from relume.runtime.pictures import Source
from relume.runtime.working import Working
from relume.signal import Array
from relume.survey import Grid, NoiseMeter, find_grid, jpeg_steps

SMALL = 256
"""The small copy's longer side is this or up to twice as much; less only where the picture is smaller."""
BLOCKY = 1.25
"""JPEG's squares can be seen where steps between them are so many times larger than within them."""
GLANCE = 1 << 21
"""Pixels that a glance takes in."""
_BAND, _COARSE = 64, 64
_NEUTRAL = 2.0
"""Chroma in Lab that nobody sees."""
_TONED = 4.0
"""The variety of a toned print stays below this, that of a colour picture above."""


@dataclass(frozen=True, eq=False)
class Look:
    """What was seen. ``sigma``: of the noise, in [0, 1]; ``small``: working values (h, w, 1 or 3), by area;
    ``down``, ``across``: mean absolute steps between neighbouring rows and columns."""

    height: int
    width: int
    sigma: float
    small: Array
    down: Array
    across: Array

    def grid(self, block: int | None = None) -> Grid | None:
        """The grid of the pixelation, None where there is none."""
        return find_grid(self.down, self.across, block)

    @property
    def jpeg(self) -> float:
        """How much larger steps are between JPEG's squares than within them."""
        return jpeg_steps(self.down, self.across)

    @cached_property
    def lab(self) -> Array:
        """A copy of at most 64 pixels a side, in which noise has no colour left, in CIE Lab, (h, w, 3)."""
        shrink = max(1.0, max(self.small.shape[:2]) / _COARSE)
        size = tuple(max(1, round(side / shrink)) for side in self.small.shape[:2])
        coarse = resample(self.small, (size[0], size[1]), "area")
        return rgb_to_lab(coarse if coarse.shape[2] == 3 else np.repeat(coarse, 3, axis=2))

    @cached_property
    def tint(self) -> float:
        """How far the colours stray from neutral: the 95th percentile of chroma in Lab."""
        return float(np.percentile(np.hypot(self.lab[..., 1], self.lab[..., 2]), 95))

    @cached_property
    def variety(self) -> float:
        """How far they stray from one tone for each lightness: a sepia print has little of it. RMS in Lab."""
        step = np.clip(self.lab[..., 0] / 100 * 15, 0, 14.999)
        low = step.astype(int)
        weight = step - low
        basis = np.zeros((low.size, 16))
        basis[np.arange(low.size), low.ravel()] = 1 - weight.ravel()
        basis[np.arange(low.size), low.ravel() + 1] = weight.ravel()
        chroma = self.lab[..., 1:].reshape(-1, 2)
        tone = np.linalg.lstsq(basis.T @ basis + 1e-6 * np.eye(16), basis.T @ chroma, rcond=None)[0]
        return float(np.sqrt(((chroma - basis @ tone) ** 2).sum(axis=1).mean()))

    @property
    def neutral(self) -> bool:
        """Whether the picture has no colour at all."""
        return self.tint <= _NEUTRAL

    @property
    def monochrome(self) -> bool:
        """Whether it is gray, or toned throughout (sepia)."""
        return self.neutral or self.variety <= _TONED


class Shrinking:
    """The small copy of a picture (height, width) of ``colours`` channels, fed from the top in bands of any height."""

    def __init__(self, height: int, width: int, colours: int) -> None:
        self._factor = max(1, max(height, width) // SMALL)
        rows, columns = (-(-side // self._factor) for side in (height, width))
        self._sum = np.zeros((rows, columns, colours))
        sides = (np.diff([*range(0, side, self._factor), side]) for side in (height, width))
        self._sizes = np.outer(*sides)
        self._starts = np.arange(0, width, self._factor)
        self._done = 0

    def add(self, values: Array) -> None:
        """The next rows, (n, width, colours)."""
        rows = np.add.reduceat(values, self._starts, axis=1, dtype=np.float64)
        np.add.at(self._sum, np.arange(self._done, self._done + len(values)) // self._factor, rows)
        self._done += len(values)

    @property
    def picture(self) -> Array:
        """(h, w, colours) float32."""
        return (self._sum / self._sizes[..., None]).astype(np.float32)


def look(source: Source, working: Working) -> Look:
    """Read ``source`` to its end and say what is seen; of a transparent picture its colours multiplied by alpha."""
    height, width, colours = source.height, source.width, source.colours
    meter, small, steps = NoiseMeter(height * width * colours), Shrinking(height, width, colours), _Steps(width)
    for start in range(0, height, _BAND):
        values = working.of(source.read(start, min(height, start + _BAND)))[..., :colours]
        small.add(values)
        for channel in range(colours):
            meter.add(values[..., channel])
        steps.add(values.mean(axis=2))
    return Look(height, width, meter.sigma, small.picture, steps.down, steps.across)


def jpeg_at_a_glance(source: Source) -> float:
    """:attr:`Look.jpeg` of the rows of ``source`` from the top on that have ``GLANCE`` pixels, as they are stored."""
    rows = min(source.height, -(-GLANCE // source.width))
    steps = _Steps(source.width)
    for start in range(0, rows, _BAND):
        steps.add(source.read(start, min(rows, start + _BAND))[..., : source.colours].mean(axis=2, dtype=np.float32))
    return jpeg_steps(steps.down, steps.across)


class _Steps:
    """The mean absolute steps between neighbouring rows and columns of a picture fed from the top."""

    def __init__(self, width: int) -> None:
        self._down: list[Array] = []
        self._across, self._rows = np.zeros(width - 1), 0
        self._above: Array | None = None

    def add(self, plane: Array) -> None:
        """The next rows, (n, width)."""
        joined = plane if self._above is None else np.concatenate([self._above, plane])
        self._down.append(np.abs(np.diff(joined, axis=0)).mean(axis=1))
        self._across += np.abs(np.diff(plane, axis=1)).sum(axis=0)
        self._rows += len(plane)
        self._above = plane[-1:]

    @property
    def down(self) -> Array:
        """(rows - 1,)"""
        return np.concatenate(self._down)

    @property
    def across(self) -> Array:
        """(width - 1,)"""
        across: Array = self._across / self._rows
        return across
