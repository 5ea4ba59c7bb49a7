"""A picture's file without its metadata, losslessly: pixels and colour profile are copied byte by byte.

JPEG, PNG and WebP are rows of labelled parts, of which the wanted ones are copied. A TIFF is full of offsets, so there
the values of the unwanted tags are overwritten in place. What cannot be followed raises Damaged, and nothing is shown.
"""

from __future__ import annotations

import io
import shutil
import struct
from collections.abc import Callable
from typing import IO

from relume.runtime.pictures.errors import Damaged

CHUNK = 1 << 20
MOST_PARTS = 1 << 20
PNG_KEPT = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"cHRM",
        b"gAMA",
        b"iCCP",
        b"sBIT",
        b"sRGB",
        b"bKGD",
        b"pHYs",
        b"cICP",
    )
)
WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"))
WEBP_METADATA_FLAGS = 0x0C
TIFF_DROPPED = frozenset((270, 271, 272, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34665, 34853, 37724))
TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
TIFF_POINTERS = frozenset((34665, 34853))


def scrub(source: IO[bytes], kind: str, out: IO[bytes]) -> None:
    """Copy the ``kind`` (jpeg, png, webp, tiff) in ``source`` to ``out`` without EXIF, XMP, IPTC and comments."""
    try:
        _SCRUBBERS[kind](source, out)
    except (struct.error, KeyError) as error:
        raise Damaged(f"the metadata of this {kind} file cannot be taken off") from error


def _jpeg(source: IO[bytes], out: IO[bytes]) -> None:
    out.write(source.read(2))
    for _ in range(MOST_PARTS):
        lead, code = struct.unpack(">BB", source.read(2))
        if lead != 0xFF:
            break
        if code == 0xDA:
            out.write(bytes((lead, code)))
            shutil.copyfileobj(source, out, CHUNK)
            return
        (length,) = struct.unpack(">H", source.read(2))
        body = source.read(length - 2)
        profile = code == 0xE2 and body.startswith(b"ICC_PROFILE\0")
        if not (0xE0 <= code <= 0xEF or code == 0xFE) or code in (0xE0, 0xEE) or profile:
            out.write(struct.pack(">BBH", lead, code, length) + body)
    raise Damaged("this JPEG file has no picture data")


def _png(source: IO[bytes], out: IO[bytes]) -> None:
    out.write(source.read(8))
    for _ in range(MOST_PARTS):
        length, name = struct.unpack(">I4s", source.read(8))
        if name in PNG_KEPT:
            out.write(struct.pack(">I4s", length, name))
            _copy(source, out, length + 4)
        else:
            source.seek(length + 4, 1)
        if name == b"IEND":
            return
    raise Damaged("this PNG file has no end")


def _webp(source: IO[bytes], out: IO[bytes]) -> None:
    _, size, _ = struct.unpack("<4sI4s", source.read(12))
    out.write(b"RIFF\0\0\0\0WEBP")
    end = 8 + size
    while source.tell() + 8 <= end:
        name, length = struct.unpack("<4sI", source.read(8))
        padded = length + (length & 1)
        if name not in WEBP_KEPT:
            source.seek(padded, 1)
            continue
        out.write(struct.pack("<4sI", name, length))
        if name == b"VP8X":
            body = bytearray(source.read(padded))
            body[0] &= ~WEBP_METADATA_FLAGS & 0xFF
            out.write(body)
        else:
            _copy(source, out, padded)
    total = out.tell()
    out.seek(4)
    out.write(struct.pack("<I", total - 8))
    out.seek(0, 2)


def _tiff(source: IO[bytes], out: IO[bytes]) -> None:
    shutil.copyfileobj(source, out, CHUNK)
    out.seek(0)
    start = out.read(16)
    order = "<" if start[:2] == b"II" else ">"
    big = start[2:4] in (b"+\0", b"\0+")
    at = struct.unpack(order + ("Q" if big else "I"), start[8:16] if big else start[4:8])[0]
    seen: set[int] = set()
    while at and at not in seen:
        seen.add(at)
        at = _blank_directory(out, order, big, at)
    out.seek(0, 2)


def _blank_directory(out: IO[bytes], order: str, big: bool, at: int) -> int:
    """Take the unwanted tags out of the directory at ``at``, zero what they point to; returns the next one's place."""
    entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    word = "Q" if big else "I"
    table = _table(out, order, big, at)
    (following,) = struct.unpack(order + word, out.read(struct.calcsize(word)))
    kept = []
    for tag, kind, amount, value in entry.iter_unpack(table):
        if tag not in TIFF_DROPPED:
            kept.append(entry.pack(tag, kind, amount, value))
            continue
        (target,) = struct.unpack_from(order + ("Q" if big and kind != 4 else "I"), value)
        length = TIFF_SIZES.get(kind, 1) * amount
        if tag in TIFF_POINTERS:
            _blank_pointed(out, order, big, target)
        elif length > len(value):
            _zero(out, target, length)
    out.seek(at)
    out.write(
        struct.pack(order + ("Q" if big else "H"), len(kept)) + b"".join(kept) + struct.pack(order + word, following)
    )
    out.write(bytes(len(table) - sum(map(len, kept))))
    return int(following)


def _table(out: IO[bytes], order: str, big: bool, at: int) -> bytes:
    """The entries of the directory at ``at``; the file stands behind them."""
    out.seek(at)
    (count,) = struct.unpack(order + ("Q" if big else "H"), out.read(8 if big else 2))
    size = count * (20 if big else 12)
    table = out.read(size) if count <= MOST_PARTS else b""
    if len(table) != size:
        raise Damaged("this TIFF file ends inside its tags")
    return table


def _blank_pointed(out: IO[bytes], order: str, big: bool, at: int) -> None:
    """Overwrite a whole EXIF or GPS directory with the values that it points to."""
    entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    number, word = (8, "Q") if big else (2, "I")
    table = _table(out, order, big, at)
    for _, kind, amount, value in entry.iter_unpack(table):
        length = TIFF_SIZES.get(kind, 1) * amount
        if length > len(value):
            _zero(out, struct.unpack_from(order + word, value)[0], length)
    _zero(out, at + number, len(table))


def _zero(out: IO[bytes], at: int, length: int) -> None:
    size = out.seek(0, 2)
    if at + length > size:
        raise Damaged("this TIFF file points beyond its end")
    out.seek(at)
    for _ in range(length // CHUNK):
        out.write(bytes(CHUNK))
    out.write(bytes(length % CHUNK))


def _copy(source: IO[bytes], out: IO[bytes], length: int) -> None:
    while length:
        part = source.read(min(length, CHUNK))
        if not part:
            raise Damaged("this file ends in the middle of a part")
        out.write(part)
        length -= len(part)


_SCRUBBERS: dict[str, Callable[[IO[bytes], IO[bytes]], None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "tiff": _tiff,
}


def scrubbed(data: bytes, kind: str) -> bytes:
    """:func:`scrub` for bytes."""
    out = io.BytesIO()
    scrub(io.BytesIO(data), kind, out)
    return out.getvalue()
