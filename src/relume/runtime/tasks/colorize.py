"""``colorize``: a gray or toned picture is given colours, which are invented; its lightness stays as it was.

The network sees CIE L* of a copy of at most 256 pixels a side, and the hints, and answers with a* and b*. These are
carried to the full size by the guided filter (He, Sun and Tang 2010; fast form, 2015): in each small window chroma is
a linear function of lightness, and that function, not the chroma itself, is enlarged, so that colours end at the edges
of the full-size picture. Colours that no screen can show at their lightness are made paler until it can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import uniform_filter

from relume.card import ModelCard
from relume.colour import D65, SRGB_TO_XYZ, linear_to_srgb, rgb_to_lab
from relume.degrade.resample import resize
from relume.runtime.flow import Place
from relume.runtime.look import Look, look
from relume.runtime.options import Decision
from relume.runtime.photo_options import BadHint, Hint, colour_of
from relume.runtime.pictures import SOURCE_TYPE
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Net, SameSize, load
from relume.runtime.working import Working
from relume.signal import Array, InputRejected

COLOURIST = "colorize"
WORKING_SIDE = 256
CHROMA = 110.0
"""What 1.0 stands for in a* and b*."""
INVENTED = "the colours were invented by a network and are no evidence of the real ones"
_WINDOW, _SMOOTH = 5, 1e-3
_SPOT = 1
"""Working pixels on each side that a hint covers."""
_NEAR, _ALIKE = 25.0, 0.15
"""Working pixels, and L*/100, over which a hint's colour spreads."""
_TO_LINEAR = np.linalg.inv(SRGB_TO_XYZ).T.astype(np.float32)


class NotGray(InputRejected):
    """The picture has colours already."""

    code = "not-gray"


@dataclass(frozen=True, eq=False)
class Chroma:
    """Chroma as a linear function of lightness, place by place: a*, b* = ``gain`` L*/100 + ``offset``, (h, w, 2) each.

    ``size``: (height, width) of the picture that it belongs to.
    """

    gain: Array
    offset: Array
    size: tuple[int, int]

    def at(self, lightness: Array, place: Place) -> Array:
        """(h, w, 2): a* and b* of a tile whose L*/100 is ``lightness`` (h, w)."""
        starts = (place.top, place.left)
        where = [
            np.clip((np.arange(start, start + length) + 0.5) * small / side - 0.5, 0, small - 1)
            for start, length, small, side in zip(starts, lightness.shape, self.gain.shape, self.size, strict=False)
        ]
        gain, offset = (_bilinear(plane, *where) for plane in (self.gain, self.offset))
        return gain * lightness[..., None] + offset


@dataclass
class Colour(SameSize):
    """The picture with the colours of ``chroma``; ``strength`` blends chroma, never lightness."""

    chroma: Chroma = field(kw_only=True)
    radius = 0  # type: ignore[assignment]  # the network has been asked before: a pixel depends on itself
    multiple = 1  # type: ignore[assignment]
    footprint = 4 * 40  # type: ignore[assignment]
    macs = 0.0  # type: ignore[assignment]

    def bands(self, bands: int) -> int:
        """Three colours, and alpha where there is one."""
        return 4 if bands in (2, 4) else 3

    def restored(self, rgb: Array, place: Place) -> Array:
        """(h, w, 3) in colour, of the same L*."""
        lab = rgb_to_lab(rgb).astype(np.float32)
        chroma = self.chroma.at(lab[..., 0] / 100, place).astype(np.float32)
        return shown(lab[..., 0], lab[..., 1:] + np.float32(self.strength) * (chroma - lab[..., 1:]))

    def __call__(self, x: Array, place: Place) -> Array:
        """(h, w, bands) working values to (h, w, 3 or 4)."""
        alpha = x[..., -1:] if x.shape[2] in (2, 4) else None
        colours = x if alpha is None else np.clip(x[..., :-1] / np.maximum(alpha, 1e-4), 0, 1)
        y = self.restored(np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours, place)
        return y if alpha is None else np.concatenate([y * alpha, alpha], axis=2)


def plan(request: Request) -> Plan:
    """The colouring of one picture; raises NotGray, BadHint."""
    options, source = request.options, request.open()
    net = load(options.model or COLOURIST, "colorize", ("x", "hints"), options, source.dtype)
    check_hints(options.photo.hints, source.height, source.width)
    seen = look(request.open(), Working(source.alpha, tone_curve(source.metadata.profile)))
    if not seen.monochrome:
        raise NotGray(f"{source.name}: has colours already; colorize is for gray and toned pictures")
    strength = options.photo.strength
    step = colouring(net, seen.small, (source.height, source.width), options.photo.hints, strength)
    return Plan(source, step, SOURCE_TYPE["generative"], (INVENTED,), (decided(seen, options.photo.hints),))


def decided(seen: Look, hints: tuple[Hint, ...]) -> Decision:
    """The decision to colour, and why."""
    reason = "the picture is gray" if seen.neutral else "the picture is of one tone"
    return Decision("colorize", True, reason, {"tint": seen.tint, "variety": seen.variety, "hints": len(hints)})


def check_hints(hints: tuple[Hint, ...], height: int, width: int) -> None:
    """Raise BadHint for a hint outside the picture."""
    for x, y, colour in hints:
        if x >= width or y >= height:
            raise BadHint(f"the hint {x},{y}={colour} lies outside the picture of {width}x{height} pixels")


