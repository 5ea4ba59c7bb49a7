"""How far the task relic moves the colours of relics as they are: there is no truth, but there is a distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from relume.bench.images import colour
from relume.bench.relic import auto_levels, clahe
from relume.bench.results import interval
from relume.bench.sets import Picture
from relume.metrics import colourfulness, delta_e
from relume.runtime.restore import restore
from relume.signal import Array

PROTOCOL = (
    "the test relics as they are, x1, colour alone: mean CIEDE2000 (sRGB, D65) between picture and result, and the "
    "ratio of their colourfulness (Hasler and Suesstrunk 2003); the rules beside it for scale; no truth is known"
)
STILL = 1.0
"""CIEDE2000 below which nobody sees a difference."""


def ours(x: Array) -> Array:
    """(h, w, 3) uint8 by the task relic, its colour alone."""
    return np.asarray(restore(x, task="relic", scale=1, model="none"))


RIVALS = {"relic": ours, "auto-levels": auto_levels, "CLAHE": clahe}


def measure(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """One row for each way: mean distance, the share of pictures that stay as they were, and the colourfulness."""
    rows = []
    for name, mend in RIVALS.items():
        moved, livelier = {}, []
        for picture in pictures:
            x = colour(picture.pixels)
            y = mend(x)
            moved[picture.name] = delta_e(x / 255.0, y / 255.0)
            livelier.append(colourfulness(y / 255.0) / max(colourfulness(x / 255.0), 1e-6))
        values = list(moved.values())
        rows.append(
            {
                "model": name,
                "n": len(values),
                "delta_e": float(np.mean(values)),
                "delta_e_median": float(np.median(values)),
                "delta_e_interval_95": list(interval(values)),
                "still": float(np.mean(np.array(values) < STILL)),
                "colourfulness_ratio": float(np.mean(livelier)),
                "pictures": moved,
            }
        )
    return rows
