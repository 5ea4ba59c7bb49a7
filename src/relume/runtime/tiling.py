"""Tiles that overlap by the receptive field, so that a picture restored in tiles equals the picture restored whole.

A tile that touches the border of the picture ends exactly there (the network pads as it would for the whole picture);
inside, a tile owns only what lies ``radius`` pixels away from its edges. The last tile of a row or column is shifted
inward, so that all tiles of a picture have one shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from relume.signal import UsageError

LARGEST_TILE = 768 * 768
SMALLEST_SIDE = 64


@dataclass(frozen=True)
class Span:
    """One tile along one axis, input pixels: it reads [start, stop) and owns [own_start, own_stop)."""

    start: int
    stop: int
    own_start: int
    own_stop: int


@dataclass(frozen=True)
class Plan:
    """How a picture of (height, width) input pixels is cut; ``tile`` is the shape (rows, columns) of every tile."""

    tile: tuple[int, int]
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @property
    def tiles(self) -> int:
        """How many tiles there are."""
        return len(self.rows) * len(self.columns)

    @property
    def pixels(self) -> int:
        """Input pixels that go through the network, overlaps counted as often as they are computed."""
        return self.tiles * self.tile[0] * self.tile[1]


def spans(length: int, tile: int, radius: int, multiple: int = 1) -> tuple[Span, ...]:
    """Cut ``length`` pixels into equal tiles of at most ``tile``; all starts and sizes are multiples of ``multiple``.

    ``length`` must be a multiple itself. The owned parts follow each other without gap or overlap.
    """
    if length % multiple or length < 1:
        raise UsageError(f"a side of {length} pixels is not a positive multiple of {multiple}")
    if tile >= length:
        return (Span(0, length, 0, length),)
    margin = ceil(radius / multiple) * multiple
    tile = tile // multiple * multiple
    if tile <= 2 * margin:
        raise UsageError(f"a tile of {tile} pixels is too small for an overlap of {margin} on each side")
    count = ceil((length - 2 * margin) / (tile - 2 * margin))
    even = ceil((length + (count - 1) * 2 * margin) / count / multiple) * multiple
    tile = min(tile, even)
    starts = [min(k * (tile - 2 * margin), length - tile) for k in range(count)]
    edges = [0, *(start + margin for start in starts[1:]), length]
    return tuple(
        Span(start, start + tile, own, end) for start, own, end in zip(starts, edges[:-1], edges[1:], strict=True)
    )


def plan(
    height: int,
    width: int,
    *,
    radius: int,
    multiple: int,
    tile_bytes: int,
    column_bytes: int,
    budget: int,
) -> Plan:
    """The cheapest cut of a picture of (height, width) input pixels that stays within ``budget`` bytes.

    ``tile_bytes``: what the network holds for each input pixel of a tile; ``column_bytes``: what the strips hold for
    each input pixel of a full-width band. Cheapest is what computes the fewest overlapping pixels; if not even the
    smallest tile fits, the smallest tile is used (memory then exceeds the budget by as little as possible).
    """
    margin = ceil(radius / multiple) * multiple
    smallest = ceil(max(SMALLEST_SIDE, 4 * margin) / multiple) * multiple
    best: Plan | None = None
    rows = smallest
    while True:
        rows = min(rows, height)
        left = budget - column_bytes * rows * width
        columns = min(LARGEST_TILE, max(left, 0) // tile_bytes) // rows // multiple * multiple
        if columns >= min(smallest, width):
            down, across = spans(height, rows, radius, multiple), spans(width, columns, radius, multiple)
            found = Plan((down[0].stop - down[0].start, across[0].stop - across[0].start), down, across)
            if best is None or found.pixels < best.pixels:
                best = found
        if rows >= height:
            break
        rows = ceil(rows * 1.25 / multiple) * multiple
    if best is None:
        down, across = (spans(side, min(smallest, side), radius, multiple) for side in (height, width))
        best = Plan((down[0].stop - down[0].start, across[0].stop - across[0].start), down, across)
    return best
