"""EXIF as a TIFF file keeps it: directories of tags, read from a TIFF, reset, and written into a TIFF.

libvips carries EXIF through JPEG, PNG and WebP but not through TIFF, where it lies in directories linked from the
first one (tags 34665 and 34853). Blobs here begin with ``Exif\\0\\0`` as in JPEG. After TIFF 6.0, BigTIFF and EXIF 2.3.
"""

from __future__ import annotations

import io
import os
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from relume.runtime.pictures.kinds import open_file

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNITS = {5: 4, 10: 4}
_EXIF, _GPS, _IPTC, _ORIENTATION, _COMPRESSION = 34665, 34853, 33723, 274, 259
_TEXTS = (270, 271, 272, 305, 306, 315, 316, 33432)
"""ImageDescription, Make, Model, Software, DateTime, Artist, HostComputer, Copyright"""
_SHAPE = b'{"shape"'
"""How an ImageDescription begins that only tells the size of the array that was saved, which no longer holds."""
_MOST_ENTRIES, _MOST_BYTES = 1024, 1 << 22
_HEADER = b"Exif\0\0"
_COMPRESSIONS = {1: "none", 5: "lzw", 8: "deflate", 32946: "deflate", 50000: "zstd"}


class BadDirectory(ValueError):
    """A directory of tags that points outside its file or makes no sense."""


@dataclass(frozen=True)
class Entry:
    """One tag's value: its TIFF type, how many, and the bytes in little-endian order."""

    kind: int
    count: int
    data: bytes


Directory = dict[int, Entry]


def from_tiff(source: Path | bytes) -> tuple[bytes, bytes]:
    """The EXIF of a TIFF file as a blob, and its IPTC records, each empty if there is none; raises BadDirectory."""
    with closing(_opened(source)) as file:
        reader = _Reader(file)
        first = reader.directory(reader.first)
        linked = _linked(reader, first)
    texts = {tag: first[tag] for tag in _TEXTS if tag in first}
    if 270 in texts and texts[270].data.startswith(_SHAPE):
        del texts[270]
    iptc = first[_IPTC].data if _IPTC in first else b""
    if not texts and not linked:
        return b"", iptc
    return _HEADER + b"II*\0" + struct.pack("<I", 8) + _serialise(texts, linked, 8, big=False), iptc


def tiff_compression(source: Path | bytes) -> str:
    """How a TIFF is compressed: 'none', 'lzw', 'deflate', 'zstd', or 'deflate' in place of what loses."""
    try:
        with closing(_opened(source)) as file:
            reader = _Reader(file)
            entry = reader.directory(reader.first).get(_COMPRESSION)
    except BadDirectory:
        return "deflate"
    return "none" if entry is None else _COMPRESSIONS.get(_number(entry), "deflate")


def upright(blob: bytes) -> bytes:
    """The blob with its orientation set to 1 in place, nothing else moved; raises BadDirectory if it makes no sense."""
    start = len(_HEADER) if blob.startswith(_HEADER) else 0
    reader = _Reader(io.BytesIO(blob[start:]))
    at = reader.position(reader.first, _ORIENTATION)
    _linked(reader, reader.directory(reader.first))
    if at is None:
        return blob
    at += start
    return blob[:at] + struct.pack(reader.order + "HH", 1, 0) + blob[at + 4 :]


def graft(path: Path, blob: bytes, iptc: bytes) -> None:
    """Write the EXIF of ``blob`` and IPTC records into the little-endian TIFF or BigTIFF at ``path``.

    Either may be empty. What ``blob`` says must make sense, or it is BadDirectory.
    """
    own: Directory = {}
    linked: dict[int, Directory] = {}
    if blob:
        reader = _Reader(io.BytesIO(blob.removeprefix(_HEADER)))
        own = reader.directory(reader.first)
        linked = _linked(reader, own)
    with path.open("r+b") as file:
        target = _Reader(file)
        first = target.directory(target.first)
        merged = {tag: own[tag] for tag in _TEXTS if tag in own} | first
        if iptc:
            merged[_IPTC] = Entry(7, len(iptc), iptc)
        file.seek(0, io.SEEK_END)
        at = file.tell() + file.tell() % 2
        file.seek(at)
        file.write(_serialise(merged, linked, at, big=target.big))
        file.seek(8 if target.big else 4)
        file.write(struct.pack("<Q" if target.big else "<I", at))


