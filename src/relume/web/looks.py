"""A look at a picture that is chosen and not yet sent: the page's script shows a small copy, and is told what is seen.

The copy comes as bare samples, so there is nothing to decode, and nothing of it is kept.
"""

from __future__ import annotations

import re

import numpy as np
from flask import Blueprint, Response, jsonify, request

from relume.runtime.pictures.errors import TooLarge
from relume.signal import Array, InputRejected
from relume.web.guard import limiter
from relume.web.intake import CHUNK
from relume.web.offers import offers
from relume.web.site import site

COPY, DETAIL = 1024, 512
"""The longest sides of a copy, and of a detail, in pixels."""
MOST_BYTES = 3 * (COPY**2 + DETAIL**2)

looks = Blueprint("looks", __name__)


class NotSamples(InputRejected):
    """What was sent is not the samples that it says it is."""

    code = "not-samples"


@looks.post("/look")
@limiter.shared_limit(lambda: site().settings.rate, scope="looks")
def look() -> Response:
    """What a picture shows: ``{"words": [...], "task": "photo"}``, the task to suggest or empty.

    The body is samples of 8 bits, red, green and blue, row by row: of the picture ``whole=WIDTHxHEIGHT``, up to 1024 a
    side, and, where that is a copy, of ``detail=WIDTHxHEIGHT`` of the picture itself, up to 512 a side. 204 where the
    eye is busy, or where there is no ``whole``: that only says that a look will be wanted soon.
    """
    data = _received()
    if "whole" not in request.args:
        site().eye.wake()
        return Response(status=204)
    whole, rest = _cut(data, request.args["whole"], COPY)
    detail, rest = _cut(rest, request.args["detail"], DETAIL) if "detail" in request.args else (None, rest)
    if rest:
        raise NotSamples(f"{len(rest)} bytes are left over after the samples")
    seen = site().eye.look(whole, detail)
    if seen is None:
        return Response(status=204)
    offered = seen.task in [offer.task for offer in offers()]
    return jsonify({"words": list(seen.words), "task": seen.task if offered else ""})


def _received() -> bytes:
    parts, size = [], 0
    while size <= MOST_BYTES and (part := request.stream.read(CHUNK)):
        parts.append(part)
        size += len(part)
    if size > MOST_BYTES:
        raise TooLarge(f"these are more than the {MOST_BYTES} bytes of samples that are looked at")
    return b"".join(parts)


def _cut(data: bytes, size: str, most: int) -> tuple[Array, bytes]:
    """The picture (h, w, 3) uint8 of ``size``, such as ``40x30``, at the beginning of ``data``, and what is left."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", size)
    if not found:
        raise NotSamples("a size is WIDTHxHEIGHT, such as 1024x768")
    width, height = int(found[1]), int(found[2])
    if max(width, height) > most:
        raise NotSamples(f"a side is {max(width, height)} pixels; at most {most} are looked at")
    length = 3 * width * height
    if len(data) < length:
        raise NotSamples(f"{size} are {length} bytes, and {len(data)} were sent")
    return np.frombuffer(data, np.uint8, length).reshape(height, width, 3), data[length:]
