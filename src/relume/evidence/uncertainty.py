"""How sure a restoration is: would it have come out the same, had the picture lain on its side?

Nothing about a relic depends on how its picture is turned. So the picture is restored in all eight of its flips and
quarter turns, each turned back, and where these disagree the network has guessed. The spread says how far they differ,
and cannot see an error that all eight share. Filling is left out, as what was filled is a guess throughout. With a
generative partner the realism dial, turned to its end, counts too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from relume.runtime.arrays import from_object
from relume.runtime.flow import cut, strips
from relume.runtime.glance import glance
from relume.runtime.options import Options
from relume.runtime.pictures import Source
from relume.runtime.realism import PARTNERS
from relume.runtime.tasks import relic, upscale
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.table import planned
from relume.runtime.working import Working
from relume.runtime.zoo import SHIPPED
from relume.signal import Array

SIDE = 384
"""Pixels a side, at most, of the copy of the original that is restored: a large picture is looked at as a whole."""


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """``spread``: standard deviation over ``views`` restorations, mean over channels, (h, w) float in [0, 1].

    ``shrunk``: by how much the original was made smaller for it (1: not at all); ``mean`` and ``p95`` of the spread.
    """

    spread: Array
    views: int
    shrunk: float
    mean: float
    p95: float


def turned(x: Array) -> Iterator[tuple[Array, Callable[[Array], Array]]]:
    """The eight flips and quarter turns of (h, w, bands), each with what turns a result back."""
    for flip in (False, True):
        for quarters in range(4):
            y = np.rot90(x[:, ::-1] if flip else x, quarters)

            def back(z: Array, flip: bool = flip, quarters: int = quarters) -> Array:
                z = np.rot90(z, -quarters)
                return z[:, ::-1] if flip else z

            yield np.ascontiguousarray(y), back


def of_options(again: Callable[[], Source], options: Options) -> Uncertainty:
    """The uncertainty of what ``options`` make of the picture that ``again`` opens; raises what the task raises.

    A change of colour that was measured or given is the same in every view: then only detail can disagree.
    """
    whole = again()
    small = glance(again(), SIDE).small
    fixed = None
    if options.relic.given:
        fixed = relic.estimate(options.relic, again)
    total, squares, views = np.zeros(()), np.zeros(()), 0
    for setting in _settings(options):
        for view, back in turned(small):
            y: Array = back(_restored(view, setting, fixed)).astype(np.float64)
            total, squares, views = total + y, squares + y * y, views + 1
    variance = np.maximum(squares / views - (total / views) ** 2, 0)
    spread: Array = np.sqrt(variance).mean(axis=2)
    shrunk = max(1.0, max(whole.width, whole.height) / max(small.shape[:2]))
    return Uncertainty(spread, views, shrunk, float(spread.mean()), float(np.percentile(spread, 95)))


def _settings(options: Options) -> list[Options]:
    """The options asked for, and with the dial at the other end where there is a generative partner."""
    whole = dataclasses.replace(options.relic, fill=False)
    photo = dataclasses.replace(options.photo, mask=None, mask_sha256=None)
    plain = dataclasses.replace(options, report=None, lut_out=None, mask_out=None, relic=whole, photo=photo)
    relics = options.task == "relic"
    if relics and options.scale == 1 and options.model is None:
        return [plain]
    usual = relic.DETAIL_MODEL if relics and relic.DETAIL_MODEL in SHIPPED else upscale.DEFAULT_MODEL
    if PARTNERS.get(options.model or usual) not in SHIPPED:
        return [plain]
    return [plain, dataclasses.replace(plain, realism=0.0 if options.realism else 1.0)]


def _restored(x: Array, options: Options, fixed: relic.Estimated | None) -> Array:
    """(h, w, bands) float32 restored as ``options`` say, as (s h, s w, bands)."""
    plan = _plan(x, options, fixed)
    source, working = from_object(x), Working(False)
    deep = np.dtype(np.float32)
    tiles = cut(source, plan.step, deep, options.memory)
    return np.concatenate([rows.copy() for _, rows in strips(source, plan.step, tiles, working, deep, None)])


def _plan(x: Array, options: Options, fixed: relic.Estimated | None) -> Plan:
    request = Request(lambda: from_object(x), options)
    return planned(request) if fixed is None else relic.plan(request, fixed)
