"""Masks of damage: read from a file, checked, and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relume.runtime import files
from relume.runtime.options import Options
from relume.runtime.pictures import Metadata, Target, open_sink, open_source, written_kind
from relume.runtime.pictures.kinds import Written
from relume.signal import Array, InputRejected, OutputRefused

_BAND = 256
_MARGIN, _ALONG = 0.08, 0.5
"""A frame begins within this part of a side, and is longer than that part of the other."""


class BadMask(InputRejected):
    """A mask that does not fit its picture, or is not the one that a record names."""

    code = "mask"


def sha256(path: Path) -> str:
    """The hash of the mask's file; raises BadMask."""
    try:
        return files.sha256(path)
    except OSError as error:
        raise BadMask(f"{path}: the mask cannot be read: {error.strerror}") from error


def read(path: Path, height: int, width: int, expected: str | None, options: Options) -> Array:
    """(height, width) bool: where the picture file at ``path`` is brighter than half; raises BadMask."""
    if expected is not None and sha256(path) != expected:
        raise BadMask(f"{path}: not the mask that the record names")
    source = open_source(path, max_pixels=options.pixels, max_memory=options.memory)
    _fits(str(path), (source.height, source.width), height, width)
    bands = [source.read(top, min(height, top + _BAND)) for top in range(0, height, _BAND)]
    return np.concatenate([(rows[..., : source.colours] > source.white / 2).any(axis=2) for rows in bands])


def of_array(mask: Array, height: int, width: int) -> Array:
    """(height, width) bool of an array (H, W) of bool, or of numbers above half of their kind's white."""
    _fits("the mask", mask.shape[:2], height, width)
    if mask.ndim != 2:
        raise BadMask(f"a mask is (H, W), not {mask.shape}")
    if mask.dtype == bool:
        return mask
    white = np.iinfo(mask.dtype).max if mask.dtype.kind in "iu" else 1.0
    return np.asarray(mask > white / 2)


def _fits(name: str, size: tuple[int, ...], height: int, width: int) -> None:
    if size != (height, width):
        found = "x".join(str(side) for side in size[::-1])
        raise BadMask(f"{name} is {found} pixels, the picture {width}x{height}: a mask has the picture's size")


def check_target(path: Path) -> Written:
    """The format that a mask at ``path`` gets; raises OutputRefused for one that would change its pixels."""
    kind = written_kind(path.suffix)
    if kind == "jpeg":
        raise OutputRefused(f"{path}: a mask must keep its pixels: name a .png, .tif or .webp")
    return kind


def write(path: Path, kind: Written, mask: Array) -> None:
    """Write (H, W) bool into ``path``, a file that is there, as gray 8-bit, 255 where it is true; OutputRefused."""
    height, width = mask.shape
    sink = open_sink(path, Target(kind, width, height, 1, np.dtype(np.uint8), Metadata()))
    try:
        for top in range(0, height, _BAND):
            sink.write(mask[top : top + _BAND, :, None].astype(np.uint8) * np.uint8(255))
        sink.finish()
    except BaseException:
        sink.abandon()
        raise


def without_frame(mask: Array) -> Array:
    """``mask`` (H, W) bool without what runs along a side, small gaps or not: the edge of the paper, or a frame."""
    from scipy.ndimage import find_objects, label, maximum_filter  # costs a start that other tasks need not pay

    gap = 2 * max(1, min(mask.shape) // 200) + 1
    parts, _ = label(maximum_filter(mask, gap), np.ones((3, 3), bool))
    kept = mask.copy()
    for number, box in enumerate(find_objects(parts), 1):
        for axis, length in enumerate(mask.shape):
            start, stop = box[1 - axis].start, box[1 - axis].stop
            depth = _MARGIN * mask.shape[1 - axis]
            near = start < depth or stop > mask.shape[1 - axis] - depth
            if near and box[axis].stop - box[axis].start > _ALONG * length:
                kept[box][parts[box] == number] = False
    return kept


def window(mask: Array, top: int, left: int, height: int, width: int) -> Array:
    """(height, width) float32 of the mask from (top, left) on; 0 beyond its sides."""
    found = np.zeros((height, width), np.float32)
    part = mask[top : top + height, left : left + width]
    found[: part.shape[0], : part.shape[1]] = part
    return found
