"""The database: one table of jobs, which is both the archive's catalogue and the queue, and one of running totals.

The job table is the truth. A picture is accepted when its row is committed, and it has ended when its row says so;
files that no row names are rubbish. Times are seconds since 1970 in UTC.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Engine, Index, create_engine, event, false, func, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.schema import CreateColumn
from sqlalchemy.types import BigInteger, Integer, LargeBinary, Text

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
BY_API = "api"
"""The visitor of all pictures that were sent by API: they have no session, their ids are their keys."""
BUSY_MILLISECONDS = 15_000
ADVISORY = 0x72656C756D65

Big = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """All tables of the page."""


class Job(Base):
    """One picture and what was asked for it. ``version`` grows with every change that a visitor could see.

    ``id``: 32 hexadecimal digits, 128 random bits. ``visitor``: the signed session that sent it, or ``BY_API``.
    ``kind``: the format that its bytes show. ``lease``: until when ``worker`` holds it, under ``ticket``.
    ``takes``: how often it was begun, ``crashes``: how often that ended a process. ``views``: which views are there
    (``source``, ``result``, ``zoom``, ``heat`` ...), as words. ``stage`` names what is being done now. ``hints``: known
    colours, ``x,y=#rrggbb`` each, with spaces between. ``mask``: a small PNG of what is damaged, for its worker alone.
    """

    __tablename__ = "jobs"

    number: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(Text, unique=True)
    visitor: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, default=QUEUED, index=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created: Mapped[float] = mapped_column(default=time.time)
    started: Mapped[float | None] = mapped_column(default=None)
    ended: Mapped[float | None] = mapped_column(default=None)

    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    source_bytes: Mapped[int] = mapped_column(Big)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    gray: Mapped[bool | None] = mapped_column(default=None)

    task: Mapped[str] = mapped_column(Text)
    scale: Mapped[int] = mapped_column(Integer)
    model: Mapped[str] = mapped_column(Text)
    consistent: Mapped[bool] = mapped_column(default=False)
    strip: Mapped[bool] = mapped_column(default=False)
    realism: Mapped[float] = mapped_column(default=0.0, server_default="0")
    strength: Mapped[float | None] = mapped_column(default=None)
    colour: Mapped[bool] = mapped_column(default=False, server_default=false())
    hints: Mapped[str] = mapped_column(Text, default="", server_default="")
    mask: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True, deferred_raiseload=True)

    worker: Mapped[str] = mapped_column(Text, default="")
    ticket: Mapped[str] = mapped_column(Text, default="")
    lease: Mapped[float] = mapped_column(default=0.0)
    takes: Mapped[int] = mapped_column(Integer, default=0)
    crashes: Mapped[int] = mapped_column(Integer, default=0)

    stage: Mapped[str] = mapped_column(Text, default="")
    tiles_done: Mapped[int] = mapped_column(Integer, default=0)
    tiles: Mapped[int] = mapped_column(Integer, default=0)
    seconds_left: Mapped[float | None] = mapped_column(default=None)
    views: Mapped[str] = mapped_column(Text, default="")

    result: Mapped[str | None] = mapped_column(Text, default=None)
    result_bytes: Mapped[int] = mapped_column(Big, default=0)
    result_name: Mapped[str] = mapped_column(Text, default="")
    result_width: Mapped[int | None] = mapped_column(Integer, default=None)
    result_height: Mapped[int | None] = mapped_column(Integer, default=None)
    used_model: Mapped[str] = mapped_column(Text, default="")
    seconds: Mapped[float | None] = mapped_column(default=None)
    consistency_db: Mapped[float | None] = mapped_column(default=None)
    notes: Mapped[str] = mapped_column(Text, default="")
    record: Mapped[str | None] = mapped_column(Text, default=None)
    error_code: Mapped[str] = mapped_column(Text, default="")
    error_message: Mapped[str] = mapped_column(Text, default="")
    share: Mapped[str | None] = mapped_column(Text, unique=True, default=None)

    __table_args__ = (Index("jobs_by_queue", "status", "number"),)

    def has(self, view: str) -> bool:
        """Whether the view of that name is ready to be served."""
        return view in self.views.split()


class Tally(Base):
    """A total that only grows, whatever is deleted: pictures ended by status and code, pixels and seconds."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text, primary_key=True, default="")
    value: Mapped[float] = mapped_column(default=0.0)


def connect(url: str) -> Engine:
    """An engine for ``url`` with its tables made; SQLite gets a write-ahead log and waits for its lock."""
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    try:
        Base.metadata.create_all(engine)
        _grow(engine)
    except (IntegrityError, OperationalError, ProgrammingError):  # another process made them at the same moment
        with engine.connect() as connection:
            connection.execute(select(Job.number).limit(1))
    return engine


def _grow(engine: Engine) -> None:
    """Give a table that an earlier version made the columns that have come since."""
    there = {column["name"] for column in inspect(engine).get_columns(Job.__tablename__)}
    for column in (each for each in Job.__table__.columns if isinstance(each, Column)):
        if column.name not in there:
            with writing(engine) as session:
                words = CreateColumn(column).compile(dialect=engine.dialect)
                session.execute(text(f"ALTER TABLE {Job.__tablename__} ADD COLUMN {words}"))


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session whose objects stay readable after it; nothing is written."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write; SQLite takes its write lock at the first statement, so it never fails midway."""
    with engine.connect().execution_options(relume_writes=True) as connection:
        with Session(connection, expire_on_commit=False) as session, session.begin():
            yield session
        if connection.in_transaction():
            connection.commit()


def alone(session: Session) -> None:
    """Wait until no other transaction is here: SQLite's writers are alone anyway, PostgreSQL's by an advisory lock."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(ADVISORY)))


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("relume_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
