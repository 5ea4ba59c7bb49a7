"""The little of ICC profiles that a restoration needs: the colour space, and whether values are coded for the eye.

The working space of a picture is its own RGB or gray, coded with a perceptual tone curve. Networks are trained on
values that follow the eye (the sRGB curve and its relatives, gamma 1.8 to 2.4), so such a picture goes through as it
is and no colour of it can be lost, however wide its gamut. A profile with any other tone curve (linear light, above
all) is taken to the sRGB curve on the way in and back on the way out, channel by channel, its primaries untouched.
"""

from __future__ import annotations

import struct

import numpy as np

from relume.signal import Array

_PERCEPTUAL = (0.12, 0.36)
"""Linear light at half the code value: 0.50 for linear coding, 0.29 for gamma 1.8, 0.21 for sRGB, 0.19 for 2.4."""


def space(profile: bytes) -> str:
    """The colour space of the profile's device side: 'RGB', 'GRAY', 'CMYK', ...; '' if this is no profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("ascii", "replace").strip()


def tone_curve(profile: bytes) -> Array | None:
    """Linear light in [0, 1] for 4096 code values, float64, if the profile's coding is not perceptual; else None.

    Matrix and gray profiles tell their curve (the green one stands for all); a profile of tables counts as perceptual.
    """
    curve = _curve(profile, b"kTRC" if space(profile) == "GRAY" else b"gTRC")
    if curve is None or _PERCEPTUAL[0] <= curve[len(curve) // 2] <= _PERCEPTUAL[1]:
        return None
    return curve if np.all(np.diff(curve) > 0) else None


def srgb_encode(linear: Array) -> Array:
    """Linear light in [0, 1] to the sRGB curve (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def _curve(profile: bytes, tag: bytes) -> Array | None:
    data = _tag(profile, tag)
    if data is None or len(data) < 12:
        return None
    code = np.linspace(0.0, 1.0, 4096)
    kind, count = data[:4], struct.unpack(">I", data[8:12])[0]
    if kind == b"curv":
        if len(data) < 12 + 2 * count:
            return None
        if count == 0:
            return code
        values = np.frombuffer(data, ">u2", count, 12).astype(np.float64)
        if count == 1:
            result: Array | None = code ** (values[0] / 256)
            return result
        return np.interp(code, np.linspace(0.0, 1.0, count), values / 65535)
    if kind == b"para":
        function = struct.unpack(">H", data[8:10])[0]
        need = (1, 3, 4, 5, 7)[function] if function < 5 else 0
        if not need or len(data) < 12 + 4 * need:
            return None
        values = np.zeros(7)
        values[:need] = np.frombuffer(data, ">i4", need, 12) / 65536
        g, a, b, c, d, e, f = values
        if function == 0:
            return code**g
        low = {1: 0.0 * code, 2: 0.0 * code + c, 3: c * code, 4: c * code + f}[function]
        high = np.maximum(a * code + b, 0) ** g + {1: 0.0, 2: c, 3: 0.0, 4: e}[function]
        edge = -b / a if function in (1, 2) and a else d
        return np.where(code >= edge, high, low)
    return None


def _tag(profile: bytes, name: bytes) -> bytes | None:
    if len(profile) < 132:
        return None
    count = struct.unpack(">I", profile[128:132])[0]
    for index in range(min(count, 100)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if len(entry) == 12 and entry[:4] == name:
            offset, size = struct.unpack(">II", entry[4:])
            return profile[offset : offset + size]
    return None
