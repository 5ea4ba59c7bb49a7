"""Blur by a drawn kernel: Gaussian of any two widths and angle, generalised Gaussian, and the disc of a lens."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import gamma

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from relume.degrade.base import (
    PictureDegradation,
    Span,
    as_planes,
    check_flag,
    check_picture,
    check_span,
    picture_shape,
    sample,
)
from relume.signal import Array, Draw

# Pictures are convolved in blocks no longer than this, so that memory stays small for large ones.
BLOCK = 1024


def convolve(x: Array, kernel: Array) -> Array:
    """``x`` (H, W) or (H, W, C) convolved with ``kernel`` (k, k), k odd; same size and dtype, edges mirrored."""
    reach = kernel.shape[0] // 2
    planes = np.moveaxis(as_planes(x), 2, 0)
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)), mode="symmetric")
    out = np.empty(planes.shape, x.dtype)
    for top in range(0, x.shape[0], BLOCK):
        for left in range(0, x.shape[1], BLOCK):
            bottom, right = min(top + BLOCK, x.shape[0]), min(left + BLOCK, x.shape[1])
            block = padded[:, top : bottom + 2 * reach, left : right + 2 * reach]
            size = [next_fast_len(side, True) for side in block.shape[1:]]
            spectrum = rfft2(block, size) * rfft2(kernel.astype(x.dtype), size)
            full = irfft2(spectrum, size)
            out[:, top:bottom, left:right] = full[:, 2 * reach : block.shape[1], 2 * reach : block.shape[2]]
    return np.ascontiguousarray(np.moveaxis(out, 0, 2)).reshape(x.shape)


def offsets(reach: int) -> tuple[Array, Array]:
    """Row and column distance from the middle of a (2 reach + 1) square kernel, broadcastable."""
    ticks = np.arange(-reach, reach + 1, dtype=np.float64)
    return ticks[:, None], ticks[None, :]


def generalised(sigma_x: float, sigma_y: float, angle: float, beta: float) -> Array:
    """Kernel exp(-r^beta / 2), turned by ``angle``, of standard deviations ``sigma_x`` and ``sigma_y`` pixels; sum 1.

    ``beta`` 2 is the Gaussian, larger ones are flatter, smaller ones more peaked. So that the deviations are the
    kernel's own whatever its shape, r is measured in units of sigma / sqrt(2^(2/beta) G(4/beta) / (2 G(2/beta))), G the
    gamma function: half the second moment of exp(-r^beta / 2) in the plane.
    """
    spread = np.sqrt(2 ** (2 / beta) * gamma(4 / beta) / (2 * gamma(2 / beta)))
    reach = max(1, int(np.ceil(max(sigma_x, sigma_y) * (3.0 if beta >= 2 else 5.0))))
    y, x = offsets(reach)
    u = (np.cos(angle) * x + np.sin(angle) * y) * (spread / max(sigma_x, 1e-3))
    v = (np.cos(angle) * y - np.sin(angle) * x) * (spread / max(sigma_y, 1e-3))
    kernel = np.exp(-0.5 * np.hypot(u, v) ** beta)
    return np.asarray(kernel / kernel.sum(), np.float64)


def disc(radius: float) -> Array:
    """Kernel of an out-of-focus lens: a disc of ``radius`` pixels with an antialiased edge; sum 1."""
    reach = int(np.ceil(radius + 0.5))
    y, x = offsets(reach)
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float64)


class Blur(PictureDegradation):
    """A blur: the kernel is the draw."""

    @abstractmethod
    def kernel(self, rng: np.random.Generator) -> Array:
        """One kernel (k, k) float64, k odd, sum 1."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``kernel``."""
        picture_shape(shape)
        return Draw(hidden={"kernel": self.kernel(rng)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Convolve ``x`` (H, W, 3) or (H, W) in [0, 1] with the kernel, edges mirrored."""
        return np.clip(convolve(check_picture(x), draw.hidden["kernel"]), 0, 1)


@dataclass(frozen=True)
class GaussianBlur(Blur):
    """Gaussian blur of standard deviation ``sigma`` pixels; ``isotropic``, or with a second width and any angle."""

    sigma: Span = (0.4, 2.5)
    isotropic: bool = True

    def __post_init__(self) -> None:
        check_span(self, "sigma", 0.05, 50)
        check_flag(self, "isotropic")

    def kernel(self, rng: np.random.Generator) -> Array:
        """One Gaussian kernel, cut at three sigmas."""
        first, second, angle = sample(self.sigma, rng), sample(self.sigma, rng), rng.random() * np.pi
        return generalised(first, first if self.isotropic else second, angle, 2.0)


@dataclass(frozen=True)
class GeneralisedBlur(Blur):
    """Generalised Gaussian blur: deviations ``sigma`` in pixels (two, at any angle), shape ``beta`` (2: Gaussian)."""

    sigma: Span = (0.4, 2.5)
    beta: Span = (0.7, 4.0)

    def __post_init__(self) -> None:
        check_span(self, "sigma", 0.05, 50)
        check_span(self, "beta", 0.4, 20)

    def kernel(self, rng: np.random.Generator) -> Array:
        """One anisotropic kernel."""
        first, second, angle = sample(self.sigma, rng), sample(self.sigma, rng), rng.random() * np.pi
        return generalised(first, second, angle, sample(self.beta, rng))


@dataclass(frozen=True)
class Defocus(Blur):
    """Defocus: the picture of a point is a disc of ``radius`` pixels."""

    radius: Span = (0.8, 4.0)

    def __post_init__(self) -> None:
        check_span(self, "radius", 0.1, 100)

    def kernel(self, rng: np.random.Generator) -> Array:
        """One disc."""
        return disc(sample(self.radius, rng))
