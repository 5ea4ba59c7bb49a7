"""A batch: each picture on its own, whatever happens to the others; what is finished goes into the ledger.

One picture is restored in this process. Several, or any number where workers are asked for, go to worker processes
(:mod:`relume.runtime.crew`), so that a decoder that crashes takes only its own picture with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relume.runtime import record as records
from relume.runtime import zoo
from relume.runtime.files import left_over, sha256
from relume.runtime.inputs import is_folder
from relume.runtime.ledger import Entry, Ledger, fingerprint, relative
from relume.runtime.naming import Job
from relume.runtime.options import Decision, Estimate, Options, Progress, Result
from relume.runtime.pictures.errors import Exists, Unreadable, Unwritable
from relume.runtime.restore import estimate, output_suffix, restore_bytes, restore_file
from relume.signal import InputRejected, OutputRefused, RelumeError

DEBUG = "RELUME_DEBUG"
NOT_IN_THE_PIXELS = ("max_memory", "max_pixels", "threads")


@dataclass(frozen=True)
class Problem:
    """Why a picture has no result: a stable code, one line, and the exit status that it alone would give."""

    code: str
    message: str
    exit_status: int


@dataclass(frozen=True)
class Outcome:
    """What became of one picture: ``status`` is ok, rejected, failed or skipped; times in seconds."""

    input: str
    output: str | None
    status: str
    error: Problem | None
    task: str
    scale: int
    model: str | None
    seconds: float
    pixels_out: int | None = None
    consistency_db: float | None = None
    record: str | None = None
    width: int | None = None
    height: int | None = None
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    estimate: Estimate | None = None
    entry: Entry | None = None
    evidence: str | None = None


@dataclass(frozen=True)
class Order:
    """One picture with all that its worker needs to know; ``known`` is the ledger's line for it, if it resumes."""

    job: Job
    options: Options
    resume: bool = False
    known: Entry | None = None


Watch = Callable[[int, Progress], None]
Done = Callable[[int, Outcome], None]


def run(jobs: Sequence[Job], options: Options, *, workers: int | None, resume: bool, watch: Watch, done: Done) -> None:
    """Restore ``jobs``; ``done`` hears of each as it ends (in any order), ``watch`` of progress within one.

    ``workers`` None: this process for one picture, one worker process for several. An interruption stops the workers,
    removes what they had begun and goes on to the caller; all lines of finished pictures are in the ledger by then.
    The ledger is kept for several pictures, and for one with ``resume``.
    """
    keep_ledger = resume or len(jobs) > 1
    ledgers = {base: Ledger(base) for base in {job.base for job in jobs}}
    key = pixel_key(options)
    orders = [
        Order(job, options, resume, ledgers[job.base].find(job.target, key) if resume and job.target else None)
        for job in jobs
    ]

    def finish(index: int, outcome: Outcome) -> None:
        if outcome.entry is not None and keep_ledger and outcome.entry != orders[index].known:
            outcome = _enter(ledgers[orders[index].job.base], outcome.entry, outcome)
        done(index, outcome)

    with _new_folders(jobs):
        _carry_out(orders, restore_one, workers, watch, finish)


def dry_run(jobs: Sequence[Job], options: Options, *, workers: int | None, watch: Watch, done: Done) -> None:
    """Estimate ``jobs`` instead of restoring them; nothing is written."""
    _carry_out([Order(job, options) for job in jobs], estimate_one, workers, watch, done)


def restore_one(order: Order, progress: Callable[[Progress], None]) -> Outcome:
    """Restore one picture and write its record; every error becomes an outcome, only an interruption is raised."""
    return _guarded(order, lambda: _restore(order, progress))


def estimate_one(order: Order, progress: Callable[[Progress], None]) -> Outcome:
    """Estimate one picture; ``status`` is skipped (nothing was done) or rejected."""

    def work() -> Outcome:
        target = _target(order.job)
        _refuse_existing(target)
        found = estimate(order.job.source, order.options)
        return dataclasses.replace(_outcome(order, "skipped", target), pixels_out=found.pixels_out, estimate=found)

    return _guarded(order, work)


def restore_to_bytes(
    source: Path | bytes, options: Options, progress: Callable[[Progress], None]
) -> tuple[bytes, Outcome]:
    """Restore one picture to a file's bytes in the format of its source; empty where the outcome has an error."""
    order = Order(Job(Path("-") if isinstance(source, bytes) else source, Path("-"), Path()), options)
    made: list[bytes] = []

    def work() -> Outcome:
        data = source if isinstance(source, bytes) else _read(source)
        started = time.perf_counter()
        output, result = restore_bytes(data, output_suffix(source), options, progress)
        made.append(output)
        return _ok(order, Path("-"), result, None, time.perf_counter() - started)

    outcome = _guarded(order, work)
    return b"".join(made), outcome


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}; check the name and the permissions") from error


