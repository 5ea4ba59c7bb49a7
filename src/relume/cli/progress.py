"""A progress bar with the time left, on standard error and only where that is a terminal; rich is loaded only then."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from relume.cli.output import plain

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from relume.runtime.options import Progress

SHOW_AFTER_SECONDS = 0.2


class Meter:
    """Shows how far each running picture is, and the whole batch; silent where standard error is no terminal."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._bars: Bars | None = None
        self._tasks: dict[int, TaskID] = {}
        self._whole: TaskID | None = None
        self._started = time.monotonic()
        self._finished = 0
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def watch(self, index: int, progress: Progress) -> None:
        """Picture ``index`` has done ``progress.done`` of ``progress.total`` tiles."""
        if not self._wanted or time.monotonic() - self._started < SHOW_AFTER_SECONDS:
            return
        bars = self._draw()
        if index not in self._tasks:
            self._tasks[index] = bars.add_task(_short(self._names[index]), total=progress.total)
        bars.update(self._tasks[index], completed=progress.done, total=progress.total)

    def finish(self, index: int) -> None:
        """Picture ``index`` is over, well or not; the bars make room for a line about it and return with the next."""
        self._finished += 1
        if self._bars is None:
            return
        task = self._tasks.pop(index, None)
        if task is not None:
            self._bars.remove_task(task)
        if self._whole is not None:
            self._bars.update(self._whole, completed=self._finished)
        self._bars.stop()

    def _draw(self) -> Bars:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            self._bars = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            if len(self._names) > 1:
                self._whole = self._bars.add_task("all", total=len(self._names), completed=self._finished)
        if not self._bars.live.is_started:
            self._bars.start()
        return self._bars


def _short(name: str, width: int = 32) -> str:
    text = plain(name)
    return text if len(text) <= width else "…" + text[1 - width :]
