"""The record beside each result (``picture.png.relume.json``): what was done to which bytes, with what, and when.

It is enough to check the result (:func:`check`) and to make it again (:func:`options_of`). The fields are described
in ``docs/cli.md``; ``schema`` changes when their meaning does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from relume import __version__
from relume.runtime import lut, masks
from relume.runtime.files import appearing, left_over, sha256
from relume.runtime.pictures import formats
from relume.runtime.pictures.errors import Unwritable
from relume.signal import InputRejected

if TYPE_CHECKING:
    from relume.runtime.options import Options, Result

SCHEMA = "relume.record/1"
RECORD_SUFFIX = ".relume.json"
HEAT_SUFFIX = ".consistency.png"
ENGINES = ("numpy", "openvino", "onnxruntime")


class RecordRejected(InputRejected):
    """A record is missing, damaged, or of another make."""

    code = "record"


@dataclass(frozen=True)
class Subject:
    """A file as the record knows it: name, path from the record's folder (None: a stream), hash and size in bytes."""

    name: str
    path: str | None
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Record:
    """One restoration. ``parameters`` are the options as asked for; the other fields say what came of them."""

    schema: str
    created: str
    source: Subject
    output: Subject
    width: int
    height: int
    bands: int
    depth: int
    task: str
    scale: int
    model: str
    model_sha256: str | None
    parameters: Mapping[str, Any]
    applied: Mapping[str, Any]
    engine: str
    precision: str
    tile: Any
    seconds: float
    network_seconds: float
    consistency_db: float | None
    notes: tuple[str, ...]
    digital_source_type: str
    versions: Mapping[str, str]
    realism: Mapping[str, Any] | None = None
    models: Mapping[str, str | None] | None = None
    decisions: tuple[Mapping[str, Any], ...] = ()

    def check(self) -> None:
        """Raise RecordRejected unless the fields that others rely on are of their kinds."""
        texts = [self.created, self.task, self.model, self.engine, self.precision, self.model_sha256 or ""]
        for subject in (self.source, self.output):
            texts += [subject.name, subject.sha256, subject.path or ""]
        sound = all(isinstance(text, str) for text in texts)
        sound = sound and (self.realism is None or _is_dial(self.realism))
        sound = sound and (self.models is None or (isinstance(self.models, dict) and all(map(_is_text, self.models))))
        sound = sound and isinstance(self.scale, int) and os.sep not in self.output.name
        if not sound or not all(isinstance(part, dict) for part in (self.parameters, self.applied, self.versions)):
            raise RecordRejected("not a relume record: a field is not of its kind")

    def to_json(self) -> str:
        """The record as an indented JSON object, a line of its own for each field; names that are no UTF-8 escaped."""
        return json.dumps(dataclasses.asdict(self), indent=2, default=str) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read :meth:`to_json`; whatever is not a record of this schema is an error that says what is wrong."""
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
                raise RecordRejected(f"not a relume record: its schema is not {SCHEMA}")
            raw["source"] = Subject(**raw["source"])
            raw["output"] = Subject(**raw["output"])
            raw["notes"] = tuple(raw["notes"])
            made = cls(**raw)
            made.check()
            return made
        except (TypeError, KeyError, ValueError, RecursionError) as error:
            raise RecordRejected(f"not a relume record: {error}") from error


@dataclass(frozen=True)
class Check:
    """One line of a verification: ``what`` (output, source, model), ``state`` (ok, changed, missing, unknown)."""

    what: str
    state: str
    path: str | None
    detail: str = ""


def record_path(output: Path) -> Path:
    """Where the record of ``output`` lies: the same folder, the same name and ``.relume.json``."""
    return output.with_name(output.name + RECORD_SUFFIX)


def heat_path(output: Path) -> Path:
    """Where the heat map of ``output`` lies: the same folder, the same name and ``.consistency.png``."""
    return output.with_name(output.name + HEAT_SUFFIX)


def is_result(path: Path) -> bool:
    """Whether a record lies beside ``path``, or beside what it is the heat map of: it is a result, not an original."""
    names = (path.name, path.name.removesuffix(HEAT_SUFFIX))
    return any(os.path.exists(path.with_name(name + RECORD_SUFFIX)) for name in names)  # noqa: PTH110 (never raises)


def recorded_source(path: Path) -> Path | None:
    """The file that ``path`` was made from, if a readable record beside it says so."""
    with contextlib.suppress(RecordRejected):
        record = read(record_path(path))
        return beside(record_path(path), record.source)
    return None


def beside(record: Path, subject: Subject) -> Path | None:
    """Where ``subject`` of the record file ``record`` should lie; None for what came from a stream."""
    return None if subject.path is None else Path(os.path.normpath(record.parent / subject.path))


def compose(
    source: Path | None, output: Path, options: Options, result: Result, source_bytes: int, output_bytes: int
) -> Record:
    """The record of ``result``; ``source`` None stands for standard input; sizes of both files in bytes."""
    folder = output.parent
    return Record(
        schema=SCHEMA,
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        source=Subject(*_named(source, folder), result.source_sha256, source_bytes),
        output=Subject(output.name, output.name, result.output_sha256, output_bytes),
        width=result.width,
        height=result.height,
        bands=result.bands,
        depth=result.depth,
        task=result.task,
        scale=result.scale,
        model=result.model,
        model_sha256=result.model_sha256,
        parameters=plain_options(options),
        applied=_with_files_from(folder, result.parameters),
        engine=result.engine,
        precision=result.precision,
        tile=result.tile,
        seconds=round(result.seconds, 4),
        network_seconds=round(result.network_seconds, 4),
        consistency_db=decibels(result.consistency_db),
        notes=tuple(result.notes),
        digital_source_type=result.digital_source_type,
        versions=versions(),
        realism=result.realism,
        models=dict(result.models),
        decisions=tuple(dataclasses.asdict(decision) for decision in result.decisions),
    )


_FILES = (("photo", "mask", masks.sha256), ("relic", "lut", lut.sha256))
"""The options that name a file which shapes the result, and what hashes it; beside each lies its ``_sha256``."""


def _with_files_from(folder: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """``parameters`` with the paths of a mask and a .cube as seen from the record's folder, and their hashes."""
    found = dict(parameters)
    for group, name, sha256_of in _FILES:
        if found.get(group, {}).get(name) is not None:
            path = Path(found[group][name])
            found[group] = {**found[group], name: _from(folder, path), f"{name}_sha256": sha256_of(path)}
    return found


