"""What a picture shows of its own damage, by the eyes and the bounds of the task ``photo``; nothing is restored."""

from __future__ import annotations

from dataclasses import dataclass

from relume.runtime import masks
from relume.runtime.arrays import from_object
from relume.runtime.look import BLOCKY, look
from relume.runtime.options import Options
from relume.runtime.tasks import photo, repair
from relume.runtime.tasks.plan import Request
from relume.runtime.working import Working
from relume.signal import Array


@dataclass(frozen=True)
class Findings:
    """What was found.

    ``damaged``: share of pixels with scratches, folds or holes, 0 to 1. ``sigma``: of the noise, in 255ths. ``jpeg``:
    how much larger steps are between JPEG's squares than within them. ``block``: side of the squares of a pixelated
    picture in pixels, 0 where there are none; in such a picture no damage is looked for.
    """

    damaged: float
    sigma: float
    jpeg: float
    block: int

    @property
    def broken(self) -> bool:
        """Whether ``photo`` would fill damage without being asked."""
        return photo.LEAST_DAMAGE <= self.damaged <= photo.MOST_DAMAGE

    @property
    def beyond(self) -> bool:
        """Whether so much looks damaged that it is not to be believed."""
        return self.damaged > photo.MOST_DAMAGE

    @property
    def grainy(self) -> bool:
        """Whether ``photo`` would take noise away."""
        return not self.block and self.sigma >= 255 * photo.LEAST_NOISE

    @property
    def squares(self) -> bool:
        """Whether JPEG's squares can be seen."""
        return not self.block and self.jpeg >= BLOCKY


def find(whole: Array, detail: Array | None = None) -> Findings:
    """Look at ``whole`` (h, w, 3) uint8 sRGB, the picture or a small copy of it.

    Where it is a copy, ``detail`` is a part of the picture at its own size, cut at multiples of 8 pixels: noise and
    squares do not outlive being made small. It takes about half a second of one core for a megapixel.
    """
    seen = look(from_object(whole if detail is None else detail), Working(alpha=False))
    grid = seen.grid()
    damaged = 0.0
    if grid is None:
        mask, _ = repair.detect(Request(lambda: from_object(whole), Options()), photo.careful)
        damaged = float(masks.without_frame(mask).mean())
    return Findings(damaged, 255 * seen.sigma, seen.jpeg, 0 if grid is None else grid.block)
