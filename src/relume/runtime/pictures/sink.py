"""Pictures out: rows go in from top to bottom as they are made, the file is encoded beside the network.

libvips pulls and cannot be pushed, so the rows travel to its savers through a pipe, as an uncompressed PNG that
libvips reads in sequence. Nothing is held but the rows on their way. Float pictures go to TIFF by tifffile.
"""

from __future__ import annotations

import errno
import os
import queue
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from relume.runtime.pictures import exif
from relume.runtime.pictures.errors import CannotHold, Unwritable
from relume.runtime.pictures.kinds import Written
from relume.runtime.pictures.metadata import Metadata
from relume.signal import Array

JPEG_QUALITY = 95
WEBP_QUALITY = 92
_LARGEST_SIDE = {"png": (1 << 31) - 1, "jpeg": 65535, "webp": 16383, "tiff": (1 << 31) - 1}
_BIG_TIFF = 4_000_000_000
_PIECE_BYTES = 1 << 20
"""So much is put into the pipe in one go: it stays near the processor on its way."""


@dataclass(frozen=True)
class Target:
    """What will be written; samples of ``dtype``, gray or RGB with or without alpha by ``bands``."""

    kind: Written
    width: int
    height: int
    bands: int
    dtype: np.dtype[Any]
    metadata: Metadata
    lossless: bool = True
    compression: str = "deflate"

    @property
    def raw_bytes(self) -> int:
        """Bytes of the samples alone."""
        return self.width * self.height * self.bands * self.dtype.itemsize


class Sink(Protocol):
    """Where rows go. After the last row :meth:`finish`; after a failure :meth:`abandon`, which never raises."""

    def write(self, rows: Array) -> None:
        """Take the next rows, (rows, width, bands), a few MiB of them; they are the caller's again afterwards."""
        ...

    def finish(self) -> None:
        """Complete the file."""
        ...

    def abandon(self) -> None:
        """Let go of everything; the file is left for the caller to remove."""
        ...


