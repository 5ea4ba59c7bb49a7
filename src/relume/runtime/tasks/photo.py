"""``photo``: look at an old photograph, decide what it needs, do that and no more, and say why.

In this order: squares undone, damage filled, noise taken away, colours given, enlarged. Each is done only where the
picture shows that it needs it, gently, and colours only where they are asked for: they are invented.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relume.runtime import masks, zoo
from relume.runtime.blocks import shrunk
from relume.runtime.flow import Step, cut, strips
from relume.runtime.look import BLOCKY, Look, Shrinking, look
from relume.runtime.options import Decision, Options
from relume.runtime.pictures import SOURCE_TYPE, Source
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.tasks import colorize, denoise, depixelate, repair, upscale
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Net, Taken, chain, load
from relume.runtime.working import Working
from relume.signal import Array, UsageError
from relume.survey import Grid

LEAST_DAMAGE, MOST_DAMAGE = 0.005, 0.35
"""The share of damaged pixels from which they are filled without being asked, and beyond which the detector is not to
be believed. Of real old photographs in which it finds less, most are whole: a rope, a wire, a pole."""
CERTAIN, PIXELS, CAREFUL, MANY = 0.998, 8, 0.97, 0.0005
"""Damage holds ``PIXELS`` of the first probability; in pictures with ``MANY`` of it, a share, one of the second: the
rim of spectacles alone passes for no scratch, nor does a frame."""
LEAST_NOISE = 3.0 / 255
"""Noise below this is left: it is hardly seen, and fine detail could be taken for it."""
KEPT = 1 << 22
"""Pixels of the largest picture of which what the steps before the colours made is held, in four bytes a sample."""
GENTLE = 0.8
"""How much of the noise is taken, and of the colour given, unless a strength is asked for."""


@dataclass
class _Chosen:
    """What has been decided so far, from the first step to the last."""

    request: Request
    source: Source
    seen: Look
    working: Working
    steps: list[Step] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    before: list[Net] = field(default_factory=list)
    grid: Grid | None = None
    mask: Array | None = None
    invented: bool = False

    @property
    def options(self) -> Options:
        return self.request.options

    def say(self, step: str, done: bool, reason: str, option: str = "", **values: object) -> None:
        self.decisions.append(Decision(step, done, reason, values, option))

    def ships(self, step: str, *models: str) -> bool:
        """Whether the models are there; if not, that is said."""
        missing = [model for model in models if model not in zoo.SHIPPED]
        if missing:
            self.say(step, False, f"no model {missing[0]} ships with this version")
        return not missing

    def strength(self, usual: float) -> float:
        asked = self.options.photo.strength
        return usual if asked is None else asked


def plan(request: Request) -> Plan:
    """The restoration of one photograph."""
    if request.options.model is not None:
        raise UsageError("the task photo chooses its models itself: leave --model out, or name a single task")
    source = request.open()
    colorize.check_hints(request.options.photo.hints, source.height, source.width)
    working = Working(source.alpha, tone_curve(source.metadata.profile))
    chosen = _Chosen(request, source, look(request.open(), working), working)
    for decide in (_squares, _jpeg, _damage, _noise, _colour, _size):
        decide(chosen)
    if not chosen.steps:
        chosen.notes.append("nothing in this picture calls for a change: it is as it was")
    return Plan(
        chosen.source,
        chain(chosen.steps),
        SOURCE_TYPE["generative" if chosen.invented else "faithful"],
        tuple(chosen.notes),
        tuple(chosen.decisions),
        tuple(chosen.before),
        chosen.mask,
        *_frame(chosen),
        compared=chosen.grid is None,
        dtype=source.dtype,
    )


def _frame(chosen: _Chosen) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """Where the result lies in what the steps give: whole, unless squares stood out of the picture."""
    if chosen.grid is None:
        return (0, 0), None
    scale, (top, left) = chosen.options.scale, depixelate.crop(chosen.grid)
    return (top * scale, left * scale), (chosen.seen.height * scale, chosen.seen.width * scale)


def _squares(chosen: _Chosen) -> None:
    grid = chosen.seen.grid(chosen.options.photo.block)
    if grid is None:
        chosen.say("depixelate", False, "no squares are to be seen")
    elif chosen.ships("depixelate", depixelate.ENLARGER):
        chosen.say("depixelate", True, f"squares of {grid.block} pixels", **dataclasses.asdict(grid))
        step = depixelate.enlarging(grid.block, chosen.options, chosen.source.dtype, chosen.strength(1.0))
        chosen.steps.append(step)
        chosen.source, chosen.grid = shrunk(chosen.source, grid), grid


def _jpeg(chosen: _Chosen) -> None:
    steps = chosen.seen.jpeg
    if _blocky(chosen) and chosen.options.scale == 1:
        reason = f"JPEG's squares can be seen (steps between them {steps:.2f} times larger); enlarging would treat them"
        chosen.say("jpeg", False, reason, steps=steps)


def _blocky(chosen: _Chosen) -> bool:
    """Whether JPEG's squares can be seen."""
    return chosen.grid is None and chosen.seen.jpeg >= BLOCKY