def colouring(net: Net, small: Array, size: tuple[int, int], hints: tuple[Hint, ...], strength: float | None) -> Colour:
    """The step that colours a picture of ``size``, by one look at its ``small`` copy, (h, w, 1 or 3) in [0, 1]."""
    height, width = working_size(net.model.card, size)
    x = (
        np.clip(resize(small.astype(np.float64), size=(height, width)), 0, 1)
        if small.shape[:2] != (height, width)
        else small
    )
    lightness = (rgb_to_lab(np.repeat(x, 3, axis=2) if x.shape[2] == 1 else x)[..., 0] / 100).astype(np.float32)
    marks, spots = np.zeros((height, width, 3), np.float32), []
    for left, top, colour in hints:
        row, column = int(top * height / size[0]), int(left * width / size[1])
        wanted = rgb_to_lab(np.array(colour_of((left, top, colour))))[1:].astype(np.float32)
        around = (slice(max(0, row - _SPOT), row + _SPOT + 1), slice(max(0, column - _SPOT), column + _SPOT + 1))
        marks[around] = (*wanted / CHROMA, 1.0)
        spots.append((row, column, float(lightness[around].mean()), wanted))
    ab = honoured(lightness, CHROMA * np.clip(net(lightness[..., None], marks), -1, 1), spots)
    whole = (height, width) == size
    gain, offset = (np.zeros_like(ab), ab) if whole else _guided(lightness, ab)
    return Colour(net, 1.0 if strength is None else strength, chroma=Chroma(gain, offset, size))


def honoured(lightness: Array, chroma: Array, spots: Sequence[tuple[int, int, float, Array]]) -> Array:
    """``chroma`` (h, w, 2) moved so that each hint holds at its spot: (row, column, L*/100 there, a* and b* wanted).

    The network believes a hint in part; what it leaves is added around it, the less the farther away and the less alike
    in lightness: c + sum_k w_k (wanted_k - c_k) / max(1, sum_k w_k), w Gaussian in both.
    """
    moved, weight = np.zeros_like(chroma), np.zeros_like(lightness)
    rows, columns = np.ogrid[: chroma.shape[0], : chroma.shape[1]]
    for row, column, level, wanted in spots:
        apart = ((rows - row) ** 2 + (columns - column) ** 2) / _NEAR**2 + ((lightness - level) / _ALIKE) ** 2
        near = np.exp(-apart / 2).astype(np.float32)
        moved += near[..., None] * (wanted - chroma[row, column])
        weight += near
    return np.asarray(chroma + moved / np.maximum(weight, 1)[..., None])


def working_size(card: ModelCard, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the copy that the network sees of a picture of ``size``."""
    shrink = max(1.0, max(size) / WORKING_SIDE, min(size) / shorter_side(card))
    height, width = (max(1, round(side / shrink / card.multiple)) * card.multiple for side in size)
    return height, width


def shorter_side(card: ModelCard) -> float:
    """The shorter side that the network was trained at, by its recipe; where that says nothing there is no bound."""
    data = card.recipe.get("data")
    return float((isinstance(data, Mapping) and data.get("side")) or WORKING_SIDE)


def shown(lightness: Array, chroma: Array) -> Array:
    """sRGB (h, w, 3) in [0, 1] of L* (h, w) and of a*, b* (h, w, 2), the latter made paler where sRGB ends."""
    linear = _linear(lightness, chroma)
    beyond = ((linear < 0) | (linear > 1)).any(axis=2)
    if beyond.any():
        level, colours = lightness[beyond], chroma[beyond]
        low, high = np.zeros(len(level), np.float32), np.ones(len(level), np.float32)
        for _ in range(8):
            middle = (low + high) / 2
            tried = _linear(level, colours * middle[:, None])
            inside = ((tried >= -1e-4) & (tried <= 1 + 1e-4)).all(axis=1)
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        linear[beyond] = _linear(level, colours * low[:, None])
    return linear_to_srgb(np.clip(linear, 0, 1)).astype(np.float32)


def _linear(lightness: Array, chroma: Array) -> Array:
    """Linear sRGB, not clipped, of CIE Lab (D65)."""
    fy = (lightness + 16) / 116
    f = np.stack([fy + chroma[..., 0] / 500, fy, fy - chroma[..., 1] / 200], axis=-1)
    delta = np.float32(6 / 29)
    xyz = np.where(f > delta, f**3, 3 * delta**2 * (f - np.float32(4 / 29))) * D65.astype(np.float32)
    return np.asarray(xyz @ _TO_LINEAR)


def _guided(guide: Array, values: Array) -> tuple[Array, Array]:
    """Gain and offset of ``values`` (h, w, c) as a linear function of ``guide`` (h, w), window by window, averaged."""

    def mean(x: Array) -> Array:
        result: Array = uniform_filter(x, (_WINDOW, _WINDOW, *(1,) * (x.ndim - 2)), mode="nearest")
        return result

    about, spread = mean(guide), mean(guide * guide) - mean(guide) ** 2
    centre = mean(values)
    together = mean(values * guide[..., None]) - centre * about[..., None]
    gain = together / (spread + _SMOOTH)[..., None]
    return mean(gain), mean(centre - gain * about[..., None])


def _bilinear(plane: Array, rows: Array, columns: Array) -> Array:
    """``plane`` (h, w, c) at fractional rows and columns, (len(rows), len(columns), c) float32."""
    for axis, where in enumerate((rows, columns)):
        low = np.minimum(where.astype(int), max(0, plane.shape[axis] - 2))
        part = (where - low).astype(np.float32).reshape(-1, *(1,) * (2 - axis))
        high = np.minimum(low + 1, plane.shape[axis] - 1)
        plane = plane.take(low, axis=axis) * (1 - part) + plane.take(high, axis=axis) * part
    return plane.astype(np.float32)
