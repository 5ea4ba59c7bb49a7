"""Lost colour and printed tone: gray, sepia and halftone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from relume.degrade.base import (
    PictureDegradation,
    Span,
    check_choice,
    check_picture,
    check_span,
    picture_shape,
    sample,
    to_luma,
)
from relume.signal import Array, Draw, UsageError


@dataclass(frozen=True)
class Gray(PictureDegradation):
    """Colour taken away: all three channels become the luma, or an older film's view of it.

    ``film``: panchromatic (BT.601 luma), orthochromatic (blind to red, as most film before 1930) or any mixture.
    """

    film: Literal["panchromatic", "orthochromatic", "any"] = "panchromatic"

    def __post_init__(self) -> None:
        check_choice(self, "film", ("panchromatic", "orthochromatic", "any"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``weights`` (3,) of red, green and blue, sum 1."""
        picture_shape(shape)
        mixture = {"panchromatic": 0.0, "orthochromatic": 1.0, "any": float(rng.random())}[self.film]
        weights = (1 - mixture) * np.array([0.299, 0.587, 0.114]) + mixture * np.array([0.02, 0.53, 0.45])
        return Draw(hidden={"weights": weights / weights.sum()})

    def apply(self, x: Array, draw: Draw) -> Array:
        """The weighted mean of ``x`` (H, W, 3) in each channel; a gray picture (H, W) stays as it is."""
        if check_picture(x).ndim == 2:
            return x.copy()
        tone = np.clip(x @ np.asarray(draw.hidden["weights"], x.dtype), 0, 1)
        return np.repeat(tone[:, :, None], 3, 2)


@dataclass(frozen=True)
class Sepia(PictureDegradation):
    """A toned print: luma from a brown-black to a cream paper, mixed with the picture by ``strength``.

    ``warmth`` in [0, 1] is how far the tone strays from neutral.
    """

    strength: Span = (0.8, 1.0)
    warmth: Span = (0.3, 1.0)

    def __post_init__(self) -> None:
        check_span(self, "strength", 0, 1)
        check_span(self, "warmth", 0, 1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``strength``, and per channel the ``black``, ``white`` and ``gamma`` (3,) of the toning."""
        if len(shape) != 3:
            raise UsageError(f"Sepia: a toned print needs a colour picture (H, W, 3), not {tuple(shape)}")
        picture_shape(shape)
        warmth = sample(self.warmth, rng)
        black = warmth * np.array([0.13, 0.085, 0.05])
        white = 1 - warmth * np.array([0.03, 0.07, 0.18])
        gamma = 1 + warmth * np.array([-0.18, 0.02, 0.24])
        return Draw(hidden={"strength": sample(self.strength, rng), "black": black, "white": white, "gamma": gamma})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Tone ``x`` (H, W, 3) in [0, 1]: black + (white - black) luma^gamma."""
        if check_picture(x).ndim != 3:
            raise UsageError(f"Sepia: a toned print needs a colour picture (H, W, 3), not {x.shape}")
        black, white, gamma = (np.asarray(draw.hidden[k], x.dtype) for k in ("black", "white", "gamma"))
        strength = x.dtype.type(draw.hidden["strength"])
        levels = np.linspace(0, 1, 1025, dtype=x.dtype)[:, None] ** gamma * (white - black) + black
        toned = levels[np.rint(np.clip(to_luma(x), 0, 1) * 1024).astype(np.int32)]
        result: Array = np.clip(x + strength * (toned - x), 0, 1)
        return result


# The distribution of cos u + cos v for u, v uniform: the share of a screen's area below each value of it.
_PHASE = (np.arange(512) + 0.5) / 512 * np.pi
_SORTED = np.sort(np.add.outer(np.cos(_PHASE), np.cos(_PHASE)).ravel())
SCREEN_VALUES = np.linspace(-2, 2, 1025)
SCREEN_SHARE = np.searchsorted(_SORTED, SCREEN_VALUES) / _SORTED.size


def screen(shape: tuple[int, int], period: float, angle: float, phase: Array) -> Array:
    """The thresholds of a round-dot screen, (H, W) float32, uniform over [0, 1], ``period`` pixels per dot."""
    turn = 2 * np.pi / period
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    x = np.arange(shape[1], dtype=np.float32)[None, :]
    cos, sin = np.float32(turn * np.cos(angle)), np.float32(turn * np.sin(angle))
    wave = np.cos(x * cos + y * sin + np.float32(phase[0])) + np.cos(y * cos - x * sin + np.float32(phase[1]))
    place = np.clip((wave + 2) * 256, 0, 1024).astype(np.int16)
    result: Array = SCREEN_SHARE.astype(np.float32)[place]
    return result


@dataclass(frozen=True)
class Halftone(PictureDegradation):
    """Halftone print: round dots of ``period`` pixels that keep each tone's mean; CMYK screens for colour.

    The screens stand at 15, 75, 0 and 45 degrees (cyan, magenta, yellow, black), turned together by a drawn angle; gray
    that the three colours share is printed by black. ``softness`` is the width of the dots' edge in pixels.
    """

    period: Span = (3.2, 6.0)
    softness: Span = (0.8, 1.6)

    def __post_init__(self) -> None:
        check_span(self, "period", 2, 200)
        check_span(self, "softness", 0.1, 20)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``period``, ``softness``, ``angle`` (radians) and the four screens' ``phase`` (4, 2)."""
        picture_shape(shape)
        phase = rng.random((4, 2)) * 2 * np.pi
        period, softness = sample(self.period, rng), sample(self.softness, rng)
        angle = float(np.deg2rad(rng.normal(0, 4)))
        return Draw(hidden={"period": period, "softness": softness, "angle": angle, "phase": phase})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Print ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        if check_picture(x).ndim == 2:
            return 1 - self.dots(1 - x, 45, 3, draw)
        ink = 1 - x
        black = ink.min(2)
        under = np.maximum(1 - black, x.dtype.type(1e-6))
        printed = [self.dots((ink[..., c] - black) / under, (15, 75, 0)[c], c, draw) for c in range(3)]
        result: Array = np.stack([1 - p for p in printed], -1) * (1 - self.dots(black, 45, 3, draw))[:, :, None]
        return result

    def dots(self, coverage: Array, degrees: float, channel: int, draw: Draw) -> Array:
        """Ink in [0, 1] of one screen for a ``coverage`` (H, W) in [0, 1]."""
        period, softness = draw.hidden["period"], draw.hidden["softness"]
        angle = np.deg2rad(degrees) + draw.hidden["angle"]
        level = screen(coverage.shape, period, angle, draw.hidden["phase"][channel]).astype(coverage.dtype)
        # Thresholds change by about 2 / period per pixel; an edge ``width`` wide in threshold is ``softness`` pixels.
        width = coverage.dtype.type(min(1.0, 2 * softness / period))
        # Near white and black the edge is narrowed, so that the mean ink stays equal to the coverage.
        edge = np.minimum(width, 2 * np.minimum(coverage, 1 - coverage))
        result: Array = np.clip(
            (coverage - level) / np.maximum(edge, 1e-4).astype(coverage.dtype) + coverage.dtype.type(0.5), 0, 1
        )
        return result
