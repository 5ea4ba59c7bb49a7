"""A picture flows through: strips are read, cut into tiles, restored, put together and handed on, in order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from relume.runtime.behind import Behind
from relume.runtime.options import Progress
from relume.runtime.pictures import Source
from relume.runtime.resampling import mirror
from relume.runtime.tiling import Plan, Span, plan
from relume.runtime.working import Working
from relume.signal import Array

if TYPE_CHECKING:
    from relume.runtime.tasks.steps import Net

BASE_MEMORY = 300 << 20
"""Bytes that the interpreter, the engine and the libraries hold, with what is on its way in and out."""
_READ_BYTES = 4 << 20
LEAST_BUDGET = 32 << 20


@dataclass(frozen=True)
class Place:
    """Where a tile lies: the row and column of its first pixel in the picture. What is padded lies beyond its sides."""

    top: int = 0
    left: int = 0

    def times(self, scale: int) -> Place:
        """The same place in a picture ``scale`` times larger."""
        return Place(self.top * scale, self.left * scale)


class Step(Protocol):
    """A task that is ready to run: (h, w, bands) working values in, ``scale`` times larger out."""

    @property
    def scale(self) -> int:
        """By how much it enlarges."""
        ...

    @property
    def radius(self) -> int:
        """Input pixels on each side that can influence one output pixel."""
        ...

    @property
    def multiple(self) -> int:
        """What the sides of a tile must be multiples of."""
        ...

    @property
    def footprint(self) -> int:
        """Bytes held for each input pixel of a tile."""
        ...

    @property
    def macs(self) -> float:
        """Multiplications for each input pixel."""
        ...

    @property
    def nets(self) -> tuple[Net, ...]:
        """The networks that take part, in order."""
        ...

    def bands(self, bands: int) -> int:
        """Bands of the result, for an input of so many."""
        ...

    def __call__(self, x: Array, place: Place) -> Array:
        """Restore one tile; ``x`` stays as it is."""
        ...


def column_bytes(source: Source, step: Step, dtype: np.dtype[Any]) -> int:
    """Bytes that strips hold for each input pixel of a full-width band: those read and those made."""
    return source.bands * source.dtype.itemsize + step.bands(source.bands) * step.scale**2 * dtype.itemsize


def cut(source: Source, step: Step, dtype: np.dtype[Any], memory: int) -> Plan:
    """The tiles for this picture and task within ``memory`` bytes of the whole process."""
    height, width = (math.ceil(side / step.multiple) * step.multiple for side in (source.height, source.width))
    return plan(
        height,
        width,
        radius=step.radius,
        multiple=step.multiple,
        tile_bytes=step.footprint,
        column_bytes=column_bytes(source, step, dtype),
        budget=max(LEAST_BUDGET, memory - BASE_MEMORY),
    )


def strips(
    source: Source,
    step: Step,
    tiles: Plan,
    working: Working,
    dtype: np.dtype[Any],
    progress: Callable[[Progress], None] | None,
    on_tile: Callable[[int, int, Array], None] | None = None,
    made: Working | None = None,
    behind: Behind | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Pairs of input rows and the output rows made of them, samples as stored, from top to bottom without overlap.

    The output rows lie in memory that the next pair takes again. ``made``: how the output is coded, where not like the
    input. A pixel that a step of scale 1 left as it was keeps its samples to the bit. ``behind``: where tiles become
    output rows while the next is restored, so that what is done with these must be done there, too.
    """
    started, done, scale, made = time.perf_counter(), 0, step.scale, made or working
    bands = step.bands(source.bands)
    keeps = scale == 1 and (dtype, bands) == (source.dtype, source.bands)
    held = np.empty((tiles.tile[0], source.width, source.bands), source.dtype)
    tallest = max(row.own_stop - row.own_start for row in tiles.rows)
    memory = np.empty((tallest * scale, source.width * scale, bands), dtype)
    first = have = 0
    for row in tiles.rows:
        held[: have - row.start] = held[row.start - first : have - first]
        first, need = row.start, min(row.stop, source.height)
        _fill(held[have - first : need - first], source, have)
        have = need
        top, bottom = row.own_start, min(row.own_stop, source.height)
        strip = memory[: (bottom - top) * scale]
        for column in tiles.columns:
            seen = working.of(_window(held, first, row, column, source))
            tile = step(seen, Place(row.start, column.start))
            left, right = column.own_start, min(column.own_stop, source.width)
            rows, columns = slice(top - row.start, bottom - row.start), slice(left - column.start, right - column.start)
            own = tile[_scaled(rows, scale), _scaled(columns, scale)]
            if on_tile is not None:
                on_tile(top * scale, left * scale, own)
            into = strip[:, left * scale : right * scale]
            if keeps:
                stored = held[top - first : bottom - first, left:right].copy()
                put = partial(_keep, into, own, seen[rows, columns], stored, made)
            else:
                put = partial(_put, into, own, made)
            put() if behind is None else behind.do(put)
            done += 1
            if progress is not None:
                progress(Progress(done, tiles.tiles, time.perf_counter() - started))
        yield held[top - first : bottom - first], strip


def _scaled(pixels: slice, scale: int) -> slice:
    """The same part of an axis in a picture ``scale`` times larger."""
    return slice(pixels.start * scale, pixels.stop * scale)


def _put(into: Array, own: Array, made: Working) -> None:
    into[:] = made.back(own, into.dtype)


def _keep(into: Array, own: Array, seen: Array, stored: Array, made: Working) -> None:
    """As :func:`_put`, but what the step left as it had ``seen`` it is what was ``stored``."""
    same = (own == seen).all(axis=2, keepdims=True)
    into[:] = np.where(same, stored, made.back(own, into.dtype))


def _fill(rows: Array, source: Source, start: int) -> None:
    """Read as many rows as there is room for, from row ``start`` on, a few MiB at a time."""
    step = max(1, _READ_BYTES // rows[:1].nbytes) if len(rows) else 1
    for at in range(0, len(rows), step):
        stop = min(at + step, len(rows))
        rows[at:stop] = source.read(start + at, start + stop)


def _window(held: Array, first: int, row: Span, column: Span, source: Source) -> Array:
    """The samples that a tile reads, mirrored where a padded tile runs over the border."""
    if row.stop <= source.height and column.stop <= source.width:
        return held[row.start - first : row.stop - first, column.start : column.stop]
    down = mirror(row.start, row.stop, source.height) - first
    across = mirror(column.start, column.stop, source.width)
    result: Array = held[np.ix_(down, across)]
    return result
