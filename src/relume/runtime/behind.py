"""Work that is done beside the caller: one piece at a time, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Behind:
    """While one piece of work is under way the caller goes on; what it raises comes out of the next call.

    Leaving the block waits for the last piece, and raises what that raised unless something else is being raised.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "relume-behind")
        self._work: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.settle()
        finally:
            self._thread.shutdown()

    def do(self, work: Callable[[], None]) -> None:
        """Begin ``work`` once what was begun before is done."""
        self.settle()
        self._work = self._thread.submit(work)

    def settle(self) -> None:
        """Wait until nothing is under way; raise what the last piece of work raised."""
        work, self._work = self._work, None
        if work is not None:
            work.result()
