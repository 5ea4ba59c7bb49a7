"""The archive: what a visitor finds, searches, shares and deletes, and what goes by itself when its time is over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, func, or_, select, update

from relume.web.jobs import new_id
from relume.web.store import Store
from relume.web.tables import BY_API, DONE, ENDED, FAILED, Job, alone, reading, writing

PAGE = 24


@dataclass(frozen=True)
class Page:
    """One page of a gallery: its jobs, its number from 1, and how many pages and jobs there are."""

    jobs: Sequence[Job]
    number: int
    pages: int
    total: int


def find(engine: Engine, job_id: str) -> Job | None:
    """The job of that id."""
    with reading(engine) as session:
        return session.scalars(select(Job).where(Job.id == job_id)).first()


def find_shared(engine: Engine, share: str) -> Job | None:
    """The job that was shared under that name."""
    with reading(engine) as session:
        return session.scalars(select(Job).where(Job.share == share, Job.status == DONE)).first()


def last_pair(engine: Engine, visitor: str) -> Job | None:
    """The visitor's newest finished job."""
    with reading(engine) as session:
        newest = select(Job).where(Job.visitor == visitor, Job.status == DONE).order_by(Job.ended.desc()).limit(1)
        return session.scalars(newest).first()


def last_sent(engine: Engine, visitor: str) -> Job | None:
    """The visitor's newest job whose source is still kept."""
    with reading(engine) as session:
        newest = select(Job).where(Job.visitor == visitor, Job.status != FAILED).order_by(Job.number.desc()).limit(1)
        return session.scalars(newest).first()


def gallery(engine: Engine, visitor: str | None, words: str = "", page: int = 1, size: int = PAGE) -> Page:
    """The jobs of ``visitor``, newest first; every one of ``words`` is in its name or settings.

    None is all visitors of the page; what came by API is never shown, for its id is the key to it.
    """
    where: list[ColumnElement[bool]] = [Job.visitor != BY_API if visitor is None else Job.visitor == visitor]
    for word in words.lower().split()[:8]:
        fields = (Job.name, Job.task, Job.model, Job.used_model, Job.status, Job.kind)
        where.append(or_(*(func.lower(field).contains(word, autoescape=True) for field in fields)))
    with reading(engine) as session:
        total = session.scalar(select(func.count()).select_from(Job).where(*where)) or 0
        pages = max(1, -(-total // size))
        number = min(max(page, 1), pages)
        rows = select(Job).where(*where).order_by(Job.number.desc()).limit(size).offset((number - 1) * size)
        return Page(session.scalars(rows).all(), number, pages, total)


def share(engine: Engine, job: Job, wanted: bool) -> str | None:
    """Give a job a name under which anybody may see it, or take that name away; returns the name."""
    name = (job.share or new_id()) if wanted else None
    with writing(engine) as session:
        session.execute(update(Job).where(Job.number == job.number).values(share=name, version=Job.version + 1))
    return name


def forget(engine: Engine, store: Store, job: Job) -> None:
    """Delete a job with its views, and its files where no other job has the same."""
    with writing(engine) as session:
        session.execute(delete(Job).where(Job.number == job.number))
    store.clear(store.views_of(job.id))
    for digest in (job.source, job.result):
        drop_if_unused(engine, store, digest)


def drop_if_unused(engine: Engine, store: Store, digest: str | None) -> None:
    """Remove the bytes with that sha256 unless a job still needs them; a failed job needs its source no more."""
    if digest is None:
        return
    needed = or_((Job.source == digest) & (Job.status != FAILED), Job.result == digest)
    with writing(engine) as session:
        alone(session)  # so that nobody can name these bytes meanwhile
        if session.scalar(select(Job.number).where(needed).limit(1)) is None:
            store.drop(digest)


def used(engine: Engine) -> int:
    """Bytes of all sources and results that are kept, each counted once a job."""
    with reading(engine) as session:
        kept = select(func.sum(Job.source_bytes + Job.result_bytes)).where(Job.status != FAILED)
        return int(session.scalar(kept) or 0)


def expire(engine: Engine, store: Store, retain: float) -> int:
    """Delete what ended more than ``retain`` seconds ago (0: nothing); returns how many jobs went."""
    if not retain:
        return 0
    with reading(engine) as session:
        old = session.scalars(select(Job).where(Job.status.in_(ENDED), Job.ended < time.time() - retain)).all()
    for job in old:
        forget(engine, store, job)
    return len(old)


def sweep(engine: Engine, store: Store) -> int:
    """Remove files that no job names (left by a process that was killed); returns how many."""
    with reading(engine) as session:
        rows = session.execute(select(Job.id, Job.source, Job.result, Job.status)).all()
    named = {source for _, source, _, status in rows if status != FAILED} | {
        result for _, _, result, _ in rows if result
    }
    return store.sweep(named, {job for job, *_ in rows})
