"""Scores, each named by its protocol.

The super-resolution protocol (``psnr_y``, ``ssim_y``): both pictures rounded to 8 bits, studio-range BT.601 Y rounded
to 8 bits, a picture stored as gray scored on its gray values as they are, ``border`` pixels shaved on every side
(``border`` = the scale), SSIM with an 11x11 Gaussian window of sigma 1.5 over its valid region.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d

from relume.colour import luma, rgb_to_lab
from relume.signal import Array, UsageError

SR_PROTOCOL = (
    "PSNR and SSIM of studio-range BT.601 Y rounded to 8 bits (gray files: their gray values), low-resolution and "
    "output pictures rounded to 8 bits, MATLAB antialiased bicubic, mod-crop, scale pixels shaved, "
    "SSIM 11x11 Gaussian sigma 1.5"
)


def _same_shape(a: Array, b: Array) -> None:
    if a.shape != b.shape:
        raise UsageError(f"the pictures to compare differ in shape: {a.shape} and {b.shape}")


def psnr(a: Array, b: Array) -> float:
    """Peak signal-to-noise ratio in dB over all channels; a, b: (H, W[, C]) float in [0, 1]; inf if equal."""
    _same_shape(a, b)
    mse = float(np.mean((np.asarray(a, np.float64) - b) ** 2))
    return float("inf") if mse == 0 else -10 * float(np.log10(mse))


def protocol_y(image: Array, border: int) -> Array:
    """What the super-resolution protocol scores: 8-bit Y (or gray) code values, shaved; (H - 2b, W - 2b) float64."""
    image = np.clip(np.rint(np.asarray(image, np.float64) * 255), 0, 255)
    y = np.rint(luma(image / 255)) if image.ndim == 3 and image.shape[2] == 3 else image.reshape(image.shape[:2])
    return y[border : y.shape[0] - border, border : y.shape[1] - border]


def psnr_y(a: Array, b: Array, border: int) -> float:
    """PSNR in dB by the super-resolution protocol; a, b: (H, W, 3) or gray (H, W) float in [0, 1]."""
    _same_shape(a, b)
    return psnr(protocol_y(a, border) / 255, protocol_y(b, border) / 255)


def ssim_y(a: Array, b: Array, border: int) -> float:
    """SSIM by the super-resolution protocol; a, b: (H, W, 3) or gray (H, W) float in [0, 1]."""
    _same_shape(a, b)
    return ssim(protocol_y(a, border), protocol_y(b, border), peak=255.0)


def ssim(a: Array, b: Array, peak: float = 1.0) -> float:
    """Mean structural similarity (Wang et al. 2004, eq. 13) of two planes (H, W); 11x11 Gaussian, sigma 1.5, inside.

    Colour pictures (H, W, C) are averaged over channels.
    """
    _same_shape(a, b)
    if min(a.shape[:2]) < 11:
        raise UsageError(f"SSIM needs sides of at least 11 pixels, not {a.shape[:2]}")
    if a.ndim == 3:
        return float(np.mean([ssim(a[..., c], b[..., c], peak) for c in range(a.shape[2])]))
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    tap = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    tap /= tap.sum()

    def blur(x: Array) -> Array:
        result: Array = correlate1d(correlate1d(x, tap, 0), tap, 1)[5:-5, 5:-5]
        return result

    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    index = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(index.mean())


def delta_e(a: Array, b: Array) -> float:
    """Mean CIEDE2000 colour difference (Sharma et al. 2005); a, b: (H, W, 3) sRGB in [0, 1]."""
    _same_shape(a, b)
    return float(ciede2000(rgb_to_lab(a), rgb_to_lab(b)).mean())


def ciede2000(lab1: Array, lab2: Array) -> Array:
    """CIEDE2000 by the equations of Sharma, Wu and Dalal (2005), kL = kC = kH = 1; (..., 3) Lab; returns (...)."""
    l1, a1, b1 = np.moveaxis(np.asarray(lab1, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab2, np.float64), -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grayish = c1 * c2 == 0
    dh = (h2 - h1 + 180) % 360 - 180
    dh = np.where(np.isclose(np.abs(h2 - h1), 180), np.sign(h2 - h1) * 180, dh)
    dh = np.where(grayish, 0, dh)
    dl, dc = l2 - l1, c2 - c1
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    total = h1 + h2
    h_mean = np.where(np.abs(h1 - h2) <= 180, total / 2, np.where(total < 360, (total + 360) / 2, (total - 360) / 2))
    h_mean = np.where(grayish, total, h_mean)
    t = (
        1
        - 0.17 * np.cos(np.radians(h_mean - 30))
        + 0.24 * np.cos(np.radians(2 * h_mean))
        + 0.32 * np.cos(np.radians(3 * h_mean + 6))
        - 0.20 * np.cos(np.radians(4 * h_mean - 63))
    )
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_mean, 1 + 0.015 * c_mean * t
    r_c = 2 * np.sqrt(c_mean**7 / (c_mean**7 + 25.0**7))
    r_t = -r_c * np.sin(np.radians(60 * np.exp(-(((h_mean - 275) / 25) ** 2))))
    l_term, c_term, h_term = dl / s_l, dc / s_c, d_hue / s_h
    result: Array = np.sqrt(np.maximum(l_term**2 + c_term**2 + h_term**2 + r_t * c_term * h_term, 0))
    return result


def colourfulness(image: Array) -> float:
    """M3 of Hasler and Süsstrunk (2003), 0 for gray to about 100; image: (H, W, 3) sRGB in [0, 1]."""
    red, green, blue = np.moveaxis(np.asarray(image, np.float64) * 255, -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
