"""Pictures to look at on a screen: small sRGB versions without any metadata, and pyramids to zoom into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from relume.runtime.pictures.errors import Damaged
from relume.runtime.pictures.glimpses import LOADED, opened
from relume.runtime.pictures.kinds import kind_of
from relume.signal import Array

QUALITY = 90
TILE = 256
GRAY_TOLERANCE = 2.0


@dataclass(frozen=True)
class View:
    """What a view shows: the size of the whole picture in pixels (upright), and whether it has no colour."""

    width: int
    height: int
    gray: bool


def write_view(source: Path, target: Path, side: int) -> View:
    """Write ``source`` as a JPEG of at most ``side`` pixels a side; upright, sRGB, flat on white. Raises Damaged."""
    try:
        image, width, height = _small(source, side)
        image = image.copy_memory()
        data, gray = image.jpegsave_buffer(Q=QUALITY, keep="none"), _is_gray(image)
    except pyvips.Error as error:
        raise Damaged(f"{source}: damaged or incomplete: {_line(error)}") from error
    target.write_bytes(data)
    return View(width, height, gray)


def write_pyramid(source: Path, folder: Path) -> tuple[int, int]:
    """Write ``folder/LEVEL/COLUMN_ROW.jpg``, tiles of 256 pixels in halving levels; returns (width, height)."""
    try:
        image = _flat(_upright(source))
        image.dzsave(
            str(folder), layout="dz", suffix=f".jpg[Q={QUALITY},keep=none]", tile_size=TILE, overlap=0, depth="onetile"
        )
    except pyvips.Error as error:
        raise Damaged(f"{source}: damaged or incomplete: {_line(error)}") from error
    (folder.parent / f"{folder.name}.dzi").unlink(missing_ok=True)
    made = folder.parent / f"{folder.name}_files"
    (made if made.exists() else folder).joinpath("vips-properties.xml").unlink(missing_ok=True)
    if made.exists():
        made.rename(folder)
    return image.width, image.height


def liveliest(source: Path, side: int) -> Array:
    """The square of the picture with the most contrast, (side, side, 3) uint8 sRGB; smaller where the picture is."""
    try:
        image = _flat(_upright(source))
        width, height = min(side, image.width), min(side, image.height)
        left, top, _, _ = _busiest(image, width, height)
        return np.asarray(image.crop(left, top, width, height).numpy())
    except pyvips.Error as error:
        raise Damaged(f"{source}: damaged or incomplete: {_line(error)}") from error


def read_small(source: Path, width: int, height: int) -> Array:
    """``source`` at exactly (width, height), stretched where need be: (height, width, 3) uint8 sRGB."""
    try:
        image = pyvips.Image.thumbnail(str(source), width, height=height, size="force")
        return np.asarray(_flat(image).numpy())[..., :3]
    except pyvips.Error as error:
        raise Damaged(f"{source}: damaged or incomplete: {_line(error)}") from error


def write_array(array: Array, target: Path) -> None:
    """Write (H, W, 3) uint8 sRGB as a JPEG."""
    image = pyvips.Image.new_from_array(np.ascontiguousarray(array))
    target.write_bytes(image.jpegsave_buffer(Q=QUALITY, keep="none"))


def write_mask(data: bytes, target: Path, width: int, height: int) -> None:
    """A mask (the bytes of a picture, bright where something is) at exactly (width, height), 0 or 255, as a PNG."""
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="truncated").colourspace("b-w")
        gray = image.flatten() if image.hasalpha() else image
        large = gray[0].resize(width / gray.width, vscale=height / gray.height, kernel="linear")
        (large.gravity("centre", width, height, extend="copy") > 127).pngsave(str(target), keep="none")
    except pyvips.Error as error:
        raise Damaged(f"the mask is damaged or incomplete: {_line(error)}") from error


def _busiest(image: Any, width: int, height: int) -> tuple[int, int, int, int]:
    shrink = max(1.0, max(image.width, image.height) / 512)
    small = image.resize(1 / shrink).colourspace("b-w").numpy().astype(np.float32)
    small = small.reshape(small.shape[:2])
    energy = np.zeros_like(small)
    energy[:, 1:] += np.abs(np.diff(small, axis=1))
    energy[1:, :] += np.abs(np.diff(small, axis=0))
    total = np.pad(energy, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    rows, columns = (
        max(1, min(energy.shape[0], round(height / shrink))),
        max(1, min(energy.shape[1], round(width / shrink))),
    )
    sums = total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    row, column = np.unravel_index(int(np.argmax(sums)), sums.shape)
    left, top = min(int(column * shrink), image.width - width), min(int(row * shrink), image.height - height)
    return left, top, width, height


def _small(source: Path, side: int) -> tuple[Any, int, int]:
    if kind_of(source) in LOADED:
        image = opened(source)
        width, height = image.width, image.height
        return _flat(image.thumbnail_image(side, size="down")), width, height
    head = pyvips.Image.new_from_file(str(source), access="sequential", fail_on="truncated")
    width, height = _upright_size(head)
    colours = {"output_profile": "srgb"} if _has_other_colours(head) else {}
    small = pyvips.Image.thumbnail(str(source), side, height=side, size="down", fail_on="truncated", **colours)
    return _flat(small), width, height


def _upright_size(image: Any) -> tuple[int, int]:
    turned = image.get_typeof("orientation") != 0 and image.get("orientation") in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def _upright(source: Path) -> Any:
    if kind_of(source) in LOADED:
        return opened(source)
    return pyvips.Image.new_from_file(str(source), fail_on="truncated").autorot()


def _flat(image: Any) -> Any:
    """8-bit sRGB without transparency (white shows through)."""
    if _has_other_colours(image):
        image = image.icc_transform("srgb", embedded=True, intent="relative")
    if image.hasalpha():
        image = image.flatten(background=[255 if image.format == "uchar" else 65535])
    image = image.colourspace("srgb")
    if image.bands > 3:
        image = image.extract_band(0, n=3)
    return image.cast("uchar") if image.format != "uchar" else image


def _has_other_colours(image: Any) -> bool:
    """Whether its values must be converted to be seen as sRGB; a conversion costs as much as all else of a view."""
    if image.get_typeof("icc-profile-data"):
        return not (image.interpretation == "srgb" and _is_srgb(bytes(image.get("icc-profile-data"))))
    return bool(image.interpretation == "cmyk")


@lru_cache(maxsize=16)
def _is_srgb(profile: bytes) -> bool:
    """Whether colours through this RGB profile are those of sRGB, to a level of 8 bits, by a few of them."""
    levels = np.array([0, 64, 128, 255], np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(8, 8, 3)
    image = pyvips.Image.new_from_array(cube).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    seen = image.icc_transform("srgb", embedded=True, intent="relative").numpy()
    return bool(np.abs(seen.astype(np.int16) - cube).max() <= 1)


def _is_gray(image: Any) -> bool:
    if image.bands < 3:
        return True
    red, green, blue = np.moveaxis(image.numpy()[::2, ::2], 2, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool(np.percentile(spread, 99) <= GRAY_TOLERANCE)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else "unknown"
