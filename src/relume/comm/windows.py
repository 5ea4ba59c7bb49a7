"""Long messages as overlapping windows, so that a decoder's recursion runs over many of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from relume.signal import Array


@dataclass(frozen=True)
class Place:
    """Windows of one kind: their starts and common length, what to keep of each, and whether they touch the ends."""

    starts: Array
    length: int
    keep_from: int
    keep_to: int
    first: bool
    last: bool


@dataclass(frozen=True)
class Windows:
    """Cuts ``steps`` steps into cores of ``core`` with ``guard`` steps on either side.

    A message no longer than ``core + 2 guard`` stays whole. Decoders start and end interior windows in ignorance; a
    guard of ten times the code's memory makes the difference immeasurable.
    """

    steps: int
    core: int
    guard: int

    def groups(self) -> Iterator[Place]:
        """The first window, the interior ones, and the last."""
        span = self.core + 2 * self.guard
        if self.steps <= span:
            yield Place(np.array([0]), self.steps, 0, self.steps, True, True)
            return
        head = self.core + self.guard
        yield Place(np.array([0]), head + self.guard, 0, head, True, False)
        middle = (self.steps - head - 1) // self.core
        if middle > 0:
            starts = head - self.guard + self.core * np.arange(middle)
            starts = starts[starts + span <= self.steps]
            middle = len(starts)
            if middle:
                yield Place(starts, span, self.guard, self.guard + self.core, False, False)
        done = head + self.core * max(0, middle)
        yield Place(np.array([done - self.guard]), self.steps - done + self.guard, self.guard, -1, False, True)

    def cut(self, x: Array, place: Place) -> Array:
        """(B, steps, ...) to (B * windows, length, ...)."""
        frames = np.lib.stride_tricks.sliding_window_view(x, place.length, axis=1)[:, place.starts]
        frames = np.moveaxis(frames, -1, 2)
        return frames.reshape(-1, place.length, *x.shape[2:])

    def paste(self, out: Array, decoded: Array, place: Place) -> None:
        """Write the kept part of (B * windows, length, ...) into ``out`` (B, steps, ...)."""
        stop = place.length if place.keep_to < 0 else place.keep_to
        kept = decoded[:, place.keep_from : stop]
        begin = int(place.starts[0]) + place.keep_from
        kept = kept.reshape(out.shape[0], -1, *out.shape[2:])
        out[:, begin : begin + kept.shape[1]] = kept
