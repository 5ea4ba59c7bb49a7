"""The heat map: where, and how far, the result disagrees with the input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relume.runtime.pictures import Metadata, Target, open_sink
from relume.signal import Array

FULL = 0.05
"""The disagreement, of a range of 1, that is drawn as the brightest colour."""
_STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_COLOURS = np.array([[0, 0, 16], [92, 18, 110], [205, 60, 78], [252, 155, 40], [252, 254, 190]])
"""From agreement (near black) over violet, red and orange to the palest yellow; even steps of lightness."""


def coloured(heat: Array) -> Array:
    """(h, w) disagreement in [0, 1] to (h, w, 3) uint8; dark agrees, pale yellow is off by ``FULL`` or more."""
    level = np.clip(heat / FULL, 0.0, 1.0)
    return np.stack([np.interp(level, _STOPS, _COLOURS[:, c]) for c in range(3)], axis=2).round().astype(np.uint8)


def write(path: Path, heat: Array) -> None:
    """Write the map as a PNG into ``path``, a file that is there; raises OutputRefused."""
    picture = coloured(heat)
    height, width, _ = picture.shape
    sink = open_sink(path, Target("png", width, height, 3, np.dtype(np.uint8), Metadata()))
    try:
        sink.write(picture)
        sink.finish()
    except BaseException:
        sink.abandon()
        raise
