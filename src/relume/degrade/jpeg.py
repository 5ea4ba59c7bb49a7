"""JPEG as a degradation: the baseline coder's losses (ITU-T T.81) without its bit stream.

Y'CbCr by JFIF, chroma halved or not, 8x8 DCT, quantisation by the tables of T.81 annex K scaled for quality as the
Independent JPEG Group does, and back. Chroma is averaged over 2x2 going down and interpolated linearly (weights 3/4 and
1/4) coming up, as libjpeg does by default. Rounding of the integer DCT is not imitated, so single values differ from
libjpeg's by a level or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.fft import dct

from relume.degrade.base import (
    PictureDegradation,
    Span,
    check_choice,
    check_picture,
    check_span,
    picture_shape,
    sample_whole,
)
from relume.signal import Array, Draw

LUMINANCE = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
])  # fmt: skip
CHROMINANCE = np.array([
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99, *(99,) * 32,
])  # fmt: skip
# JFIF: full-range BT.601 of 8-bit R'G'B'.
TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
DCT8 = dct(np.eye(8), axis=0, norm="ortho")
# The two-dimensional DCT of a block written as a row of 64, as one matrix: block @ DCT64.
DCT64 = np.kron(DCT8, DCT8).T


def quantiser(table: Array, quality: int) -> Array:
    """The 64 quantiser steps in code values, [1, 255], for ``quality`` in [1, 100] by the IJG's rule."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    result: Array = np.clip((table * scale + 50) // 100, 1, 255)
    return result


def requantise(plane: Array, steps: Array) -> Array:
    """Quantise the DCT of every 8x8 block of ``plane`` (H, W), code values, rounded to [0, 255]."""
    height, width = plane.shape
    transform, steps = DCT64.astype(plane.dtype), steps.astype(plane.dtype)
    blocks = (plane - 128).reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 64)
    levels = blocks @ transform
    levels /= steps
    np.rint(levels, out=levels)
    levels *= steps
    back = (levels @ transform.T).reshape(height // 8, width // 8, 8, 8).swapaxes(1, 2).reshape(height, width)
    result: Array = np.clip(np.rint(back + 128), 0, 255)
    return result


def pad_to(plane: Array, multiple: int) -> Array:
    """``plane`` (H, W) with its last row and column repeated up to multiples of ``multiple``."""
    return np.pad(plane, [(0, -side % multiple) for side in plane.shape], mode="edge")


def halve(plane: Array) -> Array:
    """Mean of 2x2 whole values, (H/2, W/2), rounded as libjpeg does: halves up in odd columns, down in even ones."""
    sums = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    bias = 1 + np.arange(sums.shape[1]) % 2
    result: Array = np.floor((sums + bias.astype(plane.dtype)) * plane.dtype.type(0.25))
    return result


def double(plane: Array) -> Array:
    """Linear interpolation to (2 H, 2 W): each new value is 3/4 of the nearer and 1/4 of the farther neighbour."""
    for axis in (0, 1):
        padded = np.pad(plane, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        before, after = (np.take(padded, range(k, k + plane.shape[axis]), axis) for k in (0, 2))
        pair = np.stack([0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after], axis + 1)
        plane = pair.reshape([2 * s if a == axis else s for a, s in enumerate(plane.shape)])
    return plane


def jpeg(x: Array, quality: int, subsampling: str) -> Array:
    """``x`` (H, W, 3) or (H, W) in [0, 1] after JPEG at ``quality`` in [1, 100]; subsampling 4:4:4 or 4:2:0."""
    height, width = x.shape[:2]
    luminance, chrominance = quantiser(LUMINANCE, quality), quantiser(CHROMINANCE, quality)
    values = np.rint(x * x.dtype.type(255))
    if x.ndim == 2:
        result: Array = requantise(pad_to(values, 8), luminance)[:height, :width] / x.dtype.type(255)
        return result
    ycc = np.rint(values @ TO_YCC.T.astype(x.dtype) + np.array([0, 128, 128], x.dtype))
    coarse = subsampling == "4:2:0"
    planes = [requantise(pad_to(ycc[..., 0], 8), luminance)[:height, :width]]
    for channel in (1, 2):
        # libjpeg repeats the edge of the full-size plane to even sides, then that of the halved one to whole blocks.
        chroma = halve(pad_to(ycc[..., channel], 2)) if coarse else ycc[..., channel]
        rows, cols = chroma.shape
        coded = requantise(pad_to(chroma, 8), chrominance)[:rows, :cols]
        planes.append((np.rint(double(coded)) if coarse else coded)[:height, :width] - 128)
    rgb = np.stack(planes, -1) @ TO_RGB.T.astype(x.dtype)
    np.rint(rgb, out=rgb)
    result = np.clip(rgb, 0, 255) / x.dtype.type(255)
    return result


@dataclass(frozen=True)
class Jpeg(PictureDegradation):
    """JPEG at ``quality`` in [1, 100], with chroma 4:2:0, 4:4:4 or any of the two."""

    quality: Span = (25, 90)
    subsampling: Literal["4:2:0", "4:4:4", "any"] = "4:2:0"

    def __post_init__(self) -> None:
        check_span(self, "quality", 1, 100, whole=True)
        check_choice(self, "subsampling", ("4:2:0", "4:4:4", "any"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``quality`` and ``subsampling``."""
        picture_shape(shape)
        quality, halved = sample_whole(self.quality, rng), bool(rng.random() < 0.5)
        picked = ("4:2:0" if halved else "4:4:4") if self.subsampling == "any" else self.subsampling
        return Draw(hidden={"quality": quality, "subsampling": picked})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Code and decode ``x`` (H, W, 3) or (H, W) in [0, 1]; the result has 8-bit levels."""
        return jpeg(check_picture(x), draw.hidden["quality"], draw.hidden["subsampling"])
