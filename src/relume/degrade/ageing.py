"""Ageing: darkening, unequal fading, yellowed varnish and uneven light, each by the optics behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relume.degrade.base import LUMA, PictureDegradation, Span, check_picture, check_span, picture_shape, sample
from relume.degrade.fields import ramp, smooth
from relume.signal import Array, Draw, UsageError


def field_for(x: Array, name: str, draw: Draw) -> Array:
    """The drawn field (H, W), shaped to multiply ``x``, if it was drawn for a picture of these sides."""
    drawn = draw.hidden[name]
    if check_picture(x).shape[:2] != drawn.shape:
        raise UsageError(f"the draw was made for a picture of {drawn.shape}, not of {x.shape[:2]}; draw again")
    field = drawn.astype(x.dtype, copy=False)
    result: Array = field[:, :, None] if x.ndim == 3 else field
    return result


def tones(x: Array, values: object) -> Array:
    """Per-channel ``values`` (3,) as they act on ``x``: themselves on colour, their luma on gray."""
    triple = np.asarray(values, np.float64)
    return np.asarray(triple if x.ndim == 3 else triple @ LUMA / LUMA.sum(), x.dtype)


@dataclass(frozen=True)
class Darken(PictureDegradation):
    """Soot and age: y = exposure * x^gamma, gamma above 1 closing the shadows."""

    exposure: Span = (0.4, 0.9)
    gamma: Span = (1.0, 1.4)

    def __post_init__(self) -> None:
        check_span(self, "exposure", 0, 1)
        check_span(self, "gamma", 1, 5)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``exposure`` and ``gamma``."""
        picture_shape(shape)
        return Draw(hidden={"exposure": sample(self.exposure, rng), "gamma": sample(self.gamma, rng)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Darken ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        result: Array = x.dtype.type(draw.hidden["exposure"]) * np.clip(check_picture(x), 0, 1) ** x.dtype.type(
            draw.hidden["gamma"]
        )
        return result


@dataclass(frozen=True)
class Fade(PictureDegradation):
    """Fading: each channel keeps a part of its density, and the contrast falls towards a gray.

    By Lambert and Beer a pigment's density -log x is proportional to how much of it is left, so the channel becomes
    x^keep; ``keep`` is drawn for red, green and blue apart. Then y = veil + (1 - lost) (x^keep - veil): ``lost`` is
    the contrast that is gone and ``veil`` the gray that it falls to.
    """

    keep: Span = (0.45, 1.0)
    lost: Span = (0.1, 0.5)
    veil: Span = (0.35, 0.7)

    def __post_init__(self) -> None:
        check_span(self, "keep", 0.01, 1)
        check_span(self, "lost", 0, 1)
        check_span(self, "veil", 0, 1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``keep`` (3,), ``lost`` and ``veil``."""
        picture_shape(shape)
        keep = np.array([sample(self.keep, rng) for _ in range(3)])
        return Draw(hidden={"keep": keep, "lost": sample(self.lost, rng), "veil": sample(self.veil, rng)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Fade ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        left = np.clip(check_picture(x), 0, 1) ** tones(x, draw.hidden["keep"])
        lost, veil = x.dtype.type(draw.hidden["lost"]), x.dtype.type(draw.hidden["veil"])
        result: Array = left + lost * (veil - left)
        return result


@dataclass(frozen=True)
class Varnish(PictureDegradation):
    """Yellowed varnish: y = x * t^thickness + haze, with the transmission t of one layer lowest in blue.

    t = 1 - yellowing * (0.06, 0.22, 0.62) for red, green, blue; the thickness varies smoothly about 1 over the picture,
    by ``uneven``; ``haze`` is the light that the dull surface scatters, and the picture makes room for it.
    """

    yellowing: Span = (0.2, 0.9)
    uneven: Span = (0.0, 0.4)
    haze: Span = (0.0, 0.06)

    def __post_init__(self) -> None:
        check_span(self, "yellowing", 0, 1)
        check_span(self, "uneven", 0, 1)
        check_span(self, "haze", 0, 0.5)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``transmission`` (3,), ``thickness`` (H, W) and ``haze``."""
        transmission = 1 - sample(self.yellowing, rng) * np.array([0.06, 0.22, 0.62])
        thickness = 1 + sample(self.uneven, rng) * smooth(picture_shape(shape), 3, rng)
        thickness = np.clip(thickness, 0, 3).astype(np.float32)
        return Draw(hidden={"transmission": transmission, "thickness": thickness, "haze": sample(self.haze, rng)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Look at ``x`` (H, W, 3) or (H, W) in [0, 1] through the varnish."""
        thickness = field_for(x, "thickness", draw)
        haze = x.dtype.type(draw.hidden["haze"])
        through = np.exp(thickness * np.log(tones(x, draw.hidden["transmission"])))
        result: Array = np.clip(x * through * (1 - haze) + haze, 0, 1)
        return result


@dataclass(frozen=True)
class Illumination(PictureDegradation):
    """Uneven light: y = x * field, with a vignette, a slope from side to side and slow blotches, all in [0, 1].

    ``vignette`` is the light lost in the corners, by cos^4 of the angle at which they are seen; ``slope`` what is lost
    from the brightest side to the darkest; ``blotches`` the most that slow blotches lose.
    """

    vignette: Span = (0.0, 0.5)
    slope: Span = (0.0, 0.4)
    blotches: Span = (0.0, 0.25)

    def __post_init__(self) -> None:
        for name in ("vignette", "slope", "blotches"):
            check_span(self, name, 0, 0.95)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``field`` (H, W) in [0, 1], float32."""
        sides = picture_shape(shape)
        vignette, slope, blotches = (sample(s, rng) for s in (self.vignette, self.slope, self.blotches))
        y, x = (np.linspace(-1, 1, side, dtype=np.float32) if side > 1 else np.zeros(1, np.float32) for side in sides)
        # cos^4 of the angle: 1 / (1 + tan^2)^2, with tan^2 in the corner chosen for the loss that was drawn.
        corner = np.float32((1 - vignette) ** -0.5 - 1)
        fall = (1 + corner * (y[:, None] ** 2 + x[None, :] ** 2) / 2) ** -2
        turn = rng.random() * 2 * np.pi
        across = np.float32(np.sin(turn)) * y[:, None] + np.float32(np.cos(turn)) * x[None, :]
        across = across / np.float32(abs(np.sin(turn)) + abs(np.cos(turn)))
        slow = 1 - np.float32(blotches) * ramp(smooth(sides, 3, rng), -2, 2)
        return Draw(hidden={"field": np.clip(fall * (1 - np.float32(slope) * (1 + across) / 2) * slow, 0, 1)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Light ``x`` (H, W, 3) or (H, W) in [0, 1] by the field."""
        return x * field_for(x, "field", draw)
