"""Protobuf's wire format, as far as ONNX files need it: fields read from a message, and one written.

An ONNX file is a protobuf message; its card, weights and layers are found by the field numbers of ``onnx.proto``, so
that the runtime needs neither ``onnx`` nor ``protobuf``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a message, in order: number and content, an integer or a ``memoryview``; floats are passed over.

    Raises ValueError or IndexError where ``data`` is no message.
    """
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, value
        elif kind == BYTES:
            size, at = varint(data, at)
            if at + size > len(data):
                raise ValueError("a field runs past the end")
            yield number, data[at : at + size]
            at += size
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} is not of protobuf 3")


def blobs(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message that hold bytes: texts, inner messages, weights."""
    return ((number, content) for number, content in fields(data) if isinstance(content, memoryview))


def integers(content: Any) -> list[int]:
    """A repeated integer: one of them, or several packed."""
    if isinstance(content, int):
        return [content]
    found, at = [], 0
    while at < len(content):
        value, at = varint(content, at)
        found.append(value)
    return found


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The integer that starts at ``at``, and where the next thing starts."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def entry(number: int, content: bytes) -> bytes:
    """A field of bytes, written."""
    return _number(number << 3 | BYTES) + _number(len(content)) + content


def _number(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
