"""Arrays and PIL images as pictures, and back."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from relume.runtime.pictures import ArrayRows, Metadata, Source
from relume.runtime.pictures.errors import Unsupported
from relume.signal import Array, UsageError

_PIL_MODES = {"1": "L", "P": "RGB", "PA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB"}
_KEPT_MODES = ("L", "LA", "RGB", "RGBA", "I;16")


def from_object(image: Any) -> Source:
    """An array (H, W) or (H, W, C), or a PIL image, as a Source; raises UsageError or Unsupported."""
    metadata = Metadata()
    if _is_pil(image):
        mode = "RGBA" if image.mode == "P" and "transparency" in image.info else _PIL_MODES.get(image.mode, image.mode)
        if mode not in _KEPT_MODES:
            raise Unsupported(f"PIL images of mode {image.mode} are not supported; convert to one of {_KEPT_MODES}")
        profile = image.info.get("icc_profile")
        if profile and mode == image.mode:
            metadata = metadata.with_blob("icc-profile-data", profile)
        image = np.asarray(image if mode == image.mode else image.convert(mode))
    if not isinstance(image, np.ndarray):
        raise UsageError(f"restore takes an array, a PIL image or a path, not {type(image).__name__}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and not 1 <= image.shape[2] <= 4) or not image.size:
        raise UsageError(f"an image is (H, W) or (H, W, C) with C from 1 to 4 and no side 0, not {image.shape}")
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        raise UsageError(f"an image is uint8, uint16 or float32, not {image.dtype}")
    array = np.atleast_3d(image)
    metadata, notes = metadata.fit_for(array.shape[2])
    height, width, bands = array.shape
    return Source(None, "<array>", width, height, bands, array.dtype, ArrayRows(array), metadata, notes)


def to_object(out: Array, image: Any) -> Any:
    """The array ``out`` (H, W, C) in the kind of ``image``: gray (H, W) for (H, W), PIL's for PIL's, else as it is."""
    if _is_pil(image):
        from PIL import Image

        made = Image.fromarray(out[..., 0] if out.shape[2] == 1 else out)
        if "icc_profile" in image.info and made.mode == image.mode:
            made.info["icc_profile"] = image.info["icc_profile"]
        return made
    flat = not isinstance(image, np.ndarray) or image.ndim == 2
    return out[..., 0] if flat and out.shape[2] == 1 else out


def _is_pil(image: Any) -> bool:
    """Without importing Pillow: whoever has a PIL image has imported it."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(image, pil.Image)