def written_dtype(kind: Written, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The samples that ``kind`` can hold of a picture with samples of ``dtype``."""
    if kind in ("jpeg", "webp"):
        return np.dtype(np.uint8)
    return np.dtype(np.uint16) if kind == "png" and dtype.kind == "f" else dtype


def check_target(kind: Written, width: int, height: int, bands: int, name: str) -> None:
    """Raise CannotHold if ``kind`` cannot hold a picture of this size and these bands."""
    most = _LARGEST_SIDE[kind]
    if max(width, height) > most:
        raise CannotHold(
            f"{name}: {kind.upper()} holds at most {most} pixels a side, not {width}x{height}; use TIFF or PNG"
        )
    if kind == "jpeg" and bands in (2, 4):
        raise CannotHold(f"{name}: JPEG holds no transparency; write PNG, WebP or TIFF")


def open_sink(path: Path, target: Target) -> Sink:
    """Begin the file at ``path``, which may exist empty; raises Unwritable."""
    return _FloatTiff(path, target) if target.dtype.kind == "f" else _Piped(path, target)


def _refusal(path: Path, message: str) -> Unwritable:
    full = "no space left" in message.lower() or os.strerror(errno.ENOSPC).lower() in message.lower()
    reason = "the disk is full" if full else message
    return Unwritable(f"{path.parent}: cannot write there: {reason}")


def _graft(path: Path, metadata: Metadata) -> None:
    """Put into a TIFF what neither libvips nor tifffile can: EXIF and IPTC."""
    blob, iptc = (bytes(metadata.fields.get(name, b"")) for name in ("exif-data", "iptc-data"))
    if not blob and not iptc:
        return
    try:
        exif.graft(path, blob, iptc)
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error


class _Piped:
    """Rows into a pipe, libvips at its other end on a thread of its own."""

    def __init__(self, path: Path, target: Target) -> None:
        self._path, self._target = path, target
        self._failure: str | None = None
        self._deflate = zlib.compressobj(0)
        self._read, write = os.pipe()
        self._pipe = os.fdopen(write, "wb", buffering=0)
        self._thread = threading.Thread(target=self._save, name="relume-save", daemon=True)
        self._thread.start()
        try:
            self._put(*_png_head(target))
        except BaseException:
            self.abandon()
            raise

    def write(self, rows: Array) -> None:
        step = max(1, _PIECE_BYTES // (1 + rows[0].nbytes))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            lines = np.empty((len(part), 1 + part[0].nbytes), np.uint8)
            lines[:, 0] = 0  # the filter of a line: none
            big_endian = part.astype(part.dtype.newbyteorder(">"), copy=False)
            lines[:, 1:] = np.ascontiguousarray(big_endian).view(np.uint8).reshape(len(part), -1)
            data = self._deflate.compress(lines.data)
            if data:
                self._put(*_chunk(b"IDAT", data))

    def _put(self, *parts: bytes) -> None:
        for part in parts:
            view = memoryview(part)
            while view and self._failure is None:
                view = view[self._pipe.write(view) :]
        if self._failure is not None:
            raise _refusal(self._path, self._failure)

    def finish(self) -> None:
        self._put(*_chunk(b"IDAT", self._deflate.flush()), *_chunk(b"IEND", b""))
        self._pipe.close()
        self._thread.join()
        if self._failure is not None:
            raise _refusal(self._path, self._failure)
        if self._target.kind == "tiff":
            _graft(self._path, self._target.metadata)

    def abandon(self) -> None:
        self._pipe.close()
        self._thread.join()

    def _save(self) -> None:
        """Run the saver, then empty the pipe, so that the writing side never waits for a reader that has gone."""
        try:
            self._failure = _run_saver(self._read, self._path, self._target)
        finally:
            while os.read(self._read, 1 << 20):
                pass
            os.close(self._read)


def _run_saver(handle: int, path: Path, target: Target) -> str | None:
    """What went wrong, or None."""
    import pyvips

    try:
        stream = pyvips.Source.new_from_descriptor(handle)
        image = pyvips.Image.pngload_source(stream, access="sequential", fail_on="error")
        _saver(target.metadata.apply(image, target.kind), path, target)
    except (pyvips.Error, OSError) as error:
        lines = [" ".join(line.split()) for line in str(getattr(error, "detail", "") or error).splitlines()]
        return next(
            (line for line in reversed(lines) if "system error" in line.lower()), lines[0] if lines else "failed"
        )
    return None


def _saver(image: Any, path: Path, target: Target) -> None:
    import pyvips

    handle = os.open(path, os.O_RDWR | os.O_TRUNC | getattr(os, "O_BINARY", 0))
    try:
        out = pyvips.Target.new_to_descriptor(handle)
    finally:
        os.close(handle)
    if target.kind == "png":
        image.pngsave_target(out, compression=4, filter="sub")
    elif target.kind == "jpeg":
        image.jpegsave_target(out, Q=JPEG_QUALITY, subsample_mode="off")
    elif target.kind == "webp":
        image.webpsave_target(out, Q=WEBP_QUALITY, lossless=target.lossless, effort=2)
    else:
        image.tiffsave_target(
            out,
            compression=target.compression,
            predictor="none" if target.compression == "none" else "horizontal",
            bigtiff=target.raw_bytes > _BIG_TIFF,
        )


def _png_head(target: Target) -> tuple[bytes, ...]:
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[target.bands]
    size = struct.pack(">IIBBBBB", target.width, target.height, 8 * target.dtype.itemsize, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n", *_chunk(b"IHDR", size)


def _chunk(name: bytes, data: bytes) -> tuple[bytes, bytes, bytes]:
    """What a chunk of a PNG begins with, its data, and what it ends with."""
    return struct.pack(">I", len(data)) + name, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))


class _FloatTiff:
    """Float rows by tifffile on a thread of its own, which takes them from a short queue."""

    def __init__(self, path: Path, target: Target) -> None:
        self._path, self._target = path, target
        self._queue: queue.Queue[Array | None] = queue.Queue(maxsize=2)
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._save, name="relume-save", daemon=True)
        self._thread.start()

    def write(self, rows: Array) -> None:
        if self._failure is not None:
            raise _refusal(self._path, self._failure)
        self._queue.put(rows.copy())

    def finish(self) -> None:
        self._queue.put(None)
        self._thread.join()
        if self._failure is not None:
            raise _refusal(self._path, self._failure)
        _graft(self._path, self._target.metadata)

    def abandon(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _strips(self, rows: int) -> Iterator[Array]:
        held = np.empty((0, self._target.width, self._target.bands), np.float32)
        while (piece := self._queue.get()) is not None:
            held = np.concatenate([held, piece])
            while len(held) >= rows:
                yield held[:rows]
                held = held[rows:]
        if len(held):
            yield held

    def _save(self) -> None:
        target = self._target
        rows = max(1, min(target.height, (1 << 20) // max(1, target.width * target.bands * 4)))
        strips = self._strips(rows)
        try:
            _write_float_tiff(self._path, target, strips, rows)
        except Exception as error:  # whatever fails, the rows on their way must be taken or the writer waits for ever
            self._failure = str(getattr(error, "strerror", None) or error)
            for _ in strips:
                pass


def _write_float_tiff(path: Path, target: Target, strips: Iterator[Array], rows: int) -> None:
    import tifffile

    fields = target.metadata.fields
    tags = [
        (number, 1 if name == "xmp-data" else 7, len(fields[name]), bytes(fields[name]), True)
        for number, name in ((700, "xmp-data"),)
        if name in fields
    ]
    with tifffile.TiffWriter(path, bigtiff=target.raw_bytes > _BIG_TIFF, byteorder="<") as writer:
        writer.write(
            strips,
            shape=(target.height, target.width, target.bands) if target.bands > 1 else (target.height, target.width),
            dtype=np.float32,
            photometric="rgb" if target.bands > 2 else "minisblack",
            planarconfig="contig" if target.bands > 1 else None,
            extrasamples=["unassalpha"] if target.bands in (2, 4) else None,
            rowsperstrip=rows,
            compression="zlib" if target.compression != "none" else None,
            resolution=(target.metadata.xres * 10, target.metadata.yres * 10),
            resolutionunit="centimeter",
            iccprofile=target.metadata.profile or None,
            extratags=tags,
            metadata=None,
            software=False,
        )
