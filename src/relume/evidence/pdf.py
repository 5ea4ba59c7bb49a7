"""The report on one sheet of A4, as a PDF that needs nothing but itself: text, and pictures as the JPEGs they are.

After ISO 32000-1: one page, two of the standard fonts (Helvetica), pictures as DCT streams. Text is in Windows-1252;
what that lacks becomes a question mark.
"""

from __future__ import annotations

import struct
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 36.0
_EM = 0.52
"""Mean width of Helvetica's characters, in ems, generously."""
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame and tell its size."""


@dataclass
class Sheet:
    """One page, filled from the top; ``y`` is how far it has come, in points from the bottom.

    What does not fit any more is left out.
    """

    y: float = HEIGHT - MARGIN
    _drawn: list[bytes] = field(default_factory=list)
    _pictures: list[bytes] = field(default_factory=list)

    def text(self, words: str, size: float, bold: bool = False, indent: float = 0.0) -> None:
        """A paragraph of ``size`` points."""
        self.y -= 0.4 * size if bold else 0.0
        across = int((WIDTH - 2 * MARGIN - indent) / (_EM * size))
        for line in textwrap.wrap(words, across) or [""]:
            self.y -= 1.25 * size
            self._write(line, MARGIN + indent, size, bold)

    def row(self, pictures: Sequence[tuple[bytes, str]], height: float) -> None:
        """JPEGs side by side, each with a caption, none higher than ``height`` points."""
        gap = 8.0
        cell = (WIDTH - 2 * MARGIN - gap * (len(pictures) - 1)) / len(pictures)
        sizes = [_size(data)[:2] for data, _ in pictures]
        scales = [min(cell / width, height / tall) for width, tall in sizes]
        tallest = max(tall * scale for (_, tall), scale in zip(sizes, scales, strict=True))
        top = self.y - 4
        self.y = top - tallest - 9
        for index, ((data, caption), (width, tall), scale) in enumerate(zip(pictures, sizes, scales, strict=True)):
            left = MARGIN + index * (cell + gap)
            self._pictures.append(data)
            place = f"{width * scale:.2f} 0 0 {tall * scale:.2f} {left:.2f} {top - tall * scale:.2f}"
            self._drawn.append(f"q {place} cm /P{len(self._pictures)} Do Q".encode())
            self._write(textwrap.shorten(caption, int(cell / (_EM * 7)), placeholder="..."), left, 7, False)

    def _write(self, line: str, x: float, size: float, bold: bool) -> None:
        if self.y < MARGIN / 2:
            return
        code = line.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        start = f"BT /{'B' if bold else 'R'} {size:g} Tf {x:.2f} {self.y:.2f} Td (".encode()
        self._drawn.append(start + code + b") Tj ET")

    def to_bytes(self) -> bytes:
        """The file."""
        fonts = [
            b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name
            for name in (b"Helvetica", b"Helvetica-Bold")
        ]
        first = 7
        named = b" ".join(b"/P%d %d 0 R" % (n + 1, first + n) for n in range(len(self._pictures)))
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents 4 0 R /Resources " % (WIDTH, HEIGHT)
        page += b"<< /Font << /R 5 0 R /B 6 0 R >> /XObject << " + named + b" >> >> >>"
        objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]
        objects += [_stream(b"", b"\n".join(self._drawn)), *fonts, *map(_picture, self._pictures)]
        out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
        for number, content in enumerate(objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
        return bytes(out)


def _stream(head: bytes, data: bytes) -> bytes:
    return b"<< " + head + b"/Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def _picture(data: bytes) -> bytes:
    width, height, channels = _size(data)
    space = b"/DeviceGray" if channels == 1 else b"/DeviceRGB"
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s " % (width, height, space)
    return _stream(head + b"/BitsPerComponent 8 /Filter /DCTDecode ", data)


def _size(data: bytes) -> tuple[int, int, int]:
    """Width, height and channels of a JPEG."""
    at = 2
    while data[at + 1] not in _FRAMES:
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    height, width, channels = struct.unpack(">HHB", data[at + 5 : at + 10])
    return width, height, channels
