"""Original and restoration for a museum's viewer: IIIF image services and a manifest that shows both side by side.

The services are static files (Image API 3.0, level 0), the manifest follows the Presentation API 3.0. Its first canvas
holds both pictures next to each other at one scale, so that every viewer opens them so; the others hold one each.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from relume.runtime import record as records
from relume.runtime.files import sha256
from relume.runtime.pictures.errors import Exists, Unwritable
from relume.runtime.pictures.iiif_tiles import Service, write
from relume.runtime.record import Record
from relume.signal import InputRejected, UsageError

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
GAP = 0.02
"""Between the two pictures, as a share of their width."""


@dataclass(frozen=True)
class Published:
    """What was written for one result: its folder, and the address of its manifest."""

    record: Path
    folder: Path
    manifest: str


def publish(record_file: Path, dest: Path, url: str, name: str) -> Published:
    """Write ``dest/NAME`` with services for both versions and ``manifest.json``, to be served as ``url/NAME``.

    Raises InputRejected where the original or the result is not there or has changed since the record was written.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"--url is the http(s) address that the folder will be served at, not '{url}'")
    record = records.read(record_file)
    original, restored = pair(record_file, record)
    target = dest / name
    if target.exists():
        raise Exists(f"{target}: exists already; relume overwrites nothing")
    base = f"{url.rstrip('/')}/{quote(name)}"
    try:
        dest.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".relume-", dir=dest))
    except OSError as error:
        raise Unwritable(f"{dest}: cannot be written: {error.strerror}; choose another --dest") from error
    try:
        services = [write(original, made / "original", base), write(restored, made / "restored", base)]
        text = json.dumps(manifest(base, record, *services), indent=1)
        (made / "manifest.json").write_text(text + "\n", encoding="utf-8")
        made.chmod(0o755)
        made.rename(target)
    except OSError as error:
        raise Unwritable(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Published(record_file, target, f"{base}/manifest.json")


def pair(record_file: Path, record: Record) -> tuple[Path, Path]:
    """The original and the result of a record, both as they were then; raises InputRejected."""
    original = records.beside(record_file, record.source)
    restored = record_file.with_name(record.output.name)
    if original is None:
        raise InputRejected(f"{record_file}: the original came from a stream and cannot be shown")
    for path, subject in ((original, record.source), (restored, record.output)):
        if not path.is_file():
            raise InputRejected(f"{path}: not there, but {record_file.name} names it")
        if sha256(path) != subject.sha256:
            raise InputRejected(f"{path}: changed since {record_file.name} was written")
    return original, restored


def manifest(base: str, record: Record, original: Service, restored: Service) -> dict[str, Any]:
    """The manifest of one restoration, a JSON object."""
    titles = f"{record.source.name}: original", f"{record.source.name}: restored by {record.model}"
    wide, tall = restored.width, restored.height
    right = round(wide * (1 + GAP))
    both = _canvas(
        f"{base}/canvas/both",
        "original (left) and restored (right)",
        (right + wide, tall),
        [(original, titles[0], (0, 0, wide, tall)), (restored, titles[1], (right, 0, wide, tall))],
    )
    single = [
        _canvas(f"{base}/canvas/{kind}", title, (s.width, s.height), [(s, title, None)])
        for kind, title, s in zip(("original", "restored"), titles, (original, restored), strict=True)
    ]
    facts = {
        "Original, sha256": record.source.sha256,
        "Restored, sha256": record.output.sha256,
        "Task": f"{record.task}, x{record.scale}",
        "Model": record.model,
        "Made": record.created,
    }
    return {
        "@context": CONTEXT,
        "id": f"{base}/manifest.json",
        "type": "Manifest",
        "label": _words(record.source.name),
        "summary": _words("The untouched original and a digital restoration of it, which is a hypothesis."),
        "metadata": [{"label": _words(label), "value": _plain(value)} for label, value in facts.items()],
        "behavior": ["individuals"],
        "thumbnail": [_image(restored)],
        "items": [both, *single],
    }


Placed = tuple[Service, str, tuple[int, int, int, int] | None]


def _canvas(name: str, label: str, size: tuple[int, int], pictures: Sequence[Placed]) -> dict[str, Any]:
    """A canvas of ``size`` with pictures painted on all of it, or at (x, y, w, h) of it."""
    page = f"{name}/page"
    items = []
    for number, (service, title, place) in enumerate(pictures, 1):
        items.append(
            {
                "id": f"{page}/{number}",
                "type": "Annotation",
                "motivation": "painting",
                "label": _words(title),
                "body": _image(service),
                "target": name if place is None else f"{name}#xywh={','.join(map(str, place))}",
            }
        )
    return {
        "id": name,
        "type": "Canvas",
        "label": _words(label),
        "width": size[0],
        "height": size[1],
        "items": [{"id": page, "type": "AnnotationPage", "items": items}],
    }


def _image(service: Service) -> dict[str, Any]:
    width, height = service.most
    return {
        "id": f"{service.id}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "width": width,
        "height": height,
        "service": [{"id": service.id, "type": "ImageService3", "profile": "level0"}],
    }


def _words(text: str) -> dict[str, list[str]]:
    return {"en": [text]}


def _plain(text: str) -> dict[str, list[str]]:
    return {"none": [text]}
