"""The queue: how a job is accepted, claimed, kept alive, ended, cancelled, and taken up again when its worker is gone.

A worker holds a job by a lease and a ticket. Every later change of the worker's names its ticket, so whoever has lost
the lease changes nothing any more: each job ends once, however many processes die over it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from relume.signal import RelumeError
from relume.web.tables import (
    BY_API,
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    QUEUED,
    RUNNING,
    Job,
    Tally,
    alone,
    reading,
    writing,
)

MOST_CRASHES = 2
MOST_TAKES = 50


class QueueFull(RelumeError):
    """So many pictures wait that another would only wait in vain."""

    code = "queue-full"


class TooMany(RelumeError):
    """This visitor has as many pictures waiting as one visitor may."""

    code = "too-many"


@dataclass(frozen=True)
class Limits:
    """How many pictures may wait: in all, and of one visitor (or of one address, for the API)."""

    queue: int
    pending: int


def new_id() -> str:
    """128 random bits in hexadecimal: a name that nobody guesses."""
    return secrets.token_hex(16)


def submit(engine: Engine, job: Job, limits: Limits, kept: Callable[[], bool]) -> bool:
    """Accept ``job``: it is in the queue, for good, when this returns True. Raises QueueFull or TooMany.

    ``kept`` says whether the source is in the store; if it has been deleted meanwhile (another job had the same), the
    answer is False and nothing has happened.
    """
    with writing(engine) as session:
        alone(session)
        waiting = session.scalar(select(func.count()).where(Job.status.in_((QUEUED, RUNNING)))) or 0
        if waiting >= limits.queue:
            raise QueueFull(f"{waiting} pictures are waiting, more than that are not taken: try again in a few minutes")
        same = Job.address == job.address if job.visitor == BY_API else Job.visitor == job.visitor
        mine = session.scalar(select(func.count()).where(Job.status.in_((QUEUED, RUNNING)), same)) or 0
        if mine >= limits.pending:
            raise TooMany(f"{mine} of your pictures are waiting: wait until one is done")
        if not kept():
            return False
        session.add(job)
        return True


def mask_of(engine: Engine, job: Job) -> bytes | None:
    """The mask that came with ``job``, which is not read with the rest of it."""
    with reading(engine) as session:
        return session.scalar(select(Job.mask).where(Job.number == job.number))


def claim(engine: Engine, worker: str, lease: float) -> Job | None:
    """Take the oldest job that waits, or whose worker has fallen silent; None where there is none. One UPDATE."""
    now = time.time()
    free = or_(Job.status == QUEUED, (Job.status == RUNNING) & (Job.lease < now))
    oldest = select(Job.number).where(free).order_by(Job.number).limit(1).with_for_update(skip_locked=True)
    taken = (
        update(Job)
        .where(Job.number == oldest.scalar_subquery(), free)
        .values(
            status=RUNNING,
            worker=worker,
            ticket=secrets.token_hex(8),
            lease=now + lease,
            takes=Job.takes + 1,
            started=func.coalesce(Job.started, now),
            stage="opening",
            tiles_done=0,
            tiles=0,
            seconds_left=None,
            version=Job.version + 1,
        )
        .returning(Job)
    )
    if not _anything_free(engine, free):
        return None
    with writing(engine) as session:
        job = session.scalars(taken).first()
    if job is not None and job.takes > MOST_TAKES:
        fail(engine, job, "lost", "the picture was begun many times and never finished: try it again later")
        return None
    return job


def _anything_free(engine: Engine, free: Any) -> bool:
    """A look without a lock, so that an idle worker does not disturb those who write."""
    with reading(engine) as session:
        return session.scalar(select(Job.number).where(free).limit(1)) is not None


def beat(engine: Engine, job: Job, lease: float, **seen: Any) -> str:
    """Prolong the lease and write what a visitor may see of the progress; returns the status that the job has now.

    ``seen`` are columns of Job. A status other than ``running`` means that the job is not the caller's any more:
    ``cancelled``, or ``lost`` where somebody else has it or it is gone.
    """
    values: dict[str, Any] = {"lease": time.time() + lease, **seen}
    if seen:
        values["version"] = Job.version + 1
    with writing(engine) as session:
        if _changed(session, job, values):
            return RUNNING
        status = session.scalar(select(Job.status).where(Job.number == job.number))
    return CANCELLED if status == CANCELLED else "lost"


def finish(engine: Engine, job: Job, **columns: Any) -> bool:
    """Mark a job done with what came of it; False where it is not the caller's any more, and nothing has changed."""
    return _end(engine, job, DONE, "", columns)


