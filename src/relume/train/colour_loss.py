"""A colour loss in CIE Lab for networks: the CIE 1994 difference, which has a slope everywhere."""

from __future__ import annotations

import torch
from torch import Tensor

from relume.colour import D65, SRGB_TO_XYZ

DELTA = 6 / 29


def rgb_to_lab(x: Tensor) -> Tensor:
    """sRGB (N, 3, H, W) in [0, 1] to CIE L*a*b* (D65): L in [0, 100]; as ``relume.colour`` has it."""
    linear = torch.where(x <= 0.04045, x / 12.92, ((x.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)
    to_xyz = torch.as_tensor(SRGB_TO_XYZ / D65[:, None], dtype=x.dtype, device=x.device)
    xyz = torch.einsum("kc,nchw->nkhw", to_xyz, linear)
    f = torch.where(xyz > DELTA**3, xyz.clamp_min(DELTA**3) ** (1 / 3), xyz / (3 * DELTA**2) + 4 / 29)
    fx, fy, fz = f.unbind(1)
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], 1)


def delta_e94(found: Tensor, truth: Tensor) -> Tensor:
    """Mean CIE94 difference (graphic arts: K1 = 0.045, K2 = 0.015) of sRGB pictures (N, 3, H, W) in [0, 1].

    dE^2 = dL^2 + (dC / S_C)^2 + (dH / S_H)^2 with S_C = 1 + K1 C, S_H = 1 + K2 C and C the truth's chroma. CIEDE2000,
    by which results are given, has jumps; this has a corner at zero alone, which is rounded off by 0.1.
    """
    a, b = rgb_to_lab(found.clamp(0, 1)), rgb_to_lab(truth)
    d = a - b
    chroma_a, chroma = ((lab[:, 1:].square().sum(1) + 1e-4).sqrt() for lab in (a, b))
    d_chroma = chroma_a - chroma
    d_hue_squared = (d[:, 1:].square().sum(1) - d_chroma.square()).clamp_min(0)
    squared = d[:, 0].square() + (d_chroma / (1 + 0.045 * chroma)).square() + d_hue_squared / (1 + 0.015 * chroma) ** 2
    return ((squared + 0.01).sqrt() - 0.1).mean()