def _damage(chosen: _Chosen) -> None:
    request, source = chosen.request, chosen.source
    if chosen.grid is not None:
        chosen.say("repair", False, "in a pixelated picture no damage can be told from a square")
        return
    given = request.mask is not None or chosen.options.photo.mask is not None
    if not chosen.ships("repair", repair.FILLER, *(() if given else (repair.DETECTOR,))):
        return
    mask, nets = repair.wanted_mask(request, source, careful)
    mask = mask if given else masks.without_frame(mask)
    chosen.before.extend(nets)
    share = float(mask.mean())
    text = f"{100 * share:.2f} % of the pixels are damaged ({'given' if given else 'found'})"
    if given or LEAST_DAMAGE <= share <= MOST_DAMAGE:
        net = load(repair.FILLER, "repair", ("x", "mask"), chosen.options, source.dtype)
        chosen.say("repair", True, text, share=share)
        chosen.steps.append(repair.Fill(net, chosen.strength(1.0), mask=mask))
        chosen.notes.append(repair.FILLED)
        chosen.mask, chosen.invented = mask, True
    elif share < LEAST_DAMAGE:
        chosen.say("repair", False, f"{text}, too few to be filled unasked", "--task repair", share=share)
    else:
        chosen.say("repair", False, f"{text}, too many to be believed without a mask of yours", "--mask", share=share)


def careful(found: Array) -> Array:
    """What counts as damaged, of probabilities (H, W) uint8."""
    certain = repair.holding(found, CERTAIN, PIXELS)
    return repair.holding(found, CAREFUL) if certain.mean() >= MANY else certain


def _noise(chosen: _Chosen) -> None:
    asked, sigma = chosen.options.photo.sigma, chosen.seen.sigma
    text = f"noise of sigma {255 * sigma:.1f} of 255"
    if chosen.grid is not None and asked is None:
        chosen.say("denoise", False, "the means of squares hold little noise")
    elif asked is None and sigma < LEAST_NOISE:
        chosen.say("denoise", False, f"{text}, too little to matter", sigma=255 * sigma)
    elif chosen.ships("denoise", denoise.LIGHT):
        net = load(denoise.LIGHT, "denoise", ("x", "sigma"), chosen.options, chosen.source.dtype)
        sigma = sigma if asked is None else asked / 255
        strength = chosen.strength(GENTLE)
        chosen.say("denoise", True, f"{text}, taken away to {100 * strength:.0f} %", sigma=255 * sigma)
        chosen.steps.append(denoise.Denoise(net, strength, sigma=sigma))


def _colour(chosen: _Chosen) -> None:
    seen, photo = chosen.seen, chosen.options.photo
    values: dict[str, Any] = {"tint": seen.tint, "variety": seen.variety}
    if not seen.monochrome:
        chosen.say("colorize", False, "the picture has colours", **values)
    elif not (photo.colour or photo.hints):
        chosen.say("colorize", False, "colours would be invented, and were not asked for", "--colour", **values)
    elif chosen.ships("colorize", colorize.COLOURIST):
        net = load(colorize.COLOURIST, "colorize", ("x", "hints"), chosen.options, chosen.source.dtype)
        small = _small_so_far(chosen)
        size = (chosen.seen.height, chosen.seen.width)
        strength = chosen.strength(1.0 if photo.hints else GENTLE)
        chosen.steps.append(colorize.colouring(net, small, size, photo.hints, strength))
        chosen.decisions.append(colorize.decided(seen, photo.hints))
        chosen.notes.append(colorize.INVENTED)
        chosen.invented = True


def _small_so_far(chosen: _Chosen) -> Array:
    """The small copy of the picture after the steps so far, which costs a pass through them.

    Of a picture of up to ``KEPT`` pixels all that the pass made is kept, and the steps are not taken again.
    """
    if not chosen.steps or chosen.grid is not None:
        return chosen.seen.small
    source, step = chosen.request.open(), chain(chosen.steps)
    small = Shrinking(source.height, source.width, source.colours)
    tiles = cut(source, step, source.dtype, chosen.options.memory)
    few = source.height * source.width <= KEPT
    made = np.empty((source.height, source.width, step.bands(source.bands)) if few else (0, 0, 0), np.float32)

    def keep(top: int, left: int, own: Array) -> None:
        made[top : top + own.shape[0], left : left + own.shape[1]] = own

    on_tile = keep if few else None
    for _, rows in strips(source, step, tiles, chosen.working, source.dtype, chosen.request.progress, on_tile):
        small.add(chosen.working.of(rows)[..., : source.colours])
    if few:
        chosen.steps = [Taken(step, made)]
    return small.picture


def _size(chosen: _Chosen) -> None:
    scale = chosen.options.scale
    if scale == 1:
        return
    options = dataclasses.replace(chosen.options, task="upscale", photo=type(chosen.options.photo)(), mask_out=None)
    text = f"a scale of {scale} was asked for"
    if _blocky(chosen) and upscale.FOUND in zoo.SHIPPED:
        options = dataclasses.replace(options, model=upscale.FOUND)
        text += f", and JPEG's squares can be seen: {upscale.FOUND}"
    step = upscale.prepare(options, chosen.source.dtype)
    chosen.steps.append(step)
    chosen.say("upscale", True, text, scale=scale)
    chosen.invented = chosen.invented or step.model.card.fidelity == "generative"