def pixel_key(options: Options) -> str:
    """The fingerprint of all options that can change the result's pixels."""
    return _key_of(records.plain_options(options))


def _key_of(parameters: Mapping[str, Any]) -> str:
    return fingerprint({name: value for name, value in parameters.items() if name not in NOT_IN_THE_PIXELS})


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """0 if all are ok or skipped; the common status of the errors if none is; 3 where some are and some are not."""
    problems = [outcome.error.exit_status for outcome in outcomes if outcome.error is not None]
    if not problems:
        return 0
    return problems[0] if len(problems) == len(outcomes) and len(set(problems)) == 1 else 3


def _carry_out(
    orders: Sequence[Order],
    work: Callable[[Order, Callable[[Progress], None]], Outcome],
    workers: int | None,
    watch: Watch,
    done: Done,
) -> None:
    if workers is None and len(orders) == 1:
        done(0, work(orders[0], lambda progress: watch(0, progress)))
        return
    from relume.runtime.crew import Crew, Lost  # multiprocessing costs a start that one picture need not pay

    crew = Crew(work, min(workers or 1, len(orders)))
    try:
        with crew:
            for index, message in crew.run(orders):
                if isinstance(message, Progress):
                    watch(index, message)
                elif isinstance(message, Lost):
                    sweep(orders[index].job)
                    problem = Problem("crashed", f"{orders[index].job.source}: {message.reason}; the others go on", 1)
                    done(index, _outcome(orders[index], "failed", error=problem))
                else:
                    done(index, message)
    except BaseException:
        for index in crew.busy:
            sweep(orders[index].job)
        raise


def _guarded(order: Order, work: Callable[[], Outcome]) -> Outcome:
    started = time.perf_counter()
    try:
        return work()
    except Exception as error:
        if os.environ.get(DEBUG) == "1" and not isinstance(error, RelumeError):
            traceback.print_exc()
        status, problem = explain(error, order.job.source)
        return dataclasses.replace(_outcome(order, status, error=problem), seconds=time.perf_counter() - started)


def explain(error: Exception, source: Path) -> tuple[str, Problem]:
    """The status (rejected or failed) and the problem that an error stands for."""
    if isinstance(error, InputRejected | OutputRefused):
        return "rejected", Problem(error.code, str(error), error.exit_status)
    if isinstance(error, RelumeError):
        return "failed", Problem(error.code, str(error), error.exit_status)
    if isinstance(error, MemoryError):
        return "failed", Problem("memory", f"{source}: not enough memory; lower --max-memory or --workers", 1)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "rejected", Problem(Unwritable.code, f"{source}: no room for the result: {error.strerror}", 5)
    reason = f"{source}: {type(error).__name__}: {error} (a bug: set {DEBUG}=1 to see where)"
    return "failed", Problem("internal", reason, 1)


