"""A worker: claims a job, gives it to its hand, keeps the lease alive, and writes down what came of it.

It never decodes a picture itself. Run as ``python -m relume.web.worker NAME [PARENT]`` with the settings in the
environment; SIGTERM gives the job back to the queue and ends it.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from relume.web import catalogue, jobs, logs
from relume.web.hand import Made, Order, Refused, Seen, Zoomable, serve
from relume.web.offers import AUTO
from relume.web.settings import Settings
from relume.web.store import Store
from relume.web.tables import CANCELLED, QUEUED, RUNNING, Job, connect

LOOK_SECONDS, IDLE_LOOK_SECONDS = 0.1, 0.3
IDLE_SECONDS = 120.0
BEAT_SECONDS = 0.5
GRACE_SECONDS = 3.0
SWEEP_SECONDS = 600.0
ZOOM_SECONDS = 300.0

log = logging.getLogger("relume.worker")


class Worker:
    """One worker of the queue; ``stop`` set ends :meth:`run` soon, with its job back in the queue.

    So does the end of the process ``parent``, which may come before this one has begun.
    """

    def __init__(
        self, name: str, settings: Settings, engine: Engine, stop: threading.Event, parent: int | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self.engine = engine
        self.store = Store(settings.store, settings.quota)
        self.stop = stop
        self._parent = os.getppid() if parent is None else parent
        self._hand: tuple[SpawnProcess, Connection] | None = None
        self._swept = 0.0

    def run(self) -> None:
        """Work until told to stop, or until the process that started this one is gone."""
        held = jobs.release_all(self.engine, self.name)
        log.info("worker begins", extra={"worker": self.name, "given_back": held})
        self._grip()
        worked = time.monotonic()
        try:
            while not self._told():
                try:
                    self._tidy()
                    job = jobs.claim(self.engine, self.name, self.settings.lease)
                    if job is not None:
                        self._do(job)
                        worked = time.monotonic()
                    else:
                        idle = time.monotonic() - worked > IDLE_SECONDS
                        self.stop.wait(IDLE_LOOK_SECONDS if idle else LOOK_SECONDS)
                except OperationalError as error:
                    log.warning("the database does not answer: %s", error.orig, extra={"worker": self.name})
                    self.stop.wait(2.0)
        finally:
            self._drop_hand()
            log.info("worker ends", extra={"worker": self.name})

    def _told(self) -> bool:
        """Whether to stop: somebody said so, or whoever started us is gone."""
        return self.stop.is_set() or os.getppid() != self._parent

    def _do(self, job: Job) -> None:
        log.info("job begins", extra=_tags(job))
        if not self.store.has(job.source):
            jobs.fail(self.engine, job, "gone", "the picture is not in the store any more: upload it again")
            return
        for stale in self.store.desks(job.id):  # of takes that were killed
            self.store.clear(stale)
        desk = self.store.desk(job.id, job.ticket)
        try:
            status = self._watch(job, desk, self._give(job, desk))
        finally:
            self.store.clear(desk)
        log.info("job ends", extra={**_tags(job), "status": status})
        if status == "failed":
            self.store.clear(self.store.views_of(job.id))
            catalogue.drop_if_unused(self.engine, self.store, job.source)

    def _give(self, job: Job, desk: Path) -> Connection:
        _, pipe = self._grip()
        with contextlib.suppress(BrokenPipeError):  # it died while idle: reading from the pipe tells the same
            pipe.send(self.order(job, desk))
        return pipe

    def order(self, job: Job, desk: Path) -> Order:
        """What the hand is told of a job."""
        return Order(
            source=self.store.path(job.source),
            desk=desk,
            name=job.name,
            task=job.task,
            scale=job.scale,
            model=None if job.model == AUTO else job.model,
            consistent=job.consistent,
            strip=job.strip,
            realism=job.realism,
            strength=job.strength,
            colour=job.colour,
            hints=job.hints,
            mask=jobs.mask_of(self.engine, job),
            max_pixels=self.settings.max_pixels,
            seconds=self.settings.seconds,
        )

    def _watch(self, job: Job, desk: Path, pipe: Connection) -> str:
        """See one order to its end; returns the status that the job has then."""
        began, beaten, seen = time.monotonic(), time.monotonic(), Seen("opening")
        status, opened = RUNNING, False
        while True:
            message = None
            try:
                if pipe.poll(BEAT_SECONDS):
                    message = pipe.recv()
            except (EOFError, OSError):
                reason = self._drop_hand()
                return jobs.crashed(self.engine, job, reason) if status == RUNNING else status
            if self._told():
                self._drop_hand()
                if status == RUNNING:
                    jobs.release(self.engine, job)
                return QUEUED if status == RUNNING else status
            match message:
                case Seen():
                    if not opened:
                        opened, began = True, time.monotonic()  # the hand may have had to be started first
                    news = message.views != seen.views
                    seen = message if message.gray is not None else replace(message, gray=seen.gray)
                    if status == RUNNING and (news or time.monotonic() - beaten >= BEAT_SECONDS):
                        self._publish(job, desk, seen)
                        beaten, status = time.monotonic(), self._beat(job, seen)
                case Made():
                    status = self._keep(job, desk, message, seen)
                    began = time.monotonic()
                case Refused():
                    if status == RUNNING:
                        jobs.fail(self.engine, job, message.code, message.message)
                        return "failed"
                    return status
                case Zoomable(ready=ready):
                    if ready and status == "done":
                        self._publish_zoom(job, desk)
                    return status
                case None if status == RUNNING:
                    beaten, status = time.monotonic(), self._beat(job, seen)
            if status not in (RUNNING, "done"):
                return self._abandon(pipe, status)
            if time.monotonic() - began > (self.settings.seconds if status == RUNNING else ZOOM_SECONDS):
                self._drop_hand()
                if status == RUNNING:
                    text = f"the restoration took longer than {self.settings.seconds:.0f} s and was ended"
                    jobs.fail(self.engine, job, "too-long", text)
                    return "failed"
                return status

    def _beat(self, job: Job, seen: Seen) -> str:
        columns: dict[str, Any] = {
            "stage": seen.stage,
            "tiles_done": seen.tiles_done,
            "tiles": seen.tiles,
            "seconds_left": seen.seconds_left,
            "views": " ".join(seen.views),
        }
        if seen.gray is not None:
            columns["gray"] = seen.gray
        return jobs.beat(self.engine, job, self.settings.lease, **columns)

    def _publish(self, job: Job, desk: Path, seen: Seen) -> None:
        """Move the views that the hand has made to where the page serves them from."""
        place = self.store.views_of(job.id)
        place.mkdir(exist_ok=True, mode=0o700)
        for view in (*desk.glob("*.jpg"), desk / "heat.png", desk / "mask.png"):
            if view.stem in seen.views:
                _put(view, place / view.name, job.ticket)

    def _keep(self, job: Job, desk: Path, made: Made, seen: Seen) -> str:
        """Put the result into the store and mark the job done; the file is there before the row says so."""
        self._publish(job, desk, seen)
        self._store_result(desk, made)
        done = jobs.finish(
            self.engine,
            job,
            result=made.sha256,
            result_bytes=made.bytes,
            result_name=made.name,
            result_width=made.width,
            result_height=made.height,
            used_model=made.model,
            seconds=made.seconds,
            consistency_db=made.consistency_db,
            notes="\n".join(made.notes),
            record=made.record,
            views=" ".join(seen.views),
            gray=seen.gray if seen.gray is not None else job.gray,
            tiles_done=seen.tiles,
            tiles=seen.tiles,
        )
        if done:
            if not self.store.has(made.sha256):  # a job with the same result was deleted at this moment
                self._store_result(desk, made)
            return "done"
        catalogue.drop_if_unused(self.engine, self.store, made.sha256)
        return CANCELLED

    def _store_result(self, desk: Path, made: Made) -> None:
        copy = desk / "kept"
        copy.hardlink_to(desk / made.file)
        self.store.take(copy, made.sha256)

    def _publish_zoom(self, job: Job, desk: Path) -> None:
        place = self.store.views_of(job.id)
        if not place.exists():
            return
        for name in ("zoom-before", "zoom-after"):
            self.store.clear(place / name)
            (desk / name).rename(place / name)
        found = catalogue.find(self.engine, job.id)
        if found is None:
            self.store.clear(place)
        else:
            jobs.show(self.engine, found, views=f"{found.views} zoom")

    def _abandon(self, pipe: Connection, status: str) -> str:
        """The job is cancelled, or somebody else's: tell the hand, and drop it where it does not listen."""
        until = time.monotonic() + GRACE_SECONDS
        try:
            pipe.send("cancel")
            while time.monotonic() < until:
                if pipe.poll(0.1) and isinstance(pipe.recv(), Refused | Zoomable):
                    return status
        except (EOFError, OSError):
            pass
        self._drop_hand()
        return status

    def _grip(self) -> tuple[SpawnProcess, Connection]:
        if self._hand is None or not self._hand[0].is_alive():
            self._drop_hand()
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, self.settings.memory), daemon=True)
            process.start()
            theirs.close()
            self._hand = process, ours
        return self._hand

    def _drop_hand(self) -> str:
        """End the hand; returns in words how it ended."""
        if self._hand is None:
            return "it had ended"
        process, pipe = self._hand
        self._hand = None
        pipe.close()
        process.join(0.5)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        if code == -signal.SIGXCPU:
            return "it took too much time"
        return "it ended the process that decoded it" + (f" (signal {-code})" if code is not None and code < 0 else "")

    def _tidy(self) -> None:
        pause = min(SWEEP_SECONDS, self.settings.retain / 10 or SWEEP_SECONDS)
        if time.monotonic() - self._swept < pause and self._swept:
            return
        self._swept = time.monotonic()
        gone = catalogue.expire(self.engine, self.store, self.settings.retain)
        swept = catalogue.sweep(self.engine, self.store)
        if gone or swept:
            log.info("tidied", extra={"expired": gone, "swept": swept})


def _put(made: Path, place: Path, ticket: str) -> None:
    """Let ``made`` be at ``place`` too, whole at every moment; it may be written anew while we look."""
    part = place.with_name(f".{place.name}.{ticket}")
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(made)
        part.replace(place)
    except FileNotFoundError:
        return
    part.unlink(missing_ok=True)  # both were the same file already, and the system has left both


def _tags(job: Job) -> dict[str, Any]:
    return {"job": job.number, "take": job.takes, "kind": job.kind, "task": job.task, "scale": job.scale}


def main() -> None:
    """Run one worker by the environment's settings: its name, and the process whose end is its own, as arguments."""
    logs.configure()
    settings = Settings.from_environment()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parent = int(sys.argv[2]) if len(sys.argv) > 2 else None
    Worker(sys.argv[1], settings, connect(settings.url), stop, parent).run()


if __name__ == "__main__":
    main()
