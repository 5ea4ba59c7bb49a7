"""Antialiased bicubic resampling in MATLAB's convention (``imresize``), and the crop that goes with it.

Keys' cubic kernel (1981) with a = -0.5; when shrinking, the kernel is stretched by 1/scale so that it also low-passes;
pixel centres align at ``u = (i + 1/2) / scale - 1/2``; borders are mirrored half-sample symmetrically.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from relume.signal import Array, Draw, UsageError


def cubic(x: Array) -> Array:
    """Keys' cubic convolution kernel, a = -1/2: support [-2, 2], integral 1."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


@lru_cache(maxsize=64)
def weights(length: int, out_length: int, scale: float) -> Array:
    """Resampling matrix of one axis, (out_length, length) float64, rows summing to 1.

    ``scale`` is out/in and may differ slightly from ``out_length / length`` (MATLAB rounds the length up).
    """
    stretch = min(scale, 1.0)
    support = 4.0 / stretch
    centre = (np.arange(out_length) + 0.5) / scale - 0.5
    taps = int(np.ceil(support)) + 2
    index = np.floor(centre - support / 2)[:, None] + np.arange(taps)
    weight = stretch * cubic(stretch * (centre[:, None] - index))
    weight /= weight.sum(1, keepdims=True)
    mirrored = np.mod(index.astype(int), 2 * length)
    mirrored = np.where(mirrored >= length, 2 * length - 1 - mirrored, mirrored)
    matrix = np.zeros((out_length, length))
    np.add.at(matrix, (np.arange(out_length)[:, None], mirrored), weight)
    matrix.flags.writeable = False
    return matrix


def resize(image: Array, scale: float | None = None, size: tuple[int, int] | None = None) -> Array:
    """Bicubic resampling; image: (H, W) or (H, W, C) float; returns float32 or float64 as given, not clipped.

    Give either ``scale`` (out/in, both axes; the size is rounded up as MATLAB does) or ``size`` (height, width).
    """
    if (scale is None) == (size is None):
        raise UsageError("resize takes either scale or size, exactly one of them")
    height, width = image.shape[:2]
    if size is None:
        assert scale is not None
        if not scale > 0:
            raise UsageError(f"scale must be positive, not {scale}")
        rows, cols = int(np.ceil(height * scale)), int(np.ceil(width * scale))
        scale_y = scale_x = float(scale)
    else:
        rows, cols = size
        scale_y, scale_x = rows / height, cols / width
    dtype = image.dtype if image.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    vertical = weights(height, rows, scale_y).astype(dtype, copy=False)
    horizontal = weights(width, cols, scale_x).astype(dtype, copy=False)
    planes = np.moveaxis(np.atleast_3d(image.astype(dtype, copy=False)), 2, 0)
    out = np.moveaxis(vertical @ planes @ horizontal.T, 0, 2)
    return np.ascontiguousarray(out.reshape(rows, cols, *image.shape[2:]))


def mod_crop(image: Array, multiple: int) -> Array:
    """The top-left part of ``image`` (H, W[, C]) whose sides are multiples of ``multiple``."""
    height, width = image.shape[:2]
    return image[: height - height % multiple, : width - width % multiple]


def quantise(image: Array) -> Array:
    """Round a picture in [0, 1] to the 256 levels of an 8-bit file, clipping what lies outside."""
    result: Array = np.clip(np.rint(image * 255), 0, 255) / 255
    return result


def to_bytes(image: Array) -> Array:
    """A picture in [0, 1] as uint8, rounded and clipped."""
    result: Array = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    return result


@dataclass(frozen=True)
class BicubicDownscale:
    """The degradation of super-resolution benchmarks: antialiased bicubic by 1/``scale``, rounded to 8 bits."""

    scale: int

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Nothing is random; the restorer knows the scale."""
        return Draw(known={"scale": self.scale})

    def apply(self, x: Array, draw: Draw) -> Array:
        """x: (H, W, C) float in [0, 1], sides multiples of the scale; returns (H/s, W/s, C) in [0, 1]."""
        return quantise(resize(x, 1 / self.scale))
