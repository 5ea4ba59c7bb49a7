"""Small pictures for the tests of the runtime: the functions below, as the fixture ``make``."""

import io
import struct
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational


def smooth(height: int, width: int, bands: int = 3, dtype: type = np.uint8) -> np.ndarray:
    """A picture of gentle waves over the whole range, different in each band."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [0.5 + 0.5 * np.sin(x / (5 + b) + b) * np.cos(y / (7 - b)) for b in range(bands)]
    values = np.stack(waves, axis=2)
    return values.astype(np.float32) if dtype is np.float32 else (values * np.iinfo(dtype).max).round().astype(dtype)


def encoded(array: np.ndarray, suffix: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    kinds = {(1, 2): "grey16", (2, 2): "grey16", (3, 2): "rgb16", (4, 2): "rgb16"}
    plain = "b-w" if array.shape[2] < 3 else "srgb"
    image = pyvips.Image.new_from_array(array)
    image = image.copy(interpretation=kinds.get((array.shape[2], array.dtype.itemsize), plain))
    return image.write_to_buffer(suffix, **options)


def decoded(data: bytes) -> np.ndarray:
    """The samples of a picture file, (H, W, C)."""
    array = pyvips.Image.new_from_buffer(data, "").numpy()
    return array[..., None] if array.ndim == 2 else array


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with a camera, a time and a place."""
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112], made[0x013B] = "Lens & Son", "Box 120", orientation, "A. Person"
    made.get_ifd(0x8769)[0x9003] = "1923:04:05 06:07:08"
    made.get_ifd(0x8769)[0x829A] = IFDRational(1, 125)
    made.get_ifd(0x8825)[1] = "N"
    made.get_ifd(0x8825)[2] = (47.0, 30.0, 15.5)
    return made


def rgb_profile(gamma: float = 2.2) -> bytes:
    """A matrix profile with AdobeRGB's primaries and a tone curve of one gamma."""
    curve = struct.pack(">4sIIHH", b"curv", 0, 1, round(gamma * 256), 0)
    text = b"desc" + struct.pack(">II", 0, 5) + b"test\0" + bytes(78)
    columns = {b"rXYZ": (0.60974, 0.31111, 0.01947), b"gXYZ": (0.20528, 0.62567, 0.06087)}
    columns |= {b"bXYZ": (0.14919, 0.06322, 0.74457), b"wtpt": (0.9642, 1.0, 0.8249)}
    tags = {
        name: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz)) for name, xyz in columns.items()
    }
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0"}
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp"
    )
    illuminant = struct.pack(">3i", 63190, 65536, 54061)
    head = head + bytes(28) + illuminant + bytes(48)
    return head[:128] + struct.pack(">I", len(tags)) + table + body


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """LittleCMS's sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def by_pillow(array: np.ndarray, kind: str, **options: object) -> bytes:
    """The bytes of a picture file, written by Pillow."""
    stream = io.BytesIO()
    Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def make() -> ModuleType:
    """This module."""
    return sys.modules[__name__]


@pytest.fixture
def tiny() -> str:
    """The path of a small network with random weights."""
    return str(Path(__file__).parent.parent / "data" / "tiny-cascade.onnx")
