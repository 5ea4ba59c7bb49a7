"""A contact sheet: one picture through many degradations, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relume.degrade.base import PictureDegradation, as_planes, check_picture
from relume.degrade.pixels import resample
from relume.signal import Array, UsageError

GAP = 4


def panel(x: Array, side: int) -> Array:
    """The middle square of ``x`` (H, W) or (H, W, 3) in [0, 1], ``side`` pixels wide and in colour."""
    edge = min(x.shape[:2])
    top, left = ((length - edge) // 2 for length in x.shape[:2])
    square = resample(as_planes(x)[top : top + edge, left : left + edge], (side, side), "bicubic")
    return square if square.shape[2] == 3 else np.repeat(square, 3, 2)


def contact_sheet(
    x: Array, degradations: Sequence[PictureDegradation], rng: np.random.Generator, side: int = 192, columns: int = 8
) -> Array:
    """The middle of ``x`` (H, W) or (H, W, 3) in [0, 1] as it is, then degraded by each, row by row; on white.

    A result of another size is shown enlarged without smoothing. ``side`` is a multiple of 16, so that every
    reduction divides it.
    """
    if side < 16 or side % 16:
        raise UsageError(f"the side of a panel must be a multiple of 16, not {side}")
    first = panel(check_picture(x), side)
    panels = [first]
    for degradation in degradations:
        y = degradation.apply(first, degradation.draw(first.shape, rng))
        panels.append(y if y.shape == first.shape else resample(y, (side, side), "nearest"))
    rows = -(-len(panels) // columns)
    step = side + GAP
    sheet = np.ones((rows * step - GAP, min(columns, len(panels)) * step - GAP, 3), x.dtype)
    for index, shown in enumerate(panels):
        top, left = index // columns * step, index % columns * step
        sheet[top : top + side, left : left + side] = shown
    return sheet
