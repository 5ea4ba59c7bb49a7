"""A restoration as it happens: a small picture of all finished tiles, and one detail at x2, x3 and x4."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from relume.runtime.options import Options
from relume.runtime.pictures import views
from relume.runtime.restore import restore
from relume.signal import Array

SIDE = 1024
DIMMED = 0.4
EVERY_SECONDS = 0.5


class Live:
    """A canvas of at most 1024 pixels a side for an output of (width, height): what is restored lights up on it.

    It begins as the dimmed ``start`` (a JPEG of the input); :meth:`paste` averages finished tiles onto it and writes
    it to ``target`` twice a second at most.
    """

    def __init__(self, start: Path, target: Path, width: int, height: int) -> None:
        self._target = target
        step = max(1, -(-max(width, height) // SIDE))
        self._step = step if step < 3 else step + step % 2
        rows, columns = -(-height // self._step), -(-width // self._step)
        self._ground = views.read_small(start, columns, rows).astype(np.float32) * DIMMED
        self._sum = np.zeros((rows, columns, 3), np.float32)
        self._count = np.zeros((rows, columns, 1), np.float32)
        self._written = time.monotonic()
        self.fresh = False

    def paste(self, top: int, left: int, tile: Array) -> None:
        """Add a finished tile, (h, w, bands) float in [0, 1], whose first pixel is output pixel (top, left)."""
        skip = max(1, self._step // 2)  # two pixels of a cell's rows and columns are enough for its mean
        tile = tile[-top % skip :: skip, -left % skip :: skip]
        if not tile.size:
            return
        top, left, step = -(-top // skip), -(-left // skip), self._step // skip
        tile = tile[..., :3] if tile.shape[2] >= 3 else np.repeat(tile[..., :1], 3, axis=2)
        rows, columns = _cuts(top, tile.shape[0], step), _cuts(left, tile.shape[1], step)
        sums = np.add.reduceat(np.add.reduceat(tile, rows, axis=0, dtype=np.float32), columns, axis=1)
        counts = np.outer(np.diff([*rows, tile.shape[0]]), np.diff([*columns, tile.shape[1]]))
        y, x = top // step, left // step
        place = (slice(y, y + sums.shape[0]), slice(x, x + sums.shape[1]))
        self._sum[place] += sums * 255
        self._count[place] += counts[..., None]
        if time.monotonic() - self._written >= EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the canvas as it is now."""
        picture = np.where(self._count > 0, self._sum / np.maximum(self._count, 1), self._ground)
        part = self._target.with_suffix(".part.jpg")
        views.write_array(picture.clip(0, 255).round().astype(np.uint8), part)
        part.replace(self._target)
        self._written = time.monotonic()
        self.fresh = True


def _cuts(start: int, length: int, step: int) -> list[int]:
    """Where a run of ``length`` pixels from ``start`` crosses into a new cell of ``step`` pixels; begins with 0."""
    first = -start % step
    return sorted({0, *range(first, length, step)})


def details(source: Path, folder: Path, side: int, options: Options) -> Iterator[str]:
    """Restore the liveliest square of ``source`` step by step, x2 first; yields each view that is in ``folder`` then.

    With a cascade these are its own steps: what it sees at x2 is what it enlarges to x3 and to x4.
    """
    square = views.liveliest(source, side)
    for scale in range(2, options.scale + 1):
        found = restore(
            square, options.task, scale, model=options.model, engine=options.engine, realism=options.realism
        )
        views.write_array(found, folder / f"detail-{scale}.jpg")
        yield f"detail-{scale}"