def restore_and_record(
    job: Job, options: Options, progress: Callable[[Progress], None], replacing: bool = False
) -> tuple[Result, records.Record]:
    """Restore one picture to ``job.target`` and its record beside it: both appear, or neither.

    ``replacing``: a result that is there gives way, once the new one is whole.
    """
    target = _target(job)
    for path in () if replacing else (target, job.report, options.mask_out):
        if path is not None:
            _refuse_existing(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{target.parent}: cannot be made: {error.strerror}; choose another -o") from error
    source = job.source if job.data is None else job.data
    begun = [path for path in (job.report, options.mask_out) if path is not None]
    made: list[records.Record] = []
    try:
        with records.beginning(target) as write:

            def seal(whole: Path, result: Result) -> None:
                origin, sizes = job.source if job.data is None else None, (_size(source), whole.stat().st_size)
                made.append(records.compose(origin, target, options, result, *sizes))
                write(made[0])

            options = dataclasses.replace(options, report=job.report)
            result = restore_file(source, target, options, progress, seal=seal, replacing=replacing)
            begun.append(target)
    except BaseException:
        for path in () if replacing else begun:
            path.unlink(missing_ok=True)
        raise
    return result, made[0]


def _size(source: Path | bytes) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def _restore(order: Order, progress: Callable[[Progress], None]) -> Outcome:
    target = _target(order.job)
    records.recover(target)
    replacing = False
    if order.resume and os.path.lexists(target):
        entry = _still_done(order, target)
        if entry is not None:
            return dataclasses.replace(_outcome(order, "skipped", target), entry=entry)
        replacing = _outdated(order, target)
    started = time.perf_counter()
    result, made = restore_and_record(order.job, order.options, progress, replacing)
    return _ok(order, target, result, _entry(order, target, made), time.perf_counter() - started)


def _target(job: Job) -> Path:
    if job.error is not None:
        raise job.error
    if job.target is None:
        raise OutputRefused(f"{job.source} has no output: name one with -o")
    return job.target


def _ok(order: Order, target: Path, result: Result, entry: Entry | None, seconds: float) -> Outcome:
    return dataclasses.replace(
        _outcome(order, "ok", target),
        model=result.model,
        seconds=seconds,
        pixels_out=result.pixels_out,
        consistency_db=result.consistency_db,
        record=None if entry is None else str(records.record_path(target)),
        width=result.width,
        height=result.height,
        notes=tuple(result.notes),
        decisions=tuple(result.decisions),
        entry=entry,
    )


def _outcome(order: Order, status: str, target: Path | None = None, error: Problem | None = None) -> Outcome:
    options = order.options
    output = None if target is None else str(target)
    return Outcome(str(order.job.source), output, status, error, options.task, options.scale, options.model, 0.0)


def _entry(order: Order, target: Path, made: records.Record) -> Entry:
    name = relative(order.job.base, target)
    models = " ".join(f"{model}:{sha256}" for model, sha256 in records.weights_of(made) if sha256)
    return Entry(name, made.source.sha256, made.output.sha256, pixel_key(order.options), models, made.created)


def _still_done(order: Order, target: Path) -> Entry | None:
    """The ledger's line for ``target`` if it still holds, or a new one where only the record had been written."""
    source_sha256, output_sha256 = _source_hash(order.job), sha256(target)
    known = order.known
    if known is None or (known.source_sha256, known.output_sha256) != (source_sha256, output_sha256):
        known = _told_by_record(order, target, output_sha256)
    if known is None or known.source_sha256 != source_sha256:
        return None
    models = (text.rpartition(":") for text in known.models.split())
    return known if all(zoo.installed(name) == sha256 for name, _, sha256 in models) else None


def _outdated(order: Order, target: Path) -> bool:
    """Whether ``target`` is, untouched, what these options made of this file; its bytes or the weights changed."""
    told = _told_by_record(order, target, sha256(target))
    origin = records.recorded_source(target)
    return told is not None and origin is not None and origin.absolute() == order.job.source.absolute()


def _told_by_record(order: Order, target: Path, output_sha256: str) -> Entry | None:
    """The ledger's line that the record of ``target`` gives, if it speaks of these bytes and of the order's options."""
    with contextlib.suppress(records.RecordRejected):
        made = records.read(records.record_path(target))
        if made.output.sha256 == output_sha256 and _key_of(made.parameters) == pixel_key(order.options):
            return _entry(order, target, made)
    return None


def sweep(job: Job) -> None:
    """Finish or remove what a process that died was writing for ``job``."""
    if job.target is not None:
        records.recover(job.target)
    for path in (job.target, job.report):
        for part in left_over(path) if path is not None else ():
            with contextlib.suppress(OSError):
                part.unlink()


def _source_hash(job: Job) -> str:
    if job.data is not None:
        return hashlib.sha256(job.data).hexdigest()
    try:
        return sha256(job.source)
    except OSError as error:
        raise Unreadable(f"{job.source}: cannot be read: {error.strerror}; check its permissions") from error


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise Exists(f"{target}: exists already and is never overwritten; move it away, or choose another -o")


def _enter(ledger: Ledger, entry: Entry, outcome: Outcome) -> Outcome:
    try:
        ledger.append(entry)
    except OutputRefused as error:
        return dataclasses.replace(outcome, notes=(*outcome.notes, str(error)))
    return outcome


@contextlib.contextmanager
def _new_folders(jobs: Sequence[Job]) -> Iterator[None]:
    """Remove again, on leaving, the folders that the batch made and that stayed empty."""
    parents = {job.target.parent for job in jobs if job.target is not None}
    fresh = {folder for parent in parents for folder in (parent, *parent.parents) if not is_folder(folder)}
    try:
        yield
    finally:
        for folder in sorted(fresh, key=lambda folder: len(folder.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
