"""A result made again from its record: the same source bytes, weights and parameters, compared to the bit."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relume.runtime import record as records
from relume.runtime import zoo
from relume.runtime.batch import restore_and_record
from relume.runtime.files import sha256
from relume.runtime.inputs import Found, Listing
from relume.runtime.naming import Job, one
from relume.runtime.options import Options, Progress
from relume.signal import InputRejected, ModelError, UsageError


class SourceChanged(InputRejected):
    """The picture that a record names is gone or is not the one that was restored."""

    code = "source"


@dataclass(frozen=True)
class Again:
    """A restoration to be repeated: ``first`` is the result that the record describes."""

    record: Path
    first: Path
    job: Job
    options: Options
    expected_sha256: str


@dataclass(frozen=True)
class Repeated:
    """What came of it; ``identical``: the new file has the bytes of the first; seconds in all."""

    identical: bool
    sha256: str
    seconds: float
    notes: tuple[str, ...]


def prepare(path: Path, source: Path | None, out: Path | None) -> Again:
    """What the record at ``path`` asks for; ``source`` if the original has moved, ``out`` if not beside the first.

    Raises SourceChanged or ModelError if the source or the weights are not the recorded ones.
    """
    record = records.read(path)
    origin = source or records.beside(path, record.source)
    if origin is None:
        raise SourceChanged(f"{path}: the source came from a stream: give the file with --source")
    try:
        found = sha256(origin)
    except OSError as error:
        raise SourceChanged(f"{origin}: {error.strerror}; give the original with --source") from error
    if found != record.source.sha256:
        raise SourceChanged(f"{origin} is not the picture that was restored; give the original with --source")
    options = options_of(record, path.parent)
    for name, made_with in records.weights_of(record):
        if made_with is not None and zoo.installed(name) != made_with:
            version = record.versions.get("relume", "of that time")
            raise ModelError(f"{path}: was made with other weights of {name}; install relume {version}")
    first = path.with_name(record.output.name)
    target = out or first.with_name(f"{first.stem}.redo{first.suffix}")
    job = one(Listing((origin,), (Found(origin, 0, Path(origin.name)),)), target)
    if job.error is not None:
        raise job.error
    return Again(path, first, job, options, record.output.sha256)


def options_of(record: records.Record, folder: Path) -> Options:
    """The options that repeat ``record``, which lies in ``folder``: with what was chosen automatically written out."""
    try:
        options = Options(**record.applied)
        photo, relic = options.photo, options.relic
        if photo.mask is not None:
            photo = dataclasses.replace(photo, mask=os.path.normpath(folder / photo.mask))
        if relic.lut is not None:
            relic = dataclasses.replace(relic, lut=os.path.normpath(folder / relic.lut))
        return dataclasses.replace(options, photo=photo, relic=relic)
    except (TypeError, UsageError) as error:
        raise records.RecordRejected(f"the record asks for what is not known here: {error}") from error


def repeat(again: Again, progress: Callable[[Progress], None]) -> Repeated:
    """Restore once more, with a record of its own; raises what a restoration raises."""
    result = restore_and_record(again.job, again.options, progress)[0]
    same = result.output_sha256 == again.expected_sha256
    return Repeated(same, result.output_sha256, result.seconds, tuple(result.notes))