def fail(engine: Engine, job: Job, code: str, message: str) -> bool:
    """Mark a job failed for a reason that the visitor is told; False where it is not the caller's any more."""
    return _end(engine, job, FAILED, code, {"error_code": code, "error_message": message})


def crashed(engine: Engine, job: Job, reason: str) -> str:
    """A process died over this job: it is begun once more, and failed when that happens again. The new status."""
    if job.crashes + 1 >= MOST_CRASHES:
        fail(engine, job, "crashed", f"this picture cannot be restored: {reason}")
        return FAILED
    with writing(engine) as session:
        _changed(session, job, {"status": QUEUED, "lease": 0.0, "stage": "", "crashes": Job.crashes + 1})
    return QUEUED


def release(engine: Engine, job: Job) -> None:
    """Give a job back, as if it had never been begun: the worker has been told to stop."""
    with writing(engine) as session:
        _changed(session, job, {"status": QUEUED, "lease": 0.0, "stage": "", "takes": Job.takes - 1})


def release_all(engine: Engine, worker: str) -> int:
    """Give back whatever a worker of that name held: it has died, and its successor says so. Returns how many."""
    with writing(engine) as session:
        held = update(Job).where(Job.status == RUNNING, Job.worker == worker)
        found: CursorResult[Any] = session.execute(held.values(status=QUEUED, lease=0.0, stage=""))  # type: ignore[assignment]
        return found.rowcount


def cancel(engine: Engine, number: int) -> bool:
    """Cancel a job that waits or runs; False where it had ended already."""
    now = time.time()
    with writing(engine) as session:
        found = session.scalars(
            update(Job)
            .where(Job.number == number, Job.status.in_((QUEUED, RUNNING)))
            .values(status=CANCELLED, ended=now, stage="", lease=0.0, version=Job.version + 1)
            .returning(Job.number)
        ).first()
        if found is not None:
            _count(session, "jobs", f"{CANCELLED}:", 1)
        return found is not None


def show(engine: Engine, job: Job, **columns: Any) -> None:
    """Write what was made of an ended job afterwards: its views."""
    with writing(engine) as session:
        session.execute(update(Job).where(Job.number == job.number).values(version=Job.version + 1, **columns))


def position(engine: Engine, job: Job) -> int:
    """How many jobs are before this one in the queue, those that run included; 0 where it does not wait."""
    if job.status != QUEUED:
        return 0
    with reading(engine) as session:
        before = (Job.number < job.number) & (Job.status == QUEUED)
        return session.scalar(select(func.count()).where(or_(before, Job.status == RUNNING))) or 0


def _changed(session: Session, job: Job, values: dict[str, Any]) -> bool:
    mine = update(Job).where(Job.number == job.number, Job.ticket == job.ticket, Job.status == RUNNING)
    if "status" in values:
        values = {**values, "version": Job.version + 1}
    return session.scalars(mine.values(**values).returning(Job.number)).first() is not None


def _end(engine: Engine, job: Job, status: str, code: str, columns: dict[str, Any]) -> bool:
    now = time.time()
    values = {"status": status, "ended": now, "lease": 0.0, "stage": "", "seconds_left": None, **columns}
    with writing(engine) as session:
        if not _changed(session, job, values):
            return False
        _count(session, "jobs", f"{status}:{code}", 1)
        _count(session, "seconds", "", now - (job.started or now))
        if status == DONE:
            _count(session, "pixels", "", (columns["result_width"] or 0) * (columns["result_height"] or 0))
        return True


def _count(session: Session, name: str, label: str, more: float) -> None:
    alone(session)  # so that two do not begin the same total
    row = session.get(Tally, (name, label), with_for_update=True)
    if row is None:
        session.add(Tally(name=name, label=label, value=more))
    else:
        row.value = Tally.value + more  # type: ignore[assignment]  # an expression that the database adds up


def totals(engine: Engine) -> tuple[dict[str, int], list[Tally]]:
    """How many jobs are in each status now, and all running totals."""
    with reading(engine) as session:
        rows = session.execute(select(Job.status, func.count()).group_by(Job.status))
        counts = dict.fromkeys((QUEUED, RUNNING, *ENDED), 0) | {status: count for status, count in rows}
        return counts, list(session.scalars(select(Tally)))
