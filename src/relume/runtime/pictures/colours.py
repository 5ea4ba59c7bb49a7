"""Colours of a picture as its ICC profile has them: to CIELAB and back, a few at a time, by LittleCMS."""

from __future__ import annotations

import numpy as np

from relume.signal import Array, InputRejected


class BadProfile(InputRejected):
    """A profile that cannot be inverted: it tells what a value looks like, and not which value looks like something."""

    code = "profile"


def to_lab(values: Array, profile: bytes) -> Array:
    """CIELAB (D50, relative colorimetric) of (n, 3) code values in [0, 1]; an empty profile means sRGB."""
    import pyvips

    if profile and int.from_bytes(profile[:4], "big") != len(profile):
        raise BadProfile("the picture's colour profile is damaged: it is not as long as it says")
    samples = np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16)[None]
    image = pyvips.Image.new_from_array(samples).copy(interpretation="rgb16")
    try:
        if profile:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
            lab = image.icc_import(embedded=True, intent="relative", pcs="lab")
        else:
            lab = image.icc_import(input_profile="srgb", intent="relative", pcs="lab")
        found: Array = lab.cast("float").numpy().reshape(-1, 3).astype(np.float64)
    except pyvips.Error as error:
        raise BadProfile(f"the picture's colour profile cannot be used: {_line(error)}") from error
    return found


def from_lab(lab: Array, profile: bytes) -> Array:
    """The inverse of :func:`to_lab`, clipped to what the profile shows; raises BadProfile if there is none."""
    import pyvips

    image = pyvips.Image.new_from_array(np.ascontiguousarray(lab, dtype=np.float32)[None]).copy(interpretation="lab")
    try:
        if profile:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
            coded = image.icc_export(intent="relative", depth=16, pcs="lab")
        else:
            coded = image.icc_export(output_profile="srgb", intent="relative", depth=16, pcs="lab")
        found: Array = coded.numpy().reshape(-1, 3).astype(np.float64) / 65535
    except pyvips.Error as error:
        raise BadProfile(f"the picture's colour profile cannot be inverted: {_line(error)}") from error
    return found


def check_invertible(values: Array, profile: bytes) -> None:
    """Raise BadProfile unless (n, 3) code values come back from CIELAB to within 1 % of the range."""
    off = float(np.abs(from_lab(to_lab(values, profile), profile) - values).max())
    if off > 0.01:
        raise BadProfile(f"the picture's colour profile cannot be inverted: colours come back {off:.0%} off")


def _line(error: Exception) -> str:
    lines = str(getattr(error, "detail", "") or error).strip().splitlines()
    return " ".join(lines[-1].split())[:120] if lines else "unknown"