def _opened(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else os.fdopen(open_file(source), "rb")


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)
        head = file.read(16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if len(head) < 8 or not self.order:
            raise BadDirectory("no TIFF header")
        magic = self._unpack("H", head[2:4])
        self.big = magic == 43
        if magic not in (42, 43) or (self.big and len(head) < 16):
            raise BadDirectory("no TIFF header")
        self.first = self._unpack("Q", head[8:16]) if self.big else self._unpack("I", head[4:8])

    def _unpack(self, kind: str, data: bytes) -> int:
        if len(data) != struct.calcsize(self.order + kind):
            raise BadDirectory("a directory runs past the end of the file")
        value: int = struct.unpack(self.order + kind, data)[0]
        return value

    def _entries(self, offset: int) -> list[tuple[int, int, int, int]]:
        """(tag, type, count, position of the value field) of each entry of the directory at ``offset``."""
        self._file.seek(offset)
        count = self._unpack("Q", self._file.read(8)) if self.big else self._unpack("H", self._file.read(2))
        if count > _MOST_ENTRIES:
            raise BadDirectory(f"a directory of {count} entries")
        size, head = (20, 8) if self.big else (12, 2)
        data = self._file.read(count * size)
        if len(data) != count * size:
            raise BadDirectory("a directory runs past the end of the file")
        form = self.order + ("HHQ" if self.big else "HHI")
        value = 12 if self.big else 8
        return [
            (*struct.unpack_from(form, data, i * size), offset + head + i * size + value)  # type: ignore[misc]
            for i in range(count)
        ]

    def position(self, offset: int, tag: int) -> int | None:
        """Where the value of a short ``tag`` lies, None if it is not there."""
        return next((at for found, kind, _, at in self._entries(offset) if found == tag and kind == 3), None)

    def directory(self, offset: int) -> Directory:
        """The directory at ``offset``, its values turned little-endian; a tag that points nowhere is none."""
        found: Directory = {}
        for tag, kind, count, at in self._entries(offset):
            size = _SIZES.get(kind, 0) * count
            if not 0 < size <= _MOST_BYTES:
                continue
            self._file.seek(at)
            if size > (8 if self.big else 4):
                inner = self._file.read(8 if self.big else 4)
                self._file.seek(self._unpack("Q" if self.big else "I", inner))
            data = self._file.read(size)
            if len(data) != size:
                continue
            unit = _UNITS.get(kind, _SIZES[kind])
            if self.order == ">" and unit > 1:
                data = b"".join(data[i : i + unit][::-1] for i in range(0, size, unit))
            found[tag] = Entry(kind, count, data)
        return found


def _linked(reader: _Reader, first: Directory) -> dict[int, Directory]:
    """The EXIF and GPS directories that the first one points to."""
    return {tag: reader.directory(_number(first[tag])) for tag in (_EXIF, _GPS) if tag in first}


def _number(entry: Entry) -> int:
    return int.from_bytes(entry.data[: _SIZES[entry.kind]], "little")


def _serialise(main: Directory, linked: dict[int, Directory], at: int, *, big: bool) -> bytes:
    """``main`` with pointers to the ``linked`` directories, all little-endian, to lie at offset ``at`` of a file."""
    pointers = {tag: Entry(16 if big else 4, 1, bytes(8 if big else 4)) for tag in linked}
    size = len(_one(main | pointers, at, big=big))
    blocks, position = [], at + size
    for tag, directory in linked.items():
        kept = {t: e for t, e in directory.items() if t != 40965}
        block = _one(kept, position, big=big)
        pointers[tag] = Entry(16 if big else 4, 1, position.to_bytes(8 if big else 4, "little"))
        blocks.append(block)
        position += len(block)
    return _one(main | pointers, at, big=big) + b"".join(blocks)


def _one(directory: Directory, at: int, *, big: bool) -> bytes:
    """One directory with its values after it; 40965, a pointer to interoperability data, must be gone already."""
    form, inline, count, link = ("<HHQ", 8, "<Q", bytes(8)) if big else ("<HHI", 4, "<H", bytes(4))
    head = struct.pack(count, len(directory))
    values_at = at + len(head) + len(directory) * (20 if big else 12) + len(link)
    entries, values = b"", b""
    for tag, entry in sorted(directory.items()):
        data = entry.data
        if len(data) > inline:
            data = (values_at + len(values)).to_bytes(inline, "little")
            values += entry.data + bytes(len(entry.data) % 2)
        entries += struct.pack(form, tag, entry.kind, entry.count) + data.ljust(inline, b"\0")
    return head + entries + link + values
