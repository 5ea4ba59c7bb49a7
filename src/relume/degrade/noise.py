"""Grain and noise: of the film, of the sensor, and the plain Gaussian one of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from relume.degrade.base import (
    PictureDegradation,
    Span,
    as_planes,
    check_flag,
    check_picture,
    check_span,
    picture_shape,
    sample,
    to_luma,
)
from relume.signal import Array, Draw, UsageError


def match(x: Array, noise: Array) -> Array:
    """``noise`` in the precision of ``x``, if it was drawn for a picture of this shape."""
    if check_picture(x).shape != noise.shape:
        raise UsageError(f"the draw was made for a picture of {noise.shape}, not of {x.shape}; draw again")
    return noise.astype(x.dtype, copy=False)


@dataclass(frozen=True)
class GaussianNoise(PictureDegradation):
    """White Gaussian noise: y = clip(x + n), n ~ N(0, sigma^2) in each value; ``sigma`` in [0, 1] (25/255 = 0.098).

    ``clipped`` is false where a benchmark asks for noise that may leave [0, 1].
    """

    sigma: Span = (0.01, 0.15)
    clipped: bool = True

    def __post_init__(self) -> None:
        check_span(self, "sigma", 0, 1)
        check_flag(self, "clipped")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """``noise`` of the picture's shape, float32, and its ``sigma``; both hidden."""
        picture_shape(shape)
        sigma = sample(self.sigma, rng)
        return Draw(hidden={"sigma": sigma, "noise": np.float32(sigma) * rng.standard_normal(shape, np.float32)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Add the noise to ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        y = x + match(x, draw.hidden["noise"])
        return np.clip(y, 0, 1, out=y) if self.clipped else y


@dataclass(frozen=True)
class SensorNoise(PictureDegradation):
    """Photon and read-out noise: y = clip(x + sqrt(shot x + read^2) n), n ~ N(0, 1) in each value.

    The Poisson-Gaussian model of Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for single-image
    raw-data" (2008), eq. 5 with its normal approximation of the Poisson part (so that it can be drawn before the
    picture is known). ``shot`` is the variance per unit of signal (1 / full-well photons), ``read`` the standard
    deviation at black. It acts on the values as they are, not on linear light.
    """

    shot: Span = (0.0005, 0.01)
    read: Span = (0.002, 0.02)

    def __post_init__(self) -> None:
        check_span(self, "shot", 0, 1)
        check_span(self, "read", 0, 1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Standard normal ``noise`` of the picture's shape, float32, with ``shot`` and ``read``; all hidden."""
        picture_shape(shape)
        shot, read = sample(self.shot, rng), sample(self.read, rng)
        return Draw(hidden={"shot": shot, "read": read, "noise": rng.standard_normal(shape, np.float32)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Add the noise to ``x`` (H, W, 3) or (H, W) in [0, 1], scaled by each value's own deviation."""
        noise = match(x, draw.hidden["noise"])
        y = x + np.sqrt(np.maximum(x, 0) * draw.hidden["shot"] + draw.hidden["read"] ** 2) * noise
        result: Array = np.clip(y, 0, 1, out=y)
        return result


@dataclass(frozen=True)
class FilmGrain(PictureDegradation):
    """Film grain: clumps of ``size`` pixels (standard deviation of their blur), strongest in the middle tones.

    y = clip(x + strength * 2 sqrt(l (1 - l)) g) with l the luma of x and g a unit-variance clumped field; ``colour`` is
    the share of g that differs between the channels (0 for black-and-white film).
    """

    strength: Span = (0.015, 0.07)
    size: Span = (0.4, 1.1)
    colour: Span = (0.0, 0.3)

    def __post_init__(self) -> None:
        check_span(self, "strength", 0, 1)
        check_span(self, "size", 0, 20)
        check_span(self, "colour", 0, 1)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Unit-variance ``grain`` of the picture's shape, float32, and its ``strength``; both hidden."""
        size, strength, colour = sample(self.size, rng), sample(self.strength, rng), sample(self.colour, rng)
        grain = clumps(picture_shape(shape), size, rng)
        if len(shape) == 3:
            own = np.stack(
                [clumps(picture_shape(shape), size, rng) for _ in range(3 if colour > 0 else 0)] or [grain] * 3, -1
            )
            grain = np.float32(np.sqrt(1 - colour)) * grain[:, :, None] + np.float32(np.sqrt(colour)) * own
        return Draw(hidden={"strength": strength, "grain": grain})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Add the grain to ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        grain = match(x, draw.hidden["grain"])
        tone = np.clip(to_luma(x), 0, 1)
        weight = (2 * draw.hidden["strength"]) * np.sqrt(tone * (1 - tone))
        y = x + (as_planes(weight) if x.ndim == 3 else weight) * grain
        result: Array = np.clip(y, 0, 1, out=y).astype(x.dtype, copy=False)
        return result


def clumps(shape: tuple[int, int], size: float, rng: np.random.Generator) -> Array:
    """White noise blurred by ``size`` pixels and scaled back to unit variance, (H, W) float32.

    Blurring white noise by a Gaussian of standard deviation s leaves the fraction sum(k^2) of the variance, k being
    the kernel; it is measured on the kernel itself, so it holds for small s too.
    """
    white = rng.standard_normal(shape, np.float32)
    if size < 0.2:
        return white
    impulse = np.zeros(2 * int(4 * size + 1.5) + 1)
    impulse[len(impulse) // 2] = 1
    kept = float((gaussian_filter(impulse, size, truncate=3.0) ** 2).sum())
    result: Array = (gaussian_filter(white, size, truncate=3.0, mode="wrap") / np.float32(kept)).astype(np.float32)
    return result
