"""``relic``: the colour of a dark, faded or yellowed relic brought back, then its detail.

CR-SRGAN (Lei and Wu 2021) rebuilds colour from the background colour of the whole. Here that is a look at a small copy
of the whole picture, from which ``relic-colour`` predicts one change of colour (:mod:`relume.runtime.lut`). It is the
same everywhere, so no tile has a colour of its own, and it can be dialled, given away and applied elsewhere. Detail
follows: ``relic-detail`` where it ships and can, else ``cascade-psnr``. At x1 colour alone is changed, unless a model
or realism is asked for: a scan of record keeps its grain.

Cracks and losses are filled first where that is asked for, as the task repair does it, and marked in a mask.
A chart or reference patches in the picture, or a ``.cube``, take the network's place: then colour is measured.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from relume.runtime import chart, zoo
from relume.runtime.colour_options import ColourOptions
from relume.runtime.flow import Place, Step
from relume.runtime.functions import Function
from relume.runtime.glance import glance
from relume.runtime.lut import BadLut, Lut, read_cube
from relume.runtime.lut import sha256 as lut_sha256
from relume.runtime.options import Decision, Options
from relume.runtime.pictures import SOURCE_TYPE, Source, colours
from relume.runtime.pictures.icc import srgb_encode, tone_curve
from relume.runtime.realism import PARTNERS
from relume.runtime.tasks import repair, upscale
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Chain, Net, chain
from relume.signal import Array, ModelError, UsageError

COLOUR_MODEL, DETAIL_MODEL = "relic-colour", "relic-detail"
SCALES = (1, 2, 4)
NO_DETAIL = "none"
"""The name of no model: colour alone is changed."""
SIDE = 256
"""Pixels a side, at most, of the copy that the colour is estimated from."""


@dataclass
class Colour:
    """The change of colour as a step: each pixel by itself."""

    lut: Lut
    scale: int = 1
    radius: int = 0
    multiple: int = 1
    footprint: int = 64
    macs: float = 300.0
    nets: tuple[Net, ...] = ()

    def bands(self, bands: int) -> int:
        """As many as came in."""
        return bands

    def __call__(self, x: Array, place: Place = Place()) -> Array:  # noqa: B008 (a frozen value)
        """(h, w, bands) working values to the same; gray by the tone alone, alpha as it is."""
        if x.shape[2] in (1, 3):
            return self.lut(x)
        alpha = x[..., -1:]
        straight = np.divide(x[..., :-1], alpha, out=np.zeros_like(x[..., :-1]), where=alpha > 0)
        return np.concatenate([self.lut(np.minimum(straight, 1)) * alpha, alpha], axis=2)


@dataclass(frozen=True, eq=False)
class Estimated:
    """A change of colour at full strength and the decision that led to it; ``net`` if a network gave it."""

    lut: Lut
    decision: Decision
    net: Net | None = None
    notes: tuple[str, ...] = ()


def plan(request: Request, found: Estimated | None = None) -> Plan:
    """The task for one picture; ``found``: the change of colour, where it is known already.

    Raises a RelumeError: no chart there, a damaged .cube, a model that is missing.
    """
    options, source = request.options, request.open()
    if options.scale not in SCALES:
        raise UsageError(f"the task relic enlarges by {', '.join(map(str, SCALES))}, not by {options.scale}")
    detail = _detail(options, source.dtype)
    if found is None and request.dry:
        found = Estimated(Lut.identity(2), _decided(options.relic, "not looked at yet", origin="unknown"))
    found = found or estimate(options.relic, request.open)
    colour = Colour(found.lut.at(options.relic.strength)) if options.relic.strength else None
    filling = _filling(request, source) if options.relic.fill else None
    steps: list[Step] = [step for step in (filling.step if filling else None, colour, detail) if step is not None]
    generative = filling is not None or (detail is not None and detail.model.card.fidelity == "generative")
    return Plan(
        source,
        chain(steps),
        SOURCE_TYPE["generative" if generative else "faithful"],
        notes=found.notes + (filling.notes if filling else ()),
        decisions=(*(filling.decisions if filling else ()), found.decision, _told(detail)),
        before=(*(filling.before if filling else ()), *(() if found.net is None else (found.net,))),
        mask=filling.mask if filling else None,
        dial=None if detail is None else detail.dial,
        compared=detail is not None or filling is not None,
        expected=colour,
    )


def _filling(request: Request, source: Source) -> Plan:
    """The task repair as the first part of this one."""
    return repair.plan(dataclasses.replace(request, options=dataclasses.replace(request.options, model=None)))


def change_of(plan: Plan) -> Lut:
    """The change of colour that a plan of this task applies, as it is dialled."""
    return plan.expected.lut if isinstance(plan.expected, Colour) else Lut.identity(2)


def detail_of(plan: Plan) -> str:
    """What to ask for by ``Options.model`` to get the detail of a plan of this task again."""
    steps = plan.step.steps if isinstance(plan.step, Chain) else (plan.step,)
    if plan.dial is not None:
        return plan.dial.faithful.name
    return next((step.model.name for step in steps if isinstance(step, upscale.Upscale)), NO_DETAIL)


def estimate(wanted: ColourOptions, again: Callable[[], Source]) -> Estimated:
    """The change of colour for the picture that ``again`` opens, at full strength; raises a RelumeError."""
    if wanted.lut is not None:
        lut = _checked(Path(wanted.lut), wanted.lut_sha256)
        found, gray = Estimated(lut, _decided(wanted, f"as {Path(wanted.lut).name} says", origin="cube")), False
    elif wanted.chart is not None or wanted.patches:
        found, gray = _measured(wanted, again()), False
    else:
        net = colour_net()
        seen = glance(again(), SIDE, multiple=net.model.card.multiple)
        gray = seen.gray or seen.balanced
        kept = "; its grays have no tint and get none" if gray else ""
        reason = f"estimated by a network from a small copy of the whole picture{kept}"
        found = Estimated(predicted(net, seen.small), _decided(wanted, reason, origin="network"), net)
    if not (wanted.lock_neutral or gray):
        return found
    return Estimated(found.lut.neutral(), found.decision, found.net, found.notes)


def colour_net() -> Net:
    """The network that looks at a small copy and gives a table; raises ModelError where none ships."""
    model = zoo.find(COLOUR_MODEL)
    if model.card.task != COLOUR_MODEL or model.path is None:
        raise ModelError(f"model {model.name} is for the task {model.card.task}, not for {COLOUR_MODEL}")
    return Net(model, _Table(_function(model.path)), next(iter(model.card.outputs)))


def predicted(net: Net, small: Array) -> Lut:
    """The table for (h, w, 1 or 3) float32 working values; raises ModelError where the network gives none."""
    started = time.perf_counter()
    output = net.network(small if small.shape[2] == 3 else np.repeat(small, 3, axis=2))
    net.seconds += time.perf_counter() - started
    try:
        return Lut.of_network(output)
    except UsageError as error:
        raise ModelError(f"model {net.model.name} gave no lookup table: {error}") from error


class _Table:
    """A network that gives a table in place of a picture."""

    engine = "openvino"
    precision = "f32"
    footprint = 0

    def __init__(self, function: Function) -> None:
        self._function = function

    def __call__(self, *inputs: Array) -> Array:
        """(h, w, 3) float32 to (3, D, D, D)."""
        result: Array = self._function(np.ascontiguousarray(inputs[0].transpose(2, 0, 1)[None]))[0]
        return result


@lru_cache(maxsize=4)
def _function(path: Path) -> Function:
    return Function(path)


def _detail(options: Options, dtype: np.dtype[Any]) -> upscale.Upscale | None:
    """What makes the detail at this scale: the model asked for, else the relics' own, else the upscaler's."""
    if options.model == NO_DETAIL:
        if options.scale != 1:
            raise UsageError(f"--model {NO_DETAIL} changes colour alone and keeps the size: leave --scale out")
        return None
    if options.model is None:
        if options.scale == 1 and not options.realism:
            return None
        ships = DETAIL_MODEL in zoo.SHIPPED and options.scale in zoo.find(DETAIL_MODEL).card.scales
        if ships and (not options.realism or PARTNERS.get(DETAIL_MODEL) in zoo.SHIPPED):
            options = dataclasses.replace(options, model=DETAIL_MODEL)
    return upscale.prepared(*upscale.chosen(options), options, dtype, ("upscale", "relic"))


def _told(detail: upscale.Upscale | None) -> Decision:
    if detail is None:
        return Decision("detail", False, "the size is kept, and colour alone is changed")
    return Decision("detail", True, f"by {detail.model.name}, x{detail.scale}")


def _decided(wanted: ColourOptions, reason: str, **values: Any) -> Decision:
    """The decision about colour, with the strength that it is applied with."""
    return Decision("colour", wanted.strength > 0, reason, values | {"strength": wanted.strength})


def _checked(path: Path, sha256: str | None) -> Lut:
    lut = read_cube(path)
    if sha256 is not None and lut_sha256(path) != sha256:
        raise BadLut(f"{path}: not the table that was applied then; its sha256 differs")
    return lut


def _measured(wanted: ColourOptions, picture: Source) -> Estimated:
    """From a chart or patches in the picture, whose rows are used up."""
    name, profile = picture.name, picture.metadata.profile
    if picture.colours != 3:
        raise UsageError(f"{name}: a gray picture has no colour to measure")
    places = chart.boxes(wanted.patches) if wanted.chart is None else chart.fields(wanted.chart)
    right, bottom = max(box[2] for box in places), max(box[3] for box in places)
    if wanted.chart is not None:
        right, bottom = wanted.chart[2:]
    if right > picture.width or bottom > picture.height:
        size = f"{picture.width}x{picture.height}"
        raise chart.ChartRejected(f"{name}: the patches reach to {right},{bottom}, outside the picture of {size}")
    means = glance(picture, SIDE, places).means
    tone = tone_curve(profile)
    coded = means if tone is None else np.interp(means, srgb_encode(tone), np.linspace(0, 1, len(tone)))
    colours.check_invertible(coded, profile)
    lab = colours.to_lab(coded, profile)
    if wanted.chart is not None:
        fit, origin = chart.of_checker(lab, wanted.chart, name), "chart"
    else:
        fit, origin = chart.of_patches(lab, wanted.patches, name), "patches"
    reason = f"measured on {len(places)} patches of known colour, mean CIEDE2000 {fit.before:.1f} before"
    reason += f" and {fit.after:.1f} after ({fit.method})"
    return Estimated(chart.table(fit, profile, tone), _decided(wanted, reason, origin=origin, **fit.plain()))