def decibels(value: float | None) -> float | None:
    """``value`` as JSON can hold it: None where it is infinite, that is, exact."""
    return value if value is not None and math.isfinite(value) else None


def plain_options(options: Options) -> dict[str, Any]:
    """``options`` as JSON values, without places of what is written beside the result, which say nothing about it.

    A mask and a .cube count by their content.
    """
    places = ("report", "mask_out", "lut_out")
    plain = {name: value for name, value in dataclasses.asdict(options).items() if name not in places}
    for group, name, sha256_of in _FILES:
        if plain[group][name] is not None:
            path = Path(plain[group][name])
            plain[group] |= {name: path.name, f"{name}_sha256": sha256_of(path)}
    return plain


@contextlib.contextmanager
def beginning(output: Path) -> Iterator[Callable[[Record], None]]:
    """A place for the record of ``output``; the block writes it by the call it is given, while the output has no name.

    It takes its name when the block ends well; a record of an earlier result gives way. A process that dies in between
    leaves what :func:`recover` finishes.
    """
    path = record_path(output)
    with appearing(path, replacing=True) as draft:

        def write(record: Record) -> None:
            try:
                with draft.open("w", encoding="ascii") as stream:
                    stream.write(record.to_json())
                    stream.flush()
                    os.fsync(stream.fileno())
            except OSError as error:
                raise Unwritable(
                    f"{path}: the record cannot be written: {error.strerror}; choose another -o"
                ) from error

        yield write


