"""The evidence folder of one restoration: everything that lets a conservator check it, dial it, or undo it.

It is made from the original, the result and its record, after the result is there, and appears whole or not at all.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relume.card import ModelCard
from relume.colour import rgb_to_lab
from relume.evidence import consistency, report, residual, uncertainty
from relume.evidence.iiif import pair
from relume.metrics import ciede2000
from relume.runtime import heat, zoo
from relume.runtime import record as records
from relume.runtime.files import sha256
from relume.runtime.lut import Lut, write_cube
from relume.runtime.options import Options
from relume.runtime.pictures import Metadata, Source, Target, glimpses, open_sink
from relume.runtime.pictures.errors import Exists, Unwritable
from relume.runtime.record import Record
from relume.runtime.redo import options_of
from relume.runtime.tasks import relic, repair
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.table import planned
from relume.signal import Array, ModelError

SCHEMA = "relume.evidence/1"
SPREAD_FULL = 0.05
"""The spread that is drawn as the brightest colour of the uncertainty map."""
MOVED_SIDE = 512


@dataclass(frozen=True)
class Findings:
    """The numbers of an evidence folder, as ``evidence.json`` has them."""

    consistency_db: float
    uncertainty_mean: float
    uncertainty_p95: float
    uncertainty_views: int
    uncertainty_shrunk: float
    residual_changed: float | None
    residual_mean: float | None
    residual_largest: float | None
    colour_moved_delta_e: float
    invented: float
    chart: dict[str, Any] | None


def make(record_file: Path, folder: Path) -> Findings:
    """Write the evidence for the result of ``record_file`` into the new ``folder``; raises a RelumeError."""
    if os.path.lexists(folder):
        raise Exists(f"{folder}: exists already; relume overwrites nothing")
    record = records.read(record_file)
    original, result = pair(record_file, record)
    options = dataclasses.replace(options_of(record, record_file.parent), report=None)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".relume-", dir=folder.parent))
    except OSError as error:
        raise Unwritable(f"{folder.parent}: cannot be written: {error.strerror}") from error
    try:
        found = _fill(draft, record, original, result, options)
        draft.chmod(0o755)
        draft.rename(folder)
    except OSError as error:
        raise Unwritable(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return found


def _fill(draft: Path, record: Record, original: Path, result: Path, options: Options) -> Findings:
    def again() -> Source:
        return residual.opened(original)

    cards = _cards(record)
    change = _change(again, options) if record.task == "relic" else None
    colour = None if change is None or not options.relic.strength else relic.Colour(change)
    shutil.copyfile(result, draft / f"restored{result.suffix}")
    (draft / "record.json").write_text(record.to_json(), encoding="utf-8")
    (draft / "original.sha256").write_text(f"{record.source.sha256}  {record.source.name}\n", encoding="utf-8")
    if change is not None:
        (draft / "colour.cube").touch()
        write_cube(change, draft / "colour.cube", record.source.name)
    whole = again().dtype.kind != "f"  # a float sample has no residual in 16 bits
    layer = residual.write(original, result, draft / "residual.tif") if whole else None
    agreed = consistency.of_files(original, result, colour)
    _map(draft / "consistency.png", agreed.heat / heat.FULL)
    sure = uncertainty.of_options(again, options)
    _map(draft / "uncertainty.png", sure.spread / SPREAD_FULL)
    invented = _invented(draft / "invented.png", record, cards, _filled(again, options))
    small = [glimpses.small(path, *_small_size(record)) for path in (original, result)]
    found = Findings(
        consistency_db=round(agreed.decibels, 3),
        uncertainty_mean=round(sure.mean, 6),
        uncertainty_p95=round(sure.p95, 6),
        uncertainty_views=sure.views,
        uncertainty_shrunk=round(sure.shrunk, 3),
        residual_changed=None if layer is None else round(layer.changed, 6),
        residual_mean=None if layer is None else round(layer.mean, 6),
        residual_largest=None if layer is None else round(layer.largest, 6),
        colour_moved_delta_e=round(float(ciede2000(*(rgb_to_lab(x / 255) for x in small)).mean()), 3),
        invented=invented,
        chart=_chart(record),
    )
    shown = report.content(record, found, cards, change, original, result, sure.spread)
    (draft / "report.html").write_text(report.page(shown), encoding="utf-8")
    maps = [draft / f"{name}.png" for name in ("uncertainty", "consistency", "invented")]
    (draft / "report.pdf").write_bytes(report.sheet(shown, maps))
    files = {path.name: sha256(path) for path in sorted(draft.iterdir())}
    said = {
        "schema": SCHEMA,
        "created": record.created,
        "original": _named(record.source),
        "result": _named(record.output),
        "task": record.task,
        "scale": record.scale,
        "models": dict(records.weights_of(record)),
        "residual": {"zero": residual.ZERO, "modulus": 1 << 16, "base": "bicubic" if record.scale > 1 else "original"},
        "findings": dataclasses.asdict(found),
        "files": files,
    }
    (draft / "evidence.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return found


def _cards(record: Record) -> list[ModelCard]:
    """The cards of the weights that took part; raises ModelError where others are installed by now."""
    cards = []
    for name, expected in records.weights_of(record):
        if expected is not None:
            model = zoo.find(name)
            if model.sha256 != expected:
                raise ModelError(f"{record.output.name}: was made with other weights of {name} than are installed")
            cards.append(model.card)
    return cards


def _named(subject: records.Subject) -> dict[str, Any]:
    return {"name": subject.name, "sha256": subject.sha256, "bytes": subject.bytes}


def _change(again: Callable[[], Source], options: Options) -> Lut:
    """The change of colour of a relic as it was dialled, estimated again."""
    found = relic.estimate(options.relic, again)
    return found.lut.at(options.relic.strength)


def _map(path: Path, level: Array) -> None:
    path.touch()
    heat.write(path, np.clip(level, 0, 1) * heat.FULL)


def _filled(again: Callable[[], Source], options: Options) -> Array | None:
    """Which pixels of the original were filled, (H, W) bool, found again; None where none could be."""
    return planned(Request(again, options)).mask if options.relic.fill else None


def _invented(path: Path, record: Record, cards: Sequence[ModelCard], filled: Array | None) -> float:
    """Write the mask of what no part of the original stands behind: 255 filled, 128 perhaps invented texture, 0 not.

    Returns the share of pixels that are not 0.
    """
    texture = any(card.fidelity == "generative" and card.task != repair.FILLER for card in cards)
    value, scale, count = 128 if texture else 0, record.scale, 0
    path.touch()
    sink = open_sink(path, Target("png", record.width, record.height, 1, np.dtype(np.uint8), Metadata()))
    try:
        for start in range(0, record.height // scale, 64):
            hole = np.zeros((min(64, record.height // scale - start), record.width // scale), bool)
            hole = hole if filled is None else filled[start : start + 64]
            rows = np.where(hole, 255, value).astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
            count += int(np.count_nonzero(rows))
            sink.write(rows[..., None])
        sink.finish()
    except BaseException:
        sink.abandon()
        raise
    return count / (record.width * record.height)


def _small_size(record: Record) -> tuple[int, int]:
    shrink = max(1.0, max(record.width, record.height) / MOVED_SIDE)
    return max(1, math.floor(record.width / shrink)), max(1, math.floor(record.height / shrink))


def _chart(record: Record) -> dict[str, Any] | None:
    """What was measured on patches of known colour, where there were any."""
    for decision in record.decisions:
        values = decision.get("values", {})
        if decision.get("step") == "colour" and "delta_e_before" in values:
            return dict(values)
    return None
