"""What a file says about its picture, carried from input to output: ICC, EXIF, XMP, IPTC, comments, resolution."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from relume.runtime.pictures import icc, iptc
from relume.runtime.pictures.kinds import Written

_BLOBS = ("icc-profile-data", "exif-data", "xmp-data", "iptc-data", "photoshop-data")
_PREFIXES = ("exif-ifd", "png-comment-")
_TEXTS = ("resolution-unit", "gif-comment")
_STALE = ("DigitalSourceType", "Orientation", "ImageWidth", "ImageLength", "PixelXDimension", "PixelYDimension")
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCE_TYPE = {
    "faithful": _SOURCE_TYPES + "algorithmicallyEnhanced",
    "generative": _SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia",
}
"""ModelCard.fidelity -> IPTC digital source type"""


@dataclass(frozen=True)
class Metadata:
    """``fields``: blobs and texts by libvips' names, IPTC as records; ``xres``, ``yres``: pixels per millimetre."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    xres: float = 1.0
    yres: float = 1.0

    @classmethod
    def of(cls, image: Any) -> Self:
        """What a pyvips image carries."""
        fields = {}
        for name in _names(image):
            with contextlib.suppress(UnicodeDecodeError):
                fields[name] = image.get(name)
        if "iptc-data" in fields:
            fields["iptc-data"] = iptc.unwrapped(bytes(fields["iptc-data"]))
        return cls(fields, *_resolution(image))

    @property
    def profile(self) -> bytes:
        """The ICC profile, empty if there is none."""
        return bytes(self.fields.get("icc-profile-data", b""))

    def without(self, *names: str) -> Self:
        """The same without the fields named."""
        return replace(self, fields={k: v for k, v in self.fields.items() if k not in names})

    def with_blob(self, name: str, blob: bytes) -> Self:
        """The same with one blob set."""
        return replace(self, fields={**self.fields, name: blob})

    def stripped(self) -> Self:
        """Only what is needed to show the picture rightly: the ICC profile and the resolution."""
        kept = ("icc-profile-data", "resolution-unit")
        return replace(self, fields={k: v for k, v in self.fields.items() if k in kept})

    def fit_for(self, bands: int) -> tuple[Self, tuple[str, ...]]:
        """Without an ICC profile that is none, or is of another colour space than the picture; and notes of it."""
        expected = "GRAY" if bands < 3 else "RGB"
        if not self.profile or icc.space(self.profile) == expected:
            return self, ()
        found = icc.space(self.profile) or "no valid profile"
        return self.without("icc-profile-data"), (f"ICC profile not kept: it is {found}, the picture {expected}",)

    def declaring(self, source_type: str) -> Self:
        """With the IPTC digital source type in its XMP, the rest of which is kept."""
        return self.with_blob("xmp-data", declare(bytes(self.fields.get("xmp-data", b"")), source_type))

    def apply(self, image: Any, kind: Written) -> Any:
        """A copy of the pyvips image that carries this, to be saved as ``kind``."""
        import pyvips

        image = image.copy(xres=self.xres, yres=self.yres)
        for name in image.get_fields():
            if name in _BLOBS or name.startswith(_PREFIXES):
                image.remove(name)
        fields = dict(self.fields)
        records = fields.pop("iptc-data", b"")
        if records and kind == "jpeg":
            fields["iptc-data"] = iptc.wrapped(bytes(records))
        for name, value in fields.items():
            value_kind = pyvips.GValue.blob_type if isinstance(value, bytes) else pyvips.GValue.gstr_type
            image.set_type(value_kind, name, value)
        return image


def _names(image: Any) -> list[str]:
    """The fields to keep; of an image with a name that is no text, those that have names of their own."""
    try:
        return [n for n in image.get_fields() if n in _BLOBS or n in _TEXTS or n.startswith(_PREFIXES)]
    except UnicodeDecodeError:
        return [n for n in (*_BLOBS, *_TEXTS) if image.get_typeof(n)]


def _resolution(image: Any) -> tuple[float, float]:
    """Pixels per millimetre: the file's own, or that of its EXIF (WebP has no other), or 72 to the inch."""
    if (image.xres, image.yres) != (1.0, 1.0):
        return image.xres, image.yres
    found = []
    for axis in "XY":
        name = f"exif-ifd0-{axis}Resolution"
        text = image.get(name) if name in _names(image) else ""
        match = re.match(r"(\d+)(?:/(\d+))?\b", text)
        found.append(int(match[1]) / int(match[2] or 1) if match and int(match[2] or 1) and int(match[1]) else 72.0)
    unit = image.get("exif-ifd0-ResolutionUnit") if "exif-ifd0-ResolutionUnit" in _names(image) else ""
    divisor = 10.0 if "entimet" in unit else 25.4
    return found[0] / divisor, found[1] / divisor


def declare(xmp: bytes, source_type: str) -> bytes:
    """An XMP packet that gives ``source_type`` and keeps what ``xmp`` says, apart from facts that no longer hold.

    Dropped: another digital source type, the orientation and the pixel sizes of the source. A packet without an RDF
    body is replaced.
    """
    try:
        text = xmp.decode("utf-8").rstrip("\0")
    except UnicodeDecodeError:
        text = ""
    for name in _STALE:
        text = re.sub(rf"\s[\w.-]+:{name}\s*=\s*(\"[^\"]*\"|'[^']*')", "", text)
        text = re.sub(rf"<([\w.-]+:{name})\b[^>]*?(/>|>[^<]*</\1\s*>)", "", text)
    entry = (
        '<{0}:Description xmlns:{0}="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {0}:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
        f"<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType></{{0}}:Description>"
    )
    ends = list(re.finditer(r"</([\w.-]+):RDF\s*>", text))
    if not ends:
        empty = re.search(r"<([\w.-]+):RDF\b([^>]*)/>", text)
        if empty is None:
            return (
                '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
                '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
                f'{entry.format("rdf")}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
            ).encode()
        prefix = empty[1]
        body = f"<{prefix}:RDF{empty[2]}>{entry.format(prefix)}</{prefix}:RDF>"
        return (text[: empty.start()] + body + text[empty.end() :]).encode()
    last = ends[-1]
    return (text[: last.start()] + entry.format(last[1]) + text[last.start() :]).encode()
