"""Pictures cut into the static files of the IIIF Image API 3.0, compliance level 0."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relume.runtime.pictures.errors import Damaged, Unwritable
from relume.runtime.pictures.glimpses import opened

TILE = 512
LARGEST = 4096
"""Pixels a side of the largest picture that is given whole; larger ones have ``maxWidth`` in their information."""
QUALITY = 90


@dataclass(frozen=True)
class Service:
    """An image service: its ``id``, and sizes (width, height) of the picture and of what ``full/max`` gives."""

    id: str
    width: int
    height: int
    most: tuple[int, int]


def write(source: Path, folder: Path, base: str) -> Service:
    """Write ``source`` as tiles into the new ``folder``, to be served as ``base/NAME``.

    Upright, in sRGB, flat on white. Raises Damaged or Unwritable.
    """
    import pyvips

    try:
        image = _shown(source)
        image.dzsave(
            str(folder),
            layout="iiif3",
            id=base,
            tile_size=TILE,
            suffix=f".jpg[Q={QUALITY},keep=none]",
        )
        (folder.parent / "vips-properties.xml").unlink(missing_ok=True)
        least = max(1, math.ceil(max(image.width, image.height) / LARGEST))
        most = math.ceil(image.width / least), math.ceil(image.height / least)
        _whole(source, folder, most)
    except pyvips.Error as error:
        message = " ".join(str(getattr(error, "detail", "") or error).split())[:160]
        if "system error" in message.lower() or "space" in message.lower():
            raise Unwritable(f"{folder}: cannot be written: {message}") from error
        raise Damaged(f"{source}: damaged or incomplete: {message}") from error
    return _inform(folder, Service(f"{base}/{folder.name}", image.width, image.height, most))


def _inform(folder: Path, service: Service) -> Service:
    """Complete ``info.json`` by what is there: the sizes of whole pictures, and the largest of them."""
    path = folder / "info.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    sizes = {tuple(map(int, made.name.split(","))) for made in (folder / "full").iterdir() if "," in made.name}
    info["id"] = service.id
    info["sizes"] = [{"width": width, "height": height} for width, height in sorted(sizes)]
    if service.most != (service.width, service.height):
        info |= {"maxWidth": service.most[0], "maxHeight": service.most[1]}
    path.write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
    return service


def _whole(source: Path, folder: Path, size: tuple[int, int]) -> None:
    """The whole picture at ``size``, under the two names that may be asked for."""
    image = _shown(source)
    if size != (image.width, image.height):
        image = image.resize(size[0] / image.width, vscale=size[1] / image.height)
    data = image.jpegsave_buffer(Q=QUALITY, keep="none")
    for name in ("max", f"{size[0]},{size[1]}"):
        place = folder / "full" / name / "0"
        place.mkdir(parents=True, exist_ok=True)
        (place / "default.jpg").write_bytes(data)


def _shown(source: Path) -> Any:
    """8-bit sRGB, upright, flat on white; read from top to bottom."""
    image = opened(source)
    if image.format in ("float", "double"):
        image = (image * 65535).cast("ushort").copy(interpretation="grey16" if image.bands < 3 else "rgb16")
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True, intent="relative")
    else:
        image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=[255])
    image = image.colourspace("srgb")
    return image.cast("uchar")
