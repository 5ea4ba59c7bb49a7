"""IPTC records (IIM) and the Photoshop block that JPEG wraps them in (segment APP13, resource 0x0404)."""

from __future__ import annotations

import struct

_HEAD = b"Photoshop 3.0\0"
_IPTC = 0x0404


def unwrapped(segment: bytes) -> bytes:
    """The IPTC records in a JPEG's APP13 segment, empty if it has none; bare records are returned as they are."""
    if not segment.startswith(_HEAD):
        return segment
    at = len(_HEAD)
    while segment[at : at + 4] == b"8BIM" and at + 12 <= len(segment):
        number, name = struct.unpack_from(">HB", segment, at + 4)
        at += 6 + (1 + name + 1) // 2 * 2
        size = int.from_bytes(segment[at : at + 4], "big")
        if number == _IPTC:
            return segment[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def wrapped(records: bytes) -> bytes:
    """The APP13 segment that holds these IPTC records."""
    return _HEAD + b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(records)) + records + bytes(len(records) % 2)
