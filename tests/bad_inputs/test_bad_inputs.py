"""Files that nobody should have to open: each ends ok or rejected, with a code and one line, and leaves nothing behind.

The pictures are made here, byte by byte where no encoder would write them.
"""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

SOURCE = Path(__file__).parents[2] / "src"
RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (24, 32, 3), dtype=np.uint8)


def encoded(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    stream = io.BytesIO()
    (picture or Image.fromarray(PIXELS)).save(stream, kind, **options)
    return stream.getvalue()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


def png(width: int, height: int, depth: int = 8, colour: int = 2, rows: bytes = b"", crc_slip: int = 0) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ crc_slip)

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head


def bomb() -> bytes:
    """A PNG of a few hundred kilobytes that unfolds to 900 megapixels."""
    return png(30000, 30000, 1, 0, b"\0" * (30000 // 8 + 1) * 30000)


def with_nan() -> np.ndarray:
    pixels = PIXELS.astype(np.float32) / 255
    pixels[3, 4] = np.nan
    pixels[5, 6] = np.inf
    pixels[7, 8] = -np.inf
    return pixels


def frames() -> list[Image.Image]:
    return [Image.fromarray(np.roll(PIXELS, shift, 1)) for shift in (0, 5, 9)]


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


SOUND: dict[str, Callable[[], bytes]] = {
    "rgb.png": lambda: encoded("PNG"),
    "grey.png": lambda: encoded("PNG", Image.fromarray(PIXELS[..., 0])),
    "grey-alpha.png": lambda: encoded("PNG", Image.fromarray(PIXELS).convert("LA")),
    "alpha.png": lambda: encoded("PNG", Image.fromarray(PIXELS).convert("RGBA")),
    "palette.png": lambda: encoded("PNG", Image.fromarray(PIXELS).quantize(7)),
    "palette.gif": lambda: encoded("GIF"),
    "one-bit.png": lambda: encoded("PNG", Image.fromarray(PIXELS).convert("1")),
    "one-pixel.png": lambda: encoded("PNG", Image.new("RGB", (1, 1))),
    "thin.png": lambda: encoded("PNG", Image.new("RGB", (1, 300))),
    "rgb.jpg": lambda: encoded("JPEG"),
    "grey.jpg": lambda: encoded("JPEG", Image.fromarray(PIXELS[..., 0])),
    "cmyk.jpg": lambda: encoded("JPEG", Image.fromarray(PIXELS).convert("CMYK")),
    "rgb.webp": lambda: encoded("WEBP"),
    "rgb.bmp": lambda: encoded("BMP"),
    "rgb16.tif": lambda: tiff(PIXELS.astype(np.uint16) * 257, photometric="rgb"),
    "cmyk.tif": lambda: encoded("TIFF", Image.fromarray(PIXELS).convert("CMYK")),
    "animated.gif": lambda: encoded("GIF", frames()[0], save_all=True, append_images=frames()[1:]),
    "animated.webp": lambda: encoded("WEBP", frames()[0], save_all=True, append_images=frames()[1:]),
    "animated.png": lambda: encoded("PNG", frames()[0], save_all=True, append_images=frames()[1:]),
    "really-a-jpeg.png": lambda: encoded("JPEG"),
    "really-a-png.jpg": lambda: encoded("PNG"),
    "really-a-tiff.webp": lambda: tiff(PIXELS, photometric="rgb"),
}

UNSOUND: dict[str, Callable[[], bytes]] = {
    "empty.png": bytes,
    "text.png": lambda: b"this is a letter, not a picture\n" * 40,
    "html.jpg": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
    "svg.png": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    ),
    "pdf.tif": lambda: b"%PDF-1.4\n%%EOF\n",
    "magic-only.png": lambda: b"\x89PNG\r\n\x1a\n",
    "magic-only.jpg": lambda: b"\xff\xd8\xff",
    "magic-only.tif": lambda: b"II*\0",
    "magic-only.heic": lambda: b"\0\0\0\x18ftypheic\0\0\0\0heicmif1",
    "truncated.png": lambda: half(encoded("PNG")),
    "truncated.jpg": lambda: half(encoded("JPEG")),
    "truncated.webp": lambda: half(encoded("WEBP")),
    "truncated.gif": lambda: half(encoded("GIF")),
    "truncated.tif": lambda: half(tiff(PIXELS, photometric="rgb")),
    "truncated.bmp": lambda: half(encoded("BMP")),
    "bad-crc.png": lambda: png(4, 4, rows=b"\0" * 13 * 4, crc_slip=1),
    "no-data.png": lambda: png(4, 4),
    "zero-wide.png": lambda: png(0, 4),
    "zero-high.png": lambda: png(4, 0),
    "zero.bmp": lambda: bmp(0, 0),
    "zero.gif": lambda: b"GIF89a\0\0\0\0\0\0\0;",
    "negative.bmp": lambda: bmp(-5, 5),
    "absurd.png": lambda: png(2**31 - 1, 2**31 - 1, rows=b"\0"),
    "absurd.bmp": lambda: bmp(2**31 - 1, 2**31 - 1),
    "bomb.png": bomb,
    "absurd.jpg": lambda: encoded("JPEG").replace(struct.pack(">HH", 24, 32), struct.pack(">HH", 65535, 65535), 1),
}

EITHER: dict[str, Callable[[], bytes]] = {
    "nan.tif": lambda: tiff(with_nan(), photometric="rgb"),
    "float.tif": lambda: tiff(PIXELS.astype(np.float32) / 255, photometric="rgb"),
    "double.tif": lambda: tiff(PIXELS.astype(np.float64), photometric="rgb"),
    "complex.tif": lambda: tiff(PIXELS[..., 0].astype(np.complex64)),
    "int32.tif": lambda: tiff(PIXELS[..., 0].astype(np.int32)),
    "five-bands.tif": lambda: tiff(np.zeros((5, 8, 8), np.uint8), planarconfig="separate"),
    "pages.tif": lambda: tiff(np.stack([PIXELS, PIXELS]), photometric="rgb"),
    "noise-after-magic.png": lambda: encoded("PNG")[:60] + RNG.bytes(500),
    "noise-in-scan.jpg": lambda: encoded("JPEG")[:-400] + RNG.bytes(400),
}


def relume(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "relume", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False, **options)


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> dict[str, dict]:
    """All of the files above in one batch: what it told of each, by name, and what it left behind."""
    root = tmp_path_factory.mktemp("bad")
    (root / "in").mkdir()
    for name, make in (SOUND | UNSOUND | EITHER).items():
        (root / "in" / name).write_bytes(make())
    before = {path.name: path.read_bytes() for path in (root / "in").iterdir()}
    ended = relume("restore", root / "in", "-o", root / "out", "--model", "bicubic", "--scale", 2, "--json")
    told = json.loads(ended.stdout)
    assert {path.name: path.read_bytes() for path in (root / "in").iterdir()} == before
    return {
        "status": ended.returncode,
        "stderr": ended.stderr.decode(),
        "out": root / "out",
        "files": {Path(entry["input"]).name: entry for entry in told["files"]},
    }


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_are_ok(batch, name: str) -> None:
    assert (batch["files"][name]["status"], batch["files"][name]["error"]) == ("ok", None)


@pytest.mark.parametrize("name", UNSOUND)
def test_unsound_files_are_rejected_with_a_code_and_one_line(batch, name: str) -> None:
    entry = batch["files"][name]
    assert entry["status"] == "rejected"
    assert entry["error"]["code"] in ("not-a-picture", "damaged", "too-large", "unsupported")
    assert name in entry["error"]["message"]
    assert "\n" not in entry["error"]["message"]


@pytest.mark.parametrize("name", EITHER)
def test_strange_files_are_ok_or_rejected(batch, name: str) -> None:
    assert batch["files"][name]["status"] in ("ok", "rejected")


def test_the_batch_says_that_some_failed_and_leaves_only_results(batch) -> None:
    assert batch["status"] == 3
    assert "Traceback" not in batch["stderr"]
    assert len(batch["files"]) == len(SOUND) + len(UNSOUND) + len(EITHER)
    made = {Path(entry["output"]) for entry in batch["files"].values() if entry["output"]}
    records = {path.with_name(path.name + ".relume.json") for path in made}
    assert set(batch["out"].iterdir()) == made | records | {batch["out"] / "relume.ledger.jsonl"}


def test_an_animation_says_that_it_is_one(batch) -> None:
    for name in ("animated.gif", "animated.webp", "animated.png"):
        if name != "animated.png":
            assert any("frame" in note for note in batch["files"][name]["notes"]), name


def test_larger_than_allowed_is_rejected_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    ended = relume("restore", tmp_path / "a.png", "--model", "bicubic", "--max-pixels", 100, "--json")
    assert (ended.returncode, json.loads(ended.stdout)["files"][0]["error"]["code"]) == (4, "too-large")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    (tmp_path / "a.png").chmod(0)
    assert relume("restore", tmp_path / "a.png", "--model", "bicubic").returncode == 4


def test_a_full_disk_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG", Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))))

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    ended = relume("restore", tmp_path / "a.png", "--model", "bicubic", "--json", preexec_fn=no_room)
    entry = json.loads(ended.stdout)["files"][0]
    assert (ended.returncode, entry["status"], entry["error"]["code"]) == (5, "rejected", "unwritable")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    (tmp_path / "file").write_bytes(b"")
    ended = relume("restore", tmp_path / "a.png", "-o", tmp_path / "file" / "out" / "b.png", "--model", "bicubic")
    assert ended.returncode == 5
    assert b"Traceback" not in ended.stderr
