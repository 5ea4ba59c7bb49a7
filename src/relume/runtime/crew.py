"""Worker processes that can die: each does one piece of work at a time, and a death costs that piece alone.

The pools of the standard library give up all pending work when one process dies, so this is a small one that does
not. Workers are spawned, never forked (the engines hold threads), and are told to finish by a closed pipe.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Self

from relume.runtime.stops import Stoppable, Stopped

GRACE_SECONDS = 5.0

Work = Callable[[Any, Callable[[Any], None]], Any]


@dataclass(frozen=True)
class Lost:
    """The process that did this piece of work died; ``reason`` says how."""

    reason: str


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    index: int | None = None


class Crew:
    """``size`` processes that run ``work(item, report)``; a context manager that leaves none behind.

    ``work`` must be a module-level function; items, reports and results travel pickled.
    """

    def __init__(self, work: Work, size: int) -> None:
        self._work = work
        self._size = size
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            if kind is not None:
                worker.process.terminate()
            worker.pipe.close()
        for worker in self._workers:
            _end(worker.process)

    @property
    def busy(self) -> list[int]:
        """The indices of the items that were begun and have not ended."""
        return [worker.index for worker in self._workers if worker.index is not None]

    def run(self, items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Yield (index, message) as they come: an item's reports, then its result, or :class:`Lost` in its place.

        Items are begun in order and end in any. Reports and results are told apart by their types.
        """
        pending = iter(enumerate(items))
        self._workers = [self._hire() for _ in range(self._size)]
        for worker in self._workers:
            _give(worker, pending)
        while busy := [worker for worker in self._workers if worker.index is not None]:
            for pipe in wait([worker.pipe for worker in busy]):
                worker = next(worker for worker in busy if worker.pipe is pipe)
                index = worker.index
                try:
                    final, message = worker.pipe.recv()
                except (EOFError, OSError):
                    final, message = True, Lost(_obituary(worker.process))
                    self._workers[self._workers.index(worker)] = worker = self._hire()
                if index is not None:
                    yield index, message
                if final:
                    _give(worker, pending)

    def _hire(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _give(worker: _Worker, pending: Iterator[tuple[int, Any]]) -> None:
    worker.index, item = next(pending, (None, None))
    if worker.index is not None:
        with contextlib.suppress(BrokenPipeError):  # it died while idle: reading from its pipe tells the same
            worker.pipe.send(item)


def _serve(pipe: Connection, work: Work) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    with contextlib.suppress(EOFError, BrokenPipeError, Stopped), Stoppable(signal.SIGTERM) as stop:

        def report(message: Any) -> None:
            stop.check()
            pipe.send((False, message))

        while True:
            pipe.send((True, work(pipe.recv(), report)))


def _end(process: SpawnProcess) -> None:
    process.join(GRACE_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()


def _obituary(process: SpawnProcess) -> str:
    process.join(GRACE_SECONDS)
    code = process.exitcode
    if code is None or code >= 0:
        return f"its worker process ended with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"its worker process was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
