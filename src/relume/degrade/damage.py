"""Damage drawn as lines and specks: scratches, scratch sheets laid over the picture, folds and dust."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter1d

from relume.degrade.base import (
    Damage,
    Layer,
    Span,
    check_choice,
    check_span,
    cover,
    picture_shape,
    sample,
    sample_whole,
    unit_of,
)
from relume.degrade.fields import Stroke, fractal, ramp, rasterise, wander, wobble
from relume.signal import Array, Draw, UsageError

PAPER = np.array([0.95, 0.93, 0.89])
SOOT = np.array([0.10, 0.08, 0.07])
# Places along a fold that its random curves are tabulated at, over five shorter sides.
TICKS = 4096


def scratch(shape: tuple[int, int], length: float, width: float, opacity: float, breaks: float, tilt: float,
            rng: np.random.Generator) -> Stroke:  # fmt: skip
    """One scratch: a line that drifts, swells and thins, fades, and breaks off for ``breaks`` of its length.

    ``length`` and ``width`` are in pixels; ``tilt`` is its heading in radians.
    """
    start = (rng.random() * shape[0], rng.random() * shape[1])
    step = max(0.6, 0.35 * width)
    y, x = wander(start, tilt, length, rng, bend=rng.normal(0, 0.25), jitter=rng.random() * 0.25, step=step)
    y, x = y - (y[-1] - start[0]) / 2, x - (x[-1] - start[1]) / 2
    count = len(y)
    taper = ramp(np.minimum(np.arange(count), np.arange(count)[::-1]), 0, 0.12 * count)
    swell = 0.45 + 0.75 * wobble(count, 3 + count // 30, rng)
    press = wobble(count, 3 + count // 20, rng)
    held = ramp(press, breaks - 0.1, breaks + 0.15) if breaks > 0 else np.ones(count)
    half = 0.5 * width * swell * (0.35 + 0.65 * taper)
    return Stroke(y, x, half, opacity * held * (0.55 + 0.45 * press) * (0.3 + 0.7 * taper))


@dataclass(frozen=True)
class Scratches(Damage):
    """Lines scraped into the print or the negative: long ones that follow one direction, and short hairs.

    ``count`` lines; ``length`` as a part of the shorter side; ``width`` in damage units; ``opacity`` in [0, 1];
    ``dark`` the share of dark ones (a scratched negative prints dark, a scratched print shows its white paper);
    ``hairs`` the share of short curved ones; ``breaks`` the share of each line that is missing.
    """

    count: Span = (4, 18)
    length: Span = (0.15, 1.1)
    width: Span = (0.8, 2.4)
    opacity: Span = (0.5, 1.0)
    dark: float = 0.25
    hairs: float = 0.4
    breaks: Span = (0.0, 0.45)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 1000, whole=True)
        check_span(self, "length", 0.01, 3)
        check_span(self, "width", 0.1, 20)
        check_span(self, "opacity", 0, 1)
        check_span(self, "dark", 0, 1)
        check_span(self, "hairs", 0, 1)
        check_span(self, "breaks", 0, 1)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """White and dark lines; one common direction for the long ones."""
        unit, side = unit_of(shape), min(shape)
        along = rng.random() * np.pi
        white: list[Stroke] = []
        dark: list[Stroke] = []
        for _ in range(sample_whole(self.count, rng)):
            hair = rng.random() < self.hairs
            tilt = rng.random() * np.pi if hair else along + rng.normal(0, 0.3)
            length = max(4.0, side * sample(self.length, rng) * (0.25 if hair else 1.0))
            width = max(0.6, unit * sample(self.width, rng) * (0.6 if hair else 1.0))
            line = scratch(shape, length, width, sample(self.opacity, rng), sample(self.breaks, rng), tilt, rng)
            (dark if rng.random() < self.dark else white).append(line)
        light = PAPER + rng.normal(0, 0.04) + rng.normal(0, 0.008, 3)
        below = cover(rasterise(shape, dark), SOOT)
        return below.under(cover(rasterise(shape, white), np.clip(light, 0, 1)))


Sheet = Literal["scratched", "worn", "dusty"]
SHEETS: tuple[str, ...] = ("scratched", "worn", "dusty")
SHEET_SIDE = 512


@lru_cache(maxsize=12)
def sheet(kind: Sheet, number: int) -> Array:
    """A scratch sheet, (512, 512) float32 in [-1, 1]: white damage above zero, dark below; the same for the same key.

    ``scratched``: parallel and crossing lines; ``worn``: rubbed patches and hairs; ``dusty``: specks and fibres.
    """
    rng = np.random.default_rng([SHEETS.index(kind), number])
    shape = (SHEET_SIDE, SHEET_SIDE)
    lines = {"scratched": 46, "worn": 26, "dusty": 0}[kind]
    along = rng.random() * np.pi
    strokes: tuple[list[Stroke], list[Stroke]] = ([], [])
    for _ in range(lines):
        tilt = along + rng.normal(0, 0.25) if kind == "scratched" else rng.random() * np.pi
        length = float(rng.gamma(2.0, 70 if kind == "scratched" else 30)) + 12
        line = scratch(shape, length, 0.7 + rng.gamma(2, 0.4), 0.3 + 0.7 * rng.random(), 0.5 * rng.random(), tilt, rng)
        strokes[int(rng.random() < 0.25)].append(line)
    white, dark = (rasterise(shape, s) for s in strokes)
    if kind == "worn":
        grit = fractal(shape, 40, 3, rng, roughness=0.8)
        where = ramp(fractal(shape, 3, 3, rng), 0.9, 2.0)
        white = np.maximum(white, 0.9 * where * ramp(grit, 0.2, 0.9))
    if kind == "dusty":
        motes = Dust(count=(150, 150), fibres=(14, 14))
        white, dark = motes.specks(shape, rng)
    made = np.clip(np.where(white >= dark, white, -dark), -1, 1).astype(np.float32)
    made.flags.writeable = False
    return made


@dataclass(frozen=True)
class Overlay(Damage):
    """A scratch sheet mapped onto the picture: turned, scaled, shifted and laid over it, as scanned textures are.

    ``kind`` names the family of built-in sheets (or ``any``), ``sheets`` how many of each there are; ``scale`` is the
    magnification (damage units per sheet pixel), ``opacity`` the strength. A sheet of one's own goes through
    :meth:`lay`.
    """

    kind: Sheet | Literal["any"] = "any"
    sheets: int = 4
    scale: Span = (0.6, 1.6)
    opacity: Span = (0.4, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "kind", (*SHEETS, "any"))
        check_span(self, "sheets", 1, 1000, whole=True)
        check_span(self, "scale", 0.1, 10)
        check_span(self, "opacity", 0, 1)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Pick a built-in sheet and map it."""
        kind = SHEETS[int(rng.integers(len(SHEETS)))] if self.kind == "any" else self.kind
        number = int(rng.integers(self.sheets))
        return self.map(sheet(kind, number), shape, rng)  # type: ignore[arg-type]

    def lay(self, texture: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """A draw from one's own ``texture``, (h, w) float in [-1, 1]: white damage above zero, dark below zero."""
        if texture.ndim != 2 or min(texture.shape) < 8:
            raise UsageError(f"an overlay texture is (h, w) with sides of 8 or more, not {texture.shape}")
        return self.split(self.map(texture.astype(np.float32), picture_shape(shape), rng), len(shape) == 3)

    def map(self, texture: Array, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Turn, scale, mirror and shift ``texture`` over (H, W), repeated where the picture is larger."""
        turn = rng.random() * 2 * np.pi
        zoom = max(unit_of(shape), 0.25) * sample(self.scale, rng)
        mirror = 1 if rng.random() < 0.5 else -1
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [mirror * np.sin(turn), mirror * np.cos(turn)]]) / zoom
        offset = rng.random(2) * texture.shape
        laid = affine_transform(texture, matrix, offset, output_shape=shape, order=1, mode="grid-wrap")
        opacity = sample(self.opacity, rng)
        return cover(opacity * np.maximum(-laid, 0), SOOT).under(cover(opacity * np.maximum(laid, 0), PAPER))


@dataclass(frozen=True)
class Folds(Damage):
    """Creases across the print: a bright and a shaded flank, and along the crest a ragged line of lost emulsion.

    ``count`` folds; ``width`` of each flank in damage units; ``depth`` in [0, 1] of the shading; ``crack`` in [0, 1]
    how much of the crest has lost its emulsion.
    """

    count: Span = (1, 3)
    width: Span = (2.0, 6.0)
    depth: Span = (0.15, 0.5)
    crack: Span = (0.2, 0.95)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 50, whole=True)
        check_span(self, "width", 0.5, 60)
        check_span(self, "depth", 0, 1)
        check_span(self, "crack", 0, 1)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """One fold over the other."""
        gain, add = np.ones((shape[0] * shape[1], 1), np.float32), np.zeros((shape[0] * shape[1], 3), np.float32)
        for _ in range(sample_whole(self.count, rng)):
            where, fold = self.fold(shape, rng)
            both = Layer(gain[where], add[where]).under(fold)
            gain[where], add[where] = both.gain, both.add
        return Layer(gain.reshape(*shape, 1), add.reshape(*shape, 3))

    def fold(self, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Layer]:
        """One fold, through a random point, slightly bowed and trembling: the flat indices near it, their damage."""
        unit = unit_of(shape)
        tilt = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.25) if rng.random() < 0.7 else rng.random() * np.pi
        normal = np.array([np.cos(tilt), -np.sin(tilt)], np.float32)
        centre = (0.15 + 0.7 * rng.random(2)) * shape
        width, depth = unit * sample(self.width, rng), 0.6 * sample(self.depth, rng)
        bow = np.float32(rng.normal(0, 0.02) / min(shape))
        dy = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(centre[0])
        dx = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(centre[1])
        along = dx * normal[0] - dy * normal[1]
        across = dy * normal[0] + dx * normal[1] - bow * along * along
        # Beyond this the flanks are below the floor of what can be seen, whatever the tremor.
        where = np.flatnonzero(np.abs(across) < width * (0.6 + np.log(20)) + 6 * unit)
        across, along = across.reshape(-1)[where], along.reshape(-1)[where]
        # Everything that varies along the fold is tabulated and looked up.
        place = np.clip((along / min(shape) + 2.5) * (TICKS / 5), 0, TICKS - 1).astype(np.int16)
        across = across - np.float32(unit) * (table(rng, 50, 1.6) + table(rng, 350, 0.45))[place]
        flank = depth * np.exp(-np.abs(np.abs(across) - 0.6 * width) / width)
        layer = cover(flank * ramp(across, 0.3 * width, -0.3 * width), SOOT)
        layer = layer.under(cover(flank * ramp(across, -0.3 * width, 0.3 * width), PAPER))
        return where, layer.under(self.crest(across, place, unit, rng))

    def crest(self, across: Array, place: Array, unit: float, rng: np.random.Generator) -> Layer:
        """The lost emulsion on the crest, wider and narrower along it and missing in places."""
        crack = sample(self.crack, rng)
        swell = np.abs(table(rng, 70, 0.7)) + np.abs(table(rng, 500, 0.45))
        half = (unit * swell * ramp(table(rng, 90, 1.0), 1.2 - 2.6 * crack, 1.7 - 2.6 * crack)).astype(np.float32)
        half = half[place]
        return cover(min(1.0, 0.4 + crack) * np.clip(half + 0.5 - np.abs(across), 0, 1) * (half > 0.15), PAPER)


def table(rng: np.random.Generator, knots: int, size: float) -> Array:
    """A random curve over ``TICKS`` places with ``knots`` bends and standard deviation of about ``size``, float32."""
    curve = np.interp(np.linspace(0, 1, TICKS), np.linspace(0, 1, knots), rng.standard_normal(knots))
    result: Array = (size * gaussian_filter1d(curve, TICKS / knots / 4)).astype(np.float32)
    return result


@dataclass(frozen=True)
class Dust(Damage):
    """Specks and fibres on the print or on the scanner's glass.

    ``count`` specks; ``size`` their radius in damage units; ``fibres`` how many curled hairs; ``dark`` the share of
    dark ones; ``opacity`` in [0, 1].
    """

    count: Span = (10, 70)
    size: Span = (0.35, 1.3)
    fibres: Span = (0, 4)
    dark: float = 0.2
    opacity: Span = (0.5, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 5000, whole=True)
        check_span(self, "size", 0.1, 20)
        check_span(self, "fibres", 0, 500, whole=True)
        check_span(self, "dark", 0, 1)
        check_span(self, "opacity", 0, 1)

    def specks(self, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Array, Array]:
        """Opacity (H, W) of the white and of the dark dust."""
        unit, both = unit_of(shape), []
        count, fibres = sample_whole(self.count, rng), sample_whole(self.fibres, rng)
        is_dark, fibre_dark = rng.random(count) < self.dark, rng.random(fibres) < self.dark
        low, high = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        radius = np.maximum(0.5, unit * (low + (high - low) * rng.beta(1, 2.5, count)))
        y, x = rng.random(count) * shape[0], rng.random(count) * shape[1]
        opacity = np.array([sample(self.opacity, rng) for _ in range(count + fibres)])
        hairs = [self.fibre(shape, unit, opacity[count + i], rng) for i in range(fibres)]
        for wanted in (False, True):
            chosen = is_dark == wanted
            # A speck is a very short stroke: two or three dots beside each other, so that few are round.
            dots = [
                Stroke(y[chosen] + dy, x[chosen] + dx, radius[chosen] * k, opacity[:count][chosen])
                for k, dy, dx in ((1.0, 0, 0), *((0.7, *(rng.normal(0, 0.7 * unit, (2, chosen.sum())))) for _ in "ab"))
            ]
            own = [hair for hair, dark in zip(hairs, fibre_dark, strict=True) if dark == wanted]
            both.append(rasterise(shape, dots + own))
        return both[0], both[1]

    def fibre(self, shape: tuple[int, int], unit: float, opacity: float, rng: np.random.Generator) -> Stroke:
        """A curled hair, a few to twenty units long and thin throughout."""
        start, length = (rng.random() * shape[0], rng.random() * shape[1]), unit * (6 + 20 * rng.random())
        step = max(0.6, 0.3 * unit)
        y, x = wander(start, rng.random() * 7, max(length, 4), rng, bend=rng.normal(0, 2.2), jitter=0.7, step=step)
        return Stroke(y, x, np.full(len(y), max(0.3, 0.35 * unit)), np.full(len(y), opacity))

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Dark dust below, white dust above."""
        white, dark = self.specks(shape, rng)
        return cover(dark, SOOT).under(cover(white, PAPER))
