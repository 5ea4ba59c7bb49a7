"""A picture seen through squares: each becomes one pixel, its mean. A reduced copy, or what a pixelation has left."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from relume.runtime.pictures import Source
from relume.signal import Array
from relume.survey import Grid


@dataclass
class _Blocks:
    """Rows of means. ``grid``: squares at the upper and left side are cut where its lines begin inside."""

    source: Source
    grid: Grid

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop) of squares, (rows, squares, bands) float32 in [0, 1]."""
        block, source = self.grid.block, self.source
        first = block - self.grid.top if self.grid.top else 0
        top, bottom = (max(0, row * block - first) for row in (start, stop))
        rows = source.read(top, min(bottom, source.height)).astype(np.float32) / np.float32(source.white)
        down = _cuts(top, top + len(rows), self.grid.top, block)
        across = _cuts(0, source.width, self.grid.left, block)
        sums = np.add.reduceat(np.add.reduceat(rows, down, axis=0), across, axis=1)
        sizes = np.outer(np.diff([*down, len(rows)]), np.diff([*across, source.width]))
        return (sums / sizes[..., None]).astype(np.float32)


def _cuts(start: int, stop: int, phase: int, block: int) -> list[int]:
    """Where squares begin in [start, stop), counted from ``start``; ``phase``: the first line inside the picture."""
    lines = [line - start for line in range(phase, stop, block) if line > start]
    return [0, *lines]


def shrunk(source: Source, grid: Grid) -> Source:
    """``source`` with each square of ``grid`` as one pixel, float32."""
    height, width = (
        len(_cuts(0, side, phase, grid.block)) for side, phase in ((source.height, grid.top), (source.width, grid.left))
    )
    return dataclasses.replace(
        source, height=height, width=width, dtype=np.dtype(np.float32), rows=_Blocks(source, grid)
    )
