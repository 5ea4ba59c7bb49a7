"""Parts of pictures as small sRGB JPEGs for a report: read in sequence, however large the picture is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from relume.runtime.pictures.errors import Damaged
from relume.runtime.pictures.kinds import kind_of
from relume.runtime.pictures.source import open_source
from relume.signal import Array

QUALITY = 88
LOADED = ("bmp", "heif")
"""The formats that libvips does not read here: others decode them, whole."""
_SMALL = 512


def whole(source: Path, side: int) -> bytes:
    """All of the picture, at most ``side`` pixels a side; raises Damaged."""
    try:
        return _jpeg(_thumbnail(source, side))
    except pyvips.Error as error:
        raise _damaged(source, error) from error


def crop(source: Path, centre: tuple[float, float], share: float, side: int) -> bytes:
    """A square around ``centre`` (x, y as shares of the picture), ``share`` of its width, shown at ``side`` pixels."""
    try:
        image = opened(source)
        length = max(1, min(round(share * image.width), image.width, image.height))
        left, top = (
            min(max(0, round(c * size - length / 2)), size - length)
            for c, size in zip(centre, (image.width, image.height), strict=True)
        )
        part = _srgb(image.crop(left, top, length, length).copy_memory())
        return _jpeg(part.resize(side / length, kernel="nearest" if side > length else "lanczos3"))
    except pyvips.Error as error:
        raise _damaged(source, error) from error


def liveliest(source: Path, share: float) -> tuple[float, float]:
    """The centre (x, y as shares) of the square, ``share`` of the picture's width, that holds the most contrast."""
    try:
        image = _thumbnail(source, _SMALL).colourspace("b-w")
        width, height = image.width, image.height
        seen: Array = np.asarray(image.numpy(), np.float32).reshape(height, width)
    except pyvips.Error as error:
        raise _damaged(source, error) from error
    energy: Array = np.zeros_like(seen, dtype=np.float64)
    energy[:, 1:] += np.abs(np.diff(seen, axis=1))
    energy[1:, :] += np.abs(np.diff(seen, axis=0))
    length = max(1, min(round(share * width), width, height))
    total = np.pad(energy, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    sums = total[length:, length:] - total[:-length, length:] - total[length:, :-length] + total[:-length, :-length]
    row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float((column + length / 2) / width), float((row + length / 2) / height)


def small(source: Path, width: int, height: int) -> Array:
    """All of the picture at exactly (width, height), stretched where need be: (height, width, 3) uint8 sRGB."""
    try:
        if kind_of(source) in LOADED:
            image = opened(source).thumbnail_image(width, height=height, size="force")
        else:
            image = pyvips.Image.thumbnail(
                str(source), width, height=height, size="force", output_profile="srgb", fail_on="truncated"
            )
        return np.asarray(_flat(image).numpy()).reshape(height, width, -1)[..., :3]
    except pyvips.Error as error:
        raise _damaged(source, error) from error


def opened(source: Path) -> Any:
    """The picture as a pyvips image, upright, read in sequence where its format and orientation allow."""
    if kind_of(source) in LOADED:
        picture = open_source(source, max_pixels=1 << 31, max_memory=1 << 34)
        samples = np.ascontiguousarray(picture.read(0, picture.height))
        deep, gray = samples.dtype.itemsize > 1, picture.bands < 3
        space = ("grey16" if deep else "b-w") if gray else ("rgb16" if deep else "srgb")
        image = pyvips.Image.new_from_array(samples).copy(interpretation=space)
        if picture.metadata.profile:
            image.set_type(pyvips.GValue.blob_type, "icc-profile-data", picture.metadata.profile)
        return image
    image = pyvips.Image.new_from_file(str(source), access="sequential", fail_on="truncated")
    if image.get_typeof("orientation") and image.get("orientation") > 2:
        image = pyvips.Image.new_from_file(str(source), fail_on="truncated")
    return image.autorot()


def _thumbnail(source: Path, side: int) -> Any:
    if kind_of(source) in LOADED:
        return _srgb(opened(source).thumbnail_image(side, height=side, size="down")).copy_memory()
    image = pyvips.Image.thumbnail(
        str(source), side, height=side, size="down", output_profile="srgb", fail_on="truncated"
    )
    return _flat(image).copy_memory()


def _srgb(image: Any) -> Any:
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True, intent="relative")
    return _flat(image.colourspace("srgb"))


def _flat(image: Any) -> Any:
    if image.hasalpha():
        image = image.flatten(background=[255])
    return image.colourspace("srgb").cast("uchar")


def _jpeg(image: Any) -> bytes:
    return bytes(image.jpegsave_buffer(Q=QUALITY, keep="none", optimize_coding=True))


def _damaged(source: Path, error: Exception) -> Damaged:
    lines = str(error).strip().splitlines()
    return Damaged(f"{source}: damaged or incomplete: {lines[-1] if lines else 'unknown'}")
