"""Ctrl-C and SIGTERM as one exception, so that everything on the way out removes what it had begun.

A signal is noticed wherever Python happens to be, also inside a callback of a C library, where an exception is
printed and lost. So a signal is remembered as well, and raised at the latest when the work next reports its progress.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

_CALLBACKS = {"_log_handler_callback"}
"""The functions that libvips calls in the middle of its work (pyvips passes its log messages on to Python)."""


class Stopped(BaseException):
    """The user (or the system) asked the program to stop; ``status`` is the exit status that says so."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted" if number == signal.SIGINT else "terminated")
        self.status = 128 + number


class Stoppable:
    """A context in which the signals ``numbers`` raise :class:`Stopped`, once; a second signal disturbs no clean-up.

    Outside the main thread, where Python hands out no signals, it does nothing.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers or (signal.SIGINT, signal.SIGTERM)
        self._former: dict[signal.Signals, object] = {}
        self._asked: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._note) for number in self._numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise Stopped if a signal came and its exception was lost on the way."""
        if self._asked is not None:
            raise Stopped(self._asked)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._asked is None:
            self._asked = number
            if not _in_callback(frame):
                raise Stopped(number)


def _in_callback(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in _CALLBACKS:
            return True
        frame = frame.f_back
    return False
