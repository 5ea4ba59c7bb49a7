"""Test sets: folders of ground-truth pictures, 8 bits, read with Pillow as they are stored (colour or gray)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from relume.degrade.presets import RealWorld
from relume.degrade.resample import mod_crop, resize, to_bytes
from relume.signal import Array, InputRejected, UsageError

SUFFIXES = {".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class Picture:
    """A ground truth by name, (H, W, 3) or gray (H, W), uint8."""

    name: str
    pixels: Array


@dataclass(frozen=True)
class Pair:
    """A ground truth cut to a multiple of the scale, and its reduction, both uint8."""

    name: str
    low: Array
    high: Array


def load(path: Path) -> Array:
    """(H, W, 3) uint8, or (H, W) for a picture stored as gray; an unreadable file is an error that names it."""
    try:
        with Image.open(path) as image:
            pixels: Array = np.asarray(image if image.mode == "L" else image.convert("RGB"))
            return pixels
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise InputRejected(f"{path}: not a readable picture ({error})") from error


def folder(data: Path, name: str) -> Path:
    """Where the set ``name`` lies: ``DATA/sr-test/NAME`` or ``DATA/NAME``; if nowhere, an error names both."""
    for place in (data / "sr-test" / name, data / name):
        if place.is_dir():
            return place
    raise UsageError(f"no test set {name}: neither {data / 'sr-test' / name} nor {data / name} is a folder; see --data")


def read_set(data: Path, name: str) -> list[Picture]:
    """The pictures of a set by file name; an empty folder is an error."""
    place = folder(data, name)
    paths = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UsageError(f"no pictures in {place}")
    return [Picture(path.stem, load(path)) for path in paths]


def pair(picture: Picture, scale: int) -> Pair:
    """Cut and shrink as the protocol has it, rounding to 8 bits."""
    high = mod_crop(picture.pixels, scale)
    low = to_bytes(resize(high / 255.0, 1 / scale))
    return Pair(picture.name, low, high)


def as_found(picture: Picture, scale: int, seed: int) -> Pair:
    """Cut, and shrunk as photographs are found, by :class:`RealWorld`; one draw for each picture name and ``seed``."""
    high = mod_crop(picture.pixels, scale)
    chain = RealWorld(scale)
    drawn = chain.draw(high.shape, np.random.default_rng([seed, zlib.crc32(picture.name.encode()), scale]))
    return Pair(picture.name, to_bytes(chain.apply(high / 255.0, drawn)), high)
