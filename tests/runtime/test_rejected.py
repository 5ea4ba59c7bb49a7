"""Inputs that must be refused with a stable code and one line, and look-alikes that must not."""

import io
import os
import struct
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tifffile
from PIL import Image

from relume.runtime.options import Options
from relume.runtime.restore import output_suffix, restore_bytes, restore_file
from relume.signal import InputRejected

TWICE = Options(scale=2, model="bicubic")
WRITTEN = [(".png", {}), (".png", {"interlace": True}), (".jpg", {}), (".jpg", {"interlace": True}), (".webp", {})]
WRITTEN += [
    (".tif", {}),
    (".tif", {"compression": "deflate"}),
    (".tif", {"compression": "lzw", "tile": True}),
    (".gif", {}),
]


def refused(data: bytes | Path, options: Options = TWICE) -> str:
    """The code of the refusal; the message must be one short line."""
    with pytest.raises(InputRejected) as caught:
        if isinstance(data, Path):
            restore_file(data, data.with_name("out.png"), options)
        else:
            restore_bytes(data, ".png", options)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    return caught.value.code


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
@pytest.mark.parametrize(("suffix", "options"), WRITTEN)
def test_cut_short(make: ModuleType, suffix: str, options: dict[str, object], part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    data = make.encoded(noise, suffix, **options)
    assert refused(data[: int(len(data) * part)]) == "damaged"


def test_bmp_cut_short(make: ModuleType) -> None:
    data = make.by_pillow(make.smooth(40, 40), "BMP")
    assert refused(data[: len(data) // 2]) == "damaged"
    assert refused(data[:40]) in ("damaged", "not-a-picture")


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"\0" * 999]
)
def test_not_a_picture(data: bytes) -> None:
    assert refused(data) == "not-a-picture"


def test_a_heic_that_is_none() -> None:
    assert refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)) == "damaged"


def png_of(width: int, height: int, interlaced: int = 0) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


def test_bombs_and_absurd_sizes() -> None:
    assert refused(png_of(60000, 60000)) == "too-large"
    assert refused(png_of(0, 5)) == "damaged"
    assert refused(png_of(2_000_000_000, 2_000_000_000)) in ("too-large", "damaged")
    assert refused(png_of(300, 300), Options(scale=2, model="bicubic", max_pixels=1000)) == "too-large"


def test_what_must_be_decoded_whole_has_a_limit_on_memory() -> None:
    assert (
        refused(png_of(5000, 5000, interlaced=1), Options(scale=2, model="bicubic", max_memory=64 << 20)) == "too-large"
    )


def test_samples_and_channels_that_are_not_taken(make: ModuleType) -> None:
    for array in (np.zeros((8, 8), np.int16), np.zeros((8, 8), np.uint32), np.zeros((8, 8), np.complex64)):
        stream = io.BytesIO()
        tifffile.imwrite(stream, array)
        assert refused(stream.getvalue()) in ("unsupported", "damaged")
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((8, 8, 6), np.uint8), photometric="minisblack", planarconfig="contig")
    assert refused(stream.getvalue()) == "unsupported"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.png") == "unreadable"
    assert refused(tmp_path) == "unreadable"
    os.mkfifo(tmp_path / "pipe.png")
    assert refused(tmp_path / "pipe.png") == "unreadable"
    if os.geteuid() != 0:
        closed = tmp_path / "closed.png"
        closed.write_bytes(b"x")
        closed.chmod(0)
        assert refused(closed) == "unreadable"


def test_the_content_decides_and_not_the_name(make: ModuleType, tmp_path: Path) -> None:
    for name in ("wrong.tif", "no extension", "ünï[cödé].png", "a[page=3].jpg", "-dash.png", "q'uote\".png"):
        source = tmp_path / name
        source.write_bytes(make.encoded(make.smooth(8, 9), ".jpg"))
        target = tmp_path / "out" / (name + output_suffix(source))
        target.parent.mkdir(exist_ok=True)
        assert restore_file(source, target, TWICE).width == 18
    undecodable = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg"))
    undecodable.write_bytes(make.encoded(make.smooth(8, 9), ".jpg"))
    assert restore_file(undecodable, tmp_path / "fine.jpg", TWICE).height == 16


def test_bytes_after_the_last_row_of_a_jpeg_are_no_damage(make: ModuleType) -> None:
    data = make.encoded(make.smooth(64, 64), ".jpg")
    assert data[-2:] == b"\xff\xd9"
    padded = data[:-2] + bytes(7) + data[-2:]
    found = make.decoded(restore_bytes(padded, ".png", TWICE)[0])
    assert np.array_equal(found, make.decoded(restore_bytes(data, ".png", TWICE)[0]))


def test_a_byte_wrong_in_the_middle_of_a_png_is_damage(make: ModuleType) -> None:
    data = bytearray(make.encoded(make.smooth(64, 64), ".png"))
    data[len(data) // 2] ^= 0xFF
    assert refused(bytes(data)) == "damaged"


def test_tall_strips_are_read_in_order(make: ModuleType) -> None:
    """One strip for the whole picture, and bits that must be unpacked: read in pieces all the same."""
    stream = io.BytesIO()
    bits = np.random.default_rng(0).random((1500, 640)) > 0.5
    Image.fromarray(bits).save(stream, "TIFF", compression="group4", tiffinfo={278: 1500})
    small = Options(scale=2, model="bicubic", max_memory=64 << 20)
    found = make.decoded(restore_bytes(stream.getvalue(), ".png", small)[0])
    assert found.shape == (3000, 1280, 1)
