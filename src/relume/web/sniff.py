"""What a file shows at its head: the format by its bytes and the size in pixels, without decoding anything.

This is what the page itself reads of an upload, in plain Python with bounds on every step; names, extensions and
declared types are not looked at. The pictures are decoded in a worker, which checks everything again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, ClassVar

from relume.runtime.pictures import kinds
from relume.runtime.pictures.errors import Damaged, NotAPicture, TooLarge

MOST_STEPS = 4096
MOST_META = 4 << 20
FARTHEST = 1 << 40
"""An offset that no upload reaches; file systems refuse to look much farther."""


@dataclass(frozen=True)
class Head:
    """Format (``png``, ``jpeg``, ``webp``, ``tiff``, ``heif``, ``gif``, ``bmp``) and size in pixels as stored."""

    kind: str
    width: int
    height: int

    MIME: ClassVar[dict[str, str]] = {
        "png": "image/png",
        "jpeg": "image/jpeg",
        "webp": "image/webp",
        "tiff": "image/tiff",
        "heif": "image/heic",
        "gif": "image/gif",
        "bmp": "image/bmp",
    }
    SUFFIX: ClassVar[dict[str, str]] = {"jpeg": ".jpg", "tiff": ".tif", "heif": ".heic"}

    @property
    def mime(self) -> str:
        """The media type of the format."""
        return self.MIME[self.kind]

    @property
    def suffix(self) -> str:
        """The usual extension of the format, with its dot."""
        return self.SUFFIX.get(self.kind, f".{self.kind}")


def sniff(stream: IO[bytes], max_pixels: int) -> Head:
    """The head of the picture in ``stream``; raises NotAPicture, Damaged or TooLarge (more than ``max_pixels``)."""
    kind = kinds.sniff(_at(stream, 0, kinds.HEAD))
    if kind is None:
        raise NotAPicture("this is no picture that relume knows: it takes JPEG, PNG, WebP, TIFF, HEIC, GIF and BMP")
    try:
        width, height = _SIZE[kind](stream)
    except (struct.error, IndexError) as error:
        raise Damaged(f"this {kind.upper()} file ends inside its head: it is damaged or incomplete") from error
    if width < 1 or height < 1:
        raise Damaged(f"this {kind.upper()} file says that it is {width} by {height} pixels: it is damaged")
    if width * height > max_pixels:
        megapixels, most = width * height / 1e6, max_pixels / 1e6
        raise TooLarge(
            f"this picture has {width} x {height} pixels ({megapixels:.0f} MP); up to {most:.0f} MP are taken"
        )
    return Head(kind, width, height)


def _at(stream: IO[bytes], offset: int, size: int) -> bytes:
    if offset >= FARTHEST:
        raise IndexError("an offset beyond any file")
    stream.seek(offset)
    return stream.read(size)


def _png(stream: IO[bytes]) -> tuple[int, int]:
    name, width, height = struct.unpack(">4sII", _at(stream, 12, 12))
    if name != b"IHDR":
        raise Damaged("this PNG file does not begin with its header: it is damaged")
    return width, height


def _gif(stream: IO[bytes]) -> tuple[int, int]:
    width, height = struct.unpack("<HH", _at(stream, 6, 4))
    return width, height


def _bmp(stream: IO[bytes]) -> tuple[int, int]:
    (size,) = struct.unpack("<I", _at(stream, 14, 4))
    if size == 12:
        width, height = struct.unpack("<HH", _at(stream, 18, 4))
        return width, height
    width, height = struct.unpack("<ii", _at(stream, 18, 8))
    return width, abs(height)


def _jpeg(stream: IO[bytes]) -> tuple[int, int]:
    offset = 2
    for _ in range(MOST_STEPS):
        marker = _at(stream, offset, 4)
        if marker[0] != 0xFF:
            raise Damaged("this JPEG file has no picture where its head ends: it is damaged")
        code = marker[1]
        if code == 0xFF:
            offset += 1
        elif 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", _at(stream, offset + 5, 4))
            return width, height
        elif code in (0xD9, 0xDA):
            break
        elif code == 0x01 or 0xD0 <= code <= 0xD8:
            offset += 2
        else:
            (length,) = struct.unpack(">H", marker[2:4])
            offset += 2 + max(length, 2)
    raise Damaged("this JPEG file has no frame: it is damaged or incomplete")


def _webp(stream: IO[bytes]) -> tuple[int, int]:
    start = _at(stream, 12, 18)
    name, body = start[:4], start[8:]
    if name == b"VP8X":
        return 1 + int.from_bytes(_full(body[4:7], 3), "little"), 1 + int.from_bytes(_full(body[7:10], 3), "little")
    if name == b"VP8L" and body[:1] == b"\x2f":
        (bits,) = struct.unpack("<I", body[1:5])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise Damaged("this WebP file has no frame where it should: it is damaged")


def _full(part: bytes, size: int) -> bytes:
    if len(part) != size:
        raise IndexError
    return part


def _tiff(stream: IO[bytes]) -> tuple[int, int]:
    start = _at(stream, 0, 16)
    order = "<" if start[:2] == b"II" else ">"
    big = start[2:4] in (b"+\0", b"\0+")
    (offset,) = struct.unpack(order + ("Q" if big else "I"), start[8:16] if big else start[4:8])
    (count,) = struct.unpack(order + ("Q" if big else "H"), _at(stream, offset, 8 if big else 2))
    entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    table = _at(stream, offset + (8 if big else 2), entry.size * min(count, MOST_STEPS))
    found: dict[int, int] = {}
    for tag, kind, _, value in entry.iter_unpack(table[: len(table) // entry.size * entry.size]):
        form = {3: "H", 4: "I", 16: "Q"}.get(kind)
        if tag in (256, 257) and form is not None:
            (found[tag],) = struct.unpack_from(order + form, value)
    if len(found) != 2:
        raise Damaged("this TIFF file does not say how large it is: it is damaged or incomplete")
    return found[256], found[257]


def _heif(stream: IO[bytes]) -> tuple[int, int]:
    offset = 0
    for _ in range(MOST_STEPS):
        size, name = struct.unpack(">I4s", _at(stream, offset, 8))
        if name == b"meta":
            return _largest_item(_at(stream, offset, min(size, MOST_META)))
        if size < 8:
            break
        offset += size
    raise Damaged("this HEIC file has no index of its pictures: it is damaged or incomplete")


def _largest_item(meta: bytes) -> tuple[int, int]:
    sizes: list[tuple[int, int]] = []
    at = meta.find(b"ispe")
    while at >= 0 and len(sizes) < MOST_STEPS:
        sizes.append(struct.unpack(">II", meta[at + 8 : at + 16]))
        at = meta.find(b"ispe", at + 4)
    if not sizes:
        raise Damaged("this HEIC file does not say how large its picture is: it is damaged")
    return max(sizes, key=lambda size: size[0] * size[1])


_SIZE: dict[str, Callable[[IO[bytes]], tuple[int, int]]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "bmp": _bmp,
    "tiff": _tiff,
    "webp": _webp,
    "heif": _heif,
}
