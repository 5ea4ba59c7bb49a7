"""``depixelate``: the squares of a pixelated picture are its pixels at a lower resolution, and are enlarged again.

Each square's mean becomes one pixel; a network trained on area-averaged pictures enlarges by 2, 3 and 4, and larger
squares are undone by several of these (8: x4, then x2). What remains (a side of 5 or 7) is bicubic.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from relume.runtime import zoo
from relume.runtime.blocks import shrunk
from relume.runtime.flow import Place, Step
from relume.runtime.look import look
from relume.runtime.options import Decision, Options
from relume.runtime.pictures import SOURCE_TYPE
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Net, chain, opened
from relume.runtime.tasks.upscale import Bicubic, Upscale
from relume.runtime.working import Working
from relume.signal import Array, InputRejected, UsageError
from relume.survey import Grid

ENLARGER = "depixelate"


class NotPixelated(InputRejected):
    """No grid of squares is to be seen in the picture."""

    code = "not-pixelated"


@dataclass
class Blend:
    """The steps of ``inner``, blended by ``strength`` with the squares as they were."""

    inner: Step
    strength: float

    def __call__(self, x: Array, place: Place) -> Array:
        """(h, w, bands) means to (s h, s w, bands)."""
        y = self.inner(x, place)
        squares = x.repeat(self.scale, axis=0).repeat(self.scale, axis=1)
        return squares + np.float32(self.strength) * (y - squares)

    def bands(self, bands: int) -> int:
        """As many."""
        return self.inner.bands(bands)

    @property
    def scale(self) -> int:
        """The side of a square."""
        return self.inner.scale

    @property
    def radius(self) -> int:
        """The inner steps'."""
        return self.inner.radius

    @property
    def multiple(self) -> int:
        """The inner steps'."""
        return self.inner.multiple

    @property
    def footprint(self) -> int:
        """The inner steps', and the squares."""
        return self.inner.footprint + 16 * self.scale**2

    @property
    def macs(self) -> float:
        """The inner steps'."""
        return self.inner.macs

    @property
    def nets(self) -> tuple[Net, ...]:
        """The inner steps'."""
        return self.inner.nets


def plan(request: Request) -> Plan:
    """The depixelation of one picture."""
    options, source = request.options, request.open()
    grid = look(request.open(), Working(source.alpha, tone_curve(source.metadata.profile))).grid(options.photo.block)
    if grid is None:
        raise NotPixelated(f"{source.name}: no squares are to be seen in it; say how large they are with --block")
    strength = options.photo.strength
    step = enlarging(grid.block, options, source.dtype, 1.0 if strength is None else strength)
    how = "found" if options.photo.block is None else "as given"
    decision = Decision("depixelate", True, f"squares of {grid.block} pixels ({how})", dataclasses.asdict(grid))
    return Plan(
        shrunk(source, grid),
        step,
        SOURCE_TYPE["faithful"],
        decisions=(decision,),
        crop=crop(grid),
        size=(source.height, source.width),
        compared=False,
        dtype=source.dtype,
    )


def crop(grid: Grid) -> tuple[int, int]:
    """Rows and columns of the first squares that lie outside the picture."""
    return (grid.block - grid.top) % grid.block, (grid.block - grid.left) % grid.block


def factors(block: int) -> list[int]:
    """Enlargements by 4, 3 and 2, largest first, whose product is ``block``; the last one may be any prime.

    >>> factors(8), factors(6), factors(7)
    ([4, 2], [3, 2], [7])
    """
    found = []
    for factor in (4, 3, 2):
        while block % factor == 0:
            found.append(factor)
            block //= factor
    return found + ([block] if block > 1 else [])


def enlarging(block: int, options: Options, dtype: np.dtype[np.generic], strength: float) -> Step:
    """The steps that enlarge by ``block``."""
    model = zoo.find(options.model or ENLARGER)
    if model.card.task != "depixelate":
        raise UsageError(f"model {model.name} is for the task {model.card.task}, not for depixelate")
    steps = [_enlarge(model, factor, options, dtype) for factor in factors(block)]
    inner = chain(steps) if len(steps) > 1 else steps[0]
    return inner if strength == 1 else Blend(inner, strength)


def _enlarge(model: zoo.Model, factor: int, options: Options, dtype: np.dtype[np.generic]) -> Step:
    if factor not in model.card.scales or model.path is None:
        card = dataclasses.replace(zoo.BICUBIC, outputs={f"x{factor}": factor}, macs_per_pixel={f"x{factor}": 0})
        bicubic = zoo.Model("bicubic", card, None, None)
        return Upscale(Net(bicubic, Bicubic(factor), f"x{factor}"), factor)
    return Upscale(opened(model, model.card.output_for(factor), options, dtype), factor)
