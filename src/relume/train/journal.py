"""What a training tells while it runs: ``log.jsonl``, TensorBoard where it is installed, and a line with an ETA."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Journal:
    """Means of the logged numbers since the last line, for steps ``first`` to ``last``; silent if not ``writes``."""

    def __init__(self, folder: Path, first: int, last: int, report: Callable[[str], None], writes: bool) -> None:
        self.folder, self.first, self.last, self.report, self.writes = folder, first, last, report, writes
        self.began = time.monotonic()
        self.sums: dict[str, float] = {}
        self.count = 0
        self.board: Any = None

    def __enter__(self) -> Self:
        if self.writes:
            self.log = (self.folder / "log.jsonl").open("a" if self.first else "w", encoding="utf-8")
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                return self
            self.board = SummaryWriter(str(self.folder / "tensorboard"), purge_step=self.first)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.writes:
            self.log.close()
            if self.board is not None:
                self.board.close()

    def add(self, numbers: Mapping[str, float]) -> None:
        """Take one step's numbers into the running means."""
        self.count += 1
        for name, value in numbers.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def write(self, step: int, scores: Mapping[str, float]) -> None:
        """Write the means and ``scores`` at ``step``, and start new means."""
        means = {name: value / self.count for name, value in self.sums.items()}
        self.sums, self.count = {}, 0
        if not self.writes:
            return
        seconds = time.monotonic() - self.began
        line = json.dumps({"step": step, "seconds": round(seconds, 1)} | means | dict(scores))
        self.log.write(line + "\n")
        self.log.flush()
        if self.board is not None:
            for name, value in (means | dict(scores)).items():
                self.board.add_scalar(name, value, step)
        remaining = seconds / (step - self.first) * (self.last - step)
        self.report(f"{line} eta {remaining / 60:.1f} min")
