"""One look over a whole picture before it is worked on: a small copy of all of it, and the means of some of its parts.

A second look at a file costs one decoding of it and no memory: rows are averaged as they are read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relume.degrade.pixels import resample
from relume.runtime.pictures import Source
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.working import Working
from relume.signal import Array

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the upright picture; x1 and y1 lie outside"""
_BAND_BYTES = 16 << 20
_UNTINTED = 3 / 255
"""Channels that differ by less are of a gray, for a camera and JPEG."""
_FINE = 1024
"""Cells a side, at most, that are averaged while reading; the small copy is made of these."""


@dataclass(frozen=True, eq=False)
class Glance:
    """``small``: (h, w, 1 or 3) float32 working values without alpha; ``means``: (boxes, 1 or 3) of ``boxes``."""

    small: Array
    means: Array

    @property
    def gray(self) -> bool:
        """Whether the picture has no colour: one channel, or three that agree to half an 8-bit step everywhere."""
        return bool(np.ptp(self.small, axis=2).max() < 0.5 / 255)

    @property
    def balanced(self) -> bool:
        """Whether a tenth of the picture or more is gray between black and white: a wall or a card without a tint."""
        inner = np.abs(self.small.mean(axis=2) - 0.5) < 0.4
        return bool((inner & (np.ptp(self.small, axis=2) < _UNTINTED)).mean() >= 0.1)


def glance(picture: Source, side: int, boxes: Sequence[Box] = (), multiple: int = 1) -> Glance:
    """Read ``picture`` once: its copy of at most ``side`` pixels a side, in multiples of ``multiple``, and box means.

    What is transparent does not count. Raises what reading raises; the picture is used up then.
    """
    working = Working(picture.alpha, tone_curve(picture.metadata.profile))
    height, width, bands = picture.height, picture.width, picture.bands
    cell = math.ceil(max(height, width) / _FINE)
    edges = np.arange(0, width, cell)
    fine = np.zeros((math.ceil(height / cell), len(edges), bands))
    sums = np.zeros((len(boxes), bands))
    step = max(1, _BAND_BYTES // (4 * bands * width * cell)) * cell
    for start in range(0, height, step):
        stop = min(start + step, height)
        values = working.of(picture.read(start, stop))
        for index, (x0, y0, x1, y1) in enumerate(boxes):
            part = values[max(y0 - start, 0) : max(y1 - start, 0), x0:x1]
            sums[index] += part.sum(axis=(0, 1), dtype=np.float64)
        rows = np.add.reduceat(values, np.arange(0, stop - start, cell), axis=0)
        fine[start // cell : start // cell + len(rows)] = np.add.reduceat(rows, edges, axis=1)
    down, across = (np.diff(np.append(np.arange(0, length, cell), length)) for length in (height, width))
    fine /= np.outer(down, across)[..., None]
    areas = np.array([[(x1 - x0) * (y1 - y0)] for x0, y0, x1, y1 in boxes]).reshape(-1, 1)
    small = resample(fine, _small_size(height, width, side, multiple), "area")
    if picture.alpha:
        small, means = _opaque(small), _opaque(sums / areas)
    else:
        means = sums / areas
    return Glance(np.clip(small, 0, 1).astype(np.float32), means)


def _small_size(height: int, width: int, side: int, multiple: int) -> tuple[int, int]:
    shrink = max(1.0, max(height, width) / side)
    sizes = (max(1, round(length / shrink / multiple)) * multiple for length in (height, width))
    return next(sizes), next(sizes)


def _opaque(values: Array) -> Array:
    """(..., colours and alpha), the former multiplied by the latter, to colours; their mean where nothing is seen."""
    colours, alpha = values[..., :-1], values[..., -1:]
    total = alpha.sum()
    mean = colours.reshape(-1, colours.shape[-1]).sum(axis=0) / total if total > 0 else np.zeros(colours.shape[-1])
    return np.where(alpha > 1e-4, colours / np.maximum(alpha, 1e-4), mean)
