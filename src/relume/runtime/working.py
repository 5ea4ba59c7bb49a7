"""Between the samples of a file and the values a network works on.

Working values are float32 in [0, 1], perceptually coded (see ``pictures/icc.py``), colours multiplied by alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.runtime.pictures.icc import srgb_encode
from relume.signal import Array

_ROWS = 32


@dataclass(frozen=True, eq=False)
class Working:
    """How the samples of one picture are coded; ``tone``: linear light for evenly spaced codes, None if perceptual."""

    alpha: bool
    tone: Array | None = None

    def of(self, samples: Array) -> Array:
        """(h, w, bands) uint8, uint16 or float32 in [0, 1], to working values of the same shape."""
        if samples.dtype.kind == "f":
            values = samples.astype(np.float32)
        else:
            values = np.multiply(samples, np.float32(1 / np.iinfo(samples.dtype).max), dtype=np.float32)
        colours = values[..., :-1] if self.alpha else values
        if self.tone is not None:
            codes = np.linspace(0.0, 1.0, len(self.tone))
            colours[...] = np.interp(colours, codes, srgb_encode(self.tone))
        if self.alpha:
            colours *= values[..., -1:]
        return values

    def back(self, values: Array, dtype: np.dtype[Any]) -> Array:
        """Working values in [0, 1], which are used up, to samples of ``dtype``, rounded; colour is 0 where alpha is."""
        colours = values[..., :-1] if self.alpha else values
        if self.alpha:
            alpha = values[..., -1:]
            np.divide(colours, alpha, out=colours, where=alpha > 0)
            np.minimum(colours, 1.0, out=colours)
        if self.tone is not None:
            codes = np.linspace(0.0, 1.0, len(self.tone))
            colours[...] = np.interp(colours, srgb_encode(self.tone), codes)
        if dtype.kind == "f":
            return values.astype(dtype)
        samples = np.empty(values.shape, dtype)
        for start in range(0, len(values), _ROWS):  # while they are near the processor
            rows = values[start : start + _ROWS]
            rows *= np.iinfo(dtype).max
            samples[start : start + _ROWS] = np.rint(rows, out=rows)
        return samples
