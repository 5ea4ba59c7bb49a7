"""``repair``: scratches, folds and holes are found, or given as a mask, and filled; nothing else changes.

``damage-mask`` gives the probability that a pixel is damaged; ``repair`` sees the picture with those pixels blackened,
and the mask, and what it paints is taken inside the mask alone. Outside every sample stays as it is, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.ndimage import label

from relume.runtime import masks
from relume.runtime.blocks import shrunk
from relume.runtime.flow import Place, cut, strips
from relume.runtime.options import Decision
from relume.runtime.pictures import SOURCE_TYPE, Source
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.self_ensemble import EIGHT, ONE, Side
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Net, SameSize, chain, load
from relume.runtime.working import Working
from relume.signal import Array
from relume.survey import Grid

DETECTOR, FILLER = "damage-mask", "repair"
LIKELY = 0.7
"""The probability from which a pixel is filled: to paint over a sound one costs more than to leave a faint scratch."""
DETECTING = 1024
"""Damage is looked for in a copy whose longer side is below twice this: wide damage looks as it did in training."""
FILLED = "the filled pixels were painted by a network and are no evidence of what was there"


@dataclass
class Detect(SameSize):
    """The probability of damage, one band."""

    def bands(self, bands: int) -> int:
        """One."""
        return 1

    def restored(self, rgb: Array, place: Place) -> Array:
        """(h, w, 1) in [0, 1]."""
        return self.net(rgb)

    def __call__(self, x: Array, place: Place) -> Array:
        """(h, w, bands) working values to (h, w, 1)."""
        colours = x[..., :-1] if x.shape[2] in (2, 4) else x
        return np.clip(self.restored(np.repeat(colours, 3, 2) if colours.shape[2] == 1 else colours, place), 0, 1)


@dataclass
class Fill(SameSize):
    """Pixels of ``mask`` (H, W) bool painted anew. A tile without any is not shown to the network."""

    mask: Array = field(kw_only=True)

    def restored(self, rgb: Array, place: Place) -> Array:
        """``rgb`` with the pixels inside the mask replaced."""
        hole = masks.window(self.mask, place.top, place.left, *rgb.shape[:2])[..., None]
        if not hole.any():
            return rgb
        return np.where(hole > 0, self.net(rgb * (1 - hole), hole), rgb)

    def __call__(self, x: Array, place: Place) -> Array:
        """As :class:`SameSize` has it, and outside the mask exactly ``x``."""
        hole = masks.window(self.mask, place.top, place.left, *x.shape[:2])[..., None]
        return np.where(hole > 0, super().__call__(x, place), x) if hole.any() else x.copy()


def plan(request: Request) -> Plan:
    """The repair of one picture."""
    options, source = request.options, request.open()
    filler = load(options.model or FILLER, "repair", ("x", "mask"), options, source.dtype)
    mask, before = wanted_mask(request, source, sides=EIGHT)
    share = float(mask.mean())
    found = "given" if _given(request) else "found"
    decision = Decision(
        "repair", bool(share), f"{100 * share:.2f} % of the pixels are damaged ({found})", {"share": share}
    )
    if not share:
        return Plan(source, chain(()), SOURCE_TYPE["faithful"], ("no damage was found: nothing is changed",),
                    (decision,), before, mask)  # fmt: skip
    strength = options.photo.strength
    step = Fill(filler, 1.0 if strength is None else strength, mask=mask)
    return Plan(source, step, SOURCE_TYPE["generative"], (FILLED,), (decision,), before, mask)


def _given(request: Request) -> bool:
    return request.mask is not None or request.options.photo.mask is not None


Choice = Callable[[Array], Array]
"""Of probabilities (H, W) uint8, 255 for one, to what counts as damaged: (H, W) bool."""


def likely(found: Array, least: float = LIKELY) -> Array:
    """What is as probable as ``least``."""
    return np.asarray(found >= least * 255)


def holding(found: Array, sure: float, least: int = 1) -> Array:
    """What is likely, and hangs together with ``least`` pixels that are as probable as ``sure``."""
    mask = likely(found)
    parts, count = label(mask, np.ones((3, 3), bool))
    surest = np.bincount(parts[likely(found, sure)], minlength=count + 1)
    result: Array = (surest >= least)[parts] & mask
    return result


def wanted_mask(
    request: Request, source: Source, choose: Choice = likely, sides: tuple[Side, ...] = ONE
) -> tuple[Array, tuple[Net, ...]]:
    """The mask of damage, (H, W) bool, as it was given or as it is detected; and the networks that detected it."""
    photo = request.options.photo
    if request.mask is not None:
        return masks.of_array(request.mask, source.height, source.width), ()
    if photo.mask is not None:
        return masks.read(Path(photo.mask), source.height, source.width, photo.mask_sha256, request.options), ()
    if request.dry:
        return np.ones((source.height, source.width), bool), ()
    return detect(request, choose, sides)


def detect(request: Request, choose: Choice = likely, sides: tuple[Side, ...] = ONE) -> tuple[Array, tuple[Net, ...]]:
    """Look for damage all over the picture, in one pass: (H, W) bool, and the network that looked.

    From eight sides it finds more and is wrong less often (an intersection over union of 0.03 more), in eight times the
    time.
    """
    source, options = request.open(), request.options
    net = load(DETECTOR, "detect", ("x",), options, source.dtype)
    net.sides = sides
    step, factor = Detect(net), max(1, max(source.height, source.width) // DETECTING)
    seen = source if factor == 1 else shrunk(source, Grid(factor, 0, 0))
    eight = np.dtype(np.uint8)
    working = Working(source.alpha, tone_curve(source.metadata.profile))
    tiles = cut(seen, step, eight, options.memory)
    found = np.zeros((seen.height, seen.width), np.uint8)
    row = 0
    for _, rows in strips(seen, step, tiles, working, eight, request.progress, made=Working(False)):
        found[row : row + len(rows)] = rows[..., 0]
        row += len(rows)
    mask = choose(found)
    if factor > 1:
        mask = mask.repeat(factor, axis=0).repeat(factor, axis=1)[: source.height, : source.width]
    return mask, (net,)
