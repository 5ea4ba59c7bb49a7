"""Formats: told by the first bytes of the content and never by the name, and which of them can be written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

from relume.runtime.pictures.errors import NotAPicture, Unreadable
from relume.signal import UsageError

Kind = Literal["png", "jpeg", "webp", "tiff", "heif", "gif", "bmp"]
Written = Literal["png", "jpeg", "webp", "tiff"]

HEAD = 32
SUFFIXES: dict[str, Written] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".jpe": "jpeg",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
}
_USUAL: dict[Kind, str] = {"jpeg": ".jpg", "webp": ".webp", "tiff": ".tif"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"}


def sniff(head: bytes) -> Kind | None:
    """The format of a file that begins with ``head`` (32 bytes are enough), None if it is no picture we read."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:2] == b"BM" and len(head) >= 26:
        return "bmp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "heif"
    return None


def open_file(path: Path) -> int:
    """A descriptor of a plain file, opened for reading; anything else is Unreadable."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unreadable(f"{path}: not a plain file")
    return handle


def kind_of(source: Path | bytes) -> Kind:
    """The format of a file or of its bytes, by content; raises NotAPicture or Unreadable."""
    if isinstance(source, bytes):
        head = source[:HEAD]
    else:
        handle = open_file(source)
        try:
            head = os.read(handle, HEAD)
        finally:
            os.close(handle)
    kind = sniff(head)
    if kind is None:
        what = "empty" if not head else "not a picture that relume reads (PNG, JPEG, WebP, TIFF, HEIC, GIF, BMP)"
        raise NotAPicture(f"{label(source)}: {what}")
    return kind


def output_suffix(source: Path | bytes) -> str:
    """The suffix of the output's name: the source's own where it fits its content, .png for HEIC, GIF and BMP."""
    kind = kind_of(source)
    own = source.suffix if isinstance(source, Path) else ""
    return own if SUFFIXES.get(own.lower()) == kind else _USUAL.get(kind, ".png")


def written_kind(suffix: str) -> Written:
    """The format that a suffix (``.png``) asks for; raises UsageError if it cannot be written."""
    kind = SUFFIXES.get(suffix.lower())
    if kind is None:
        raise UsageError(f"cannot write '{suffix}'; the output's name must end in {', '.join(SUFFIXES)}")
    return kind


def label(source: Path | bytes) -> str:
    """How messages name a source."""
    return str(source) if isinstance(source, Path) else "<bytes>"
