"""Colour spaces, by their standards: BT.601 studio-range YCbCr, gray, CIE Lab (D65)."""

from __future__ import annotations

import numpy as np

from relume.signal import Array, UsageError

# ITU-R BT.601, studio range, for R'G'B' in [0, 1] and Y'CbCr in 8-bit code values.
BT601 = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]])
BT601_OFFSET = np.array([16.0, 128.0, 128.0])
# IEC 61966-2-1 sRGB primaries to CIE XYZ, and the D65 white of the 2 degree observer.
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
D65 = np.array([0.95047, 1.0, 1.08883])


def _rgb(image: Array) -> Array:
    if image.ndim < 1 or image.shape[-1] != 3:
        raise UsageError(f"expected a colour picture (..., 3), not an array of shape {image.shape}")
    return image


def rgb_to_ycbcr(image: Array) -> Array:
    """R'G'B' (..., 3) in [0, 1] to studio-range BT.601 Y'CbCr in code values: Y in [16, 235], Cb, Cr in [16, 240]."""
    result: Array = _rgb(image) @ BT601.T + BT601_OFFSET
    return result


def ycbcr_to_rgb(image: Array) -> Array:
    """The inverse of :func:`rgb_to_ycbcr`, not clipped."""
    result: Array = (_rgb(image) - BT601_OFFSET) @ np.linalg.inv(BT601).T
    return result


def luma(image: Array) -> Array:
    """Studio-range BT.601 Y in code values [16, 235]; image: (..., 3) in [0, 1]; returns (...)."""
    result: Array = _rgb(image) @ BT601[0] + BT601_OFFSET[0]
    return result


def gray(image: Array) -> Array:
    """Full-range BT.601 luma in [0, 1] of R'G'B' (..., 3) in [0, 1]: 0.299 R + 0.587 G + 0.114 B; returns (...)."""
    result: Array = _rgb(image) @ np.array([0.299, 0.587, 0.114])
    return result


def srgb_to_linear(image: Array) -> Array:
    """Undo the sRGB transfer curve; values in [0, 1]."""
    return np.where(image <= 0.04045, image / 12.92, ((np.maximum(image, 0.04045) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(image: Array) -> Array:
    """Apply the sRGB transfer curve; values in [0, 1]."""
    return np.where(image <= 0.0031308, image * 12.92, 1.055 * np.maximum(image, 0.0031308) ** (1 / 2.4) - 0.055)


def rgb_to_lab(image: Array) -> Array:
    """sRGB (..., 3) in [0, 1] to CIE L*a*b* (D65, 2 degrees): L in [0, 100]."""
    xyz = srgb_to_linear(_rgb(image)) @ SRGB_TO_XYZ.T / D65
    delta = 6 / 29
    f = np.where(xyz > delta**3, np.cbrt(xyz), xyz / (3 * delta**2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def lab_to_rgb(lab: Array) -> Array:
    """The inverse of :func:`rgb_to_lab`, clipped to [0, 1]."""
    fy = (_rgb(lab)[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], -1)
    delta = 6 / 29
    xyz = np.where(f > delta, f**3, 3 * delta**2 * (f - 4 / 29)) * D65
    return np.clip(linear_to_srgb(np.clip(xyz @ np.linalg.inv(SRGB_TO_XYZ).T, 0, None)), 0, 1)