def recover(output: Path) -> None:
    """Finish what a process that died has left of ``output``.

    Its record takes its name if the output it describes is there; if not, both are removed, with the heat map.
    """
    for draft in left_over(record_path(output)):
        with contextlib.suppress(OSError):
            made = None
            with contextlib.suppress(RecordRejected):
                made = read(draft)
            if not os.path.lexists(output):
                if made is not None:
                    heat_path(output).unlink(missing_ok=True)
            elif made is not None and made.output.sha256 == sha256(output):
                draft.replace(record_path(output))
                continue
            draft.unlink()


def read(path: Path) -> Record:
    """The record stored at ``path``; an error says which file and why."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordRejected(f"{path}: no such record; it should lie beside the picture") from error
    except (OSError, ValueError) as error:
        raise RecordRejected(f"{path} cannot be read as a record: {error}") from error
    try:
        return Record.from_json(text)
    except RecordRejected as error:
        raise RecordRejected(f"{path}: {error}") from error


def check(path: Path, weights: Callable[[str], str | None]) -> tuple[Check, ...]:
    """Compare what the record at ``path`` says with what is there; ``weights`` gives a model's sha256 (None: absent).

    The output must be there; a source or a model that is not is told as ``missing`` and is no fault of the result.
    """
    record = read(path)
    return (
        _check_file("output", path, record.output),
        _check_file("source", path, record.source),
        *(_check_model(name, sha256, weights) for name, sha256 in weights_of(record)),
    )


def weights_of(record: Record) -> list[tuple[str, str | None]]:
    """Name and sha256 of all weights that made the result: of both ends where the realism dial mixed two models."""
    found = dict(record.models or {}) or {record.model: record.model_sha256}
    if record.realism is not None:
        found.pop(record.model, None)
        found |= {record.realism[end]["name"]: record.realism[end]["sha256"] for end in ("faithful", "rich")}
    return list(found.items())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_dial(realism: object) -> bool:
    ends = [realism.get(end) for end in ("faithful", "rich")] if isinstance(realism, dict) else [None]
    return all(isinstance(end, dict) and all(isinstance(end.get(k), str) for k in ("name", "sha256")) for end in ends)


def _check_model(name: str, sha256: str | None, weights: Callable[[str], str | None]) -> Check:
    if sha256 is None:
        return Check("model", "ok", None, f"{name} has no weights")
    found = weights(name)
    if found is None:
        return Check("model", "missing", None, f"{name} is not installed")
    if found == sha256:
        return Check("model", "ok", None, name)
    return Check("model", "changed", None, f"{name} is {found[:12]} here, was {sha256[:12]}")


def _check_file(what: str, path: Path, subject: Subject) -> Check:
    place = beside(path, subject)
    if place is None:
        return Check(what, "unknown", None, "came from a stream")
    try:
        found = sha256(place)
    except OSError as error:
        return Check(what, "missing", str(place), f"{place}: {error.strerror}")
    if found == subject.sha256:
        return Check(what, "ok", str(place))
    return Check(what, "changed", str(place), f"{place}: sha256 is {found[:12]}, was {subject.sha256[:12]}")


def _named(source: Path | None, folder: Path) -> tuple[str, str | None]:
    return ("-", None) if source is None else (source.name, _from(folder, source))


def _from(folder: Path, path: Path) -> str:
    """``path`` as seen from ``folder`` (absolute where the two share no root, as on two drives)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def versions() -> dict[str, str]:
    """The versions that a result depends on: relume, python, and of the libraries those that this process has used."""
    found = {"relume": __version__, "python": platform.python_version()}
    for name in ENGINES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found | formats.loaded()
