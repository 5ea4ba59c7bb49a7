"""Speed as ratios of things measured in turn in one process, so that a busy machine disturbs both alike.

This half knows no torch: it times whatever it is given. What eager torch takes is in ``train/speed.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.runtime import engine, zoo
from relume.signal import ModelError

PROBE = (180, 240)
PROTOCOL = (
    "contenders run by turns in one process, each warmed up first; the best time of each counts; "
    f"input {PROBE[1]}x{PROBE[0]} pixels, every core"
)


@dataclass(frozen=True)
class Task:
    """Something to time: ``run`` does it once; ``work`` is how many units (operations or pixels) that is."""

    run: Callable[[], object]
    work: float


def contest(tasks: Mapping[str, Task], seconds: float) -> dict[str, float]:
    """The best time of each task in seconds, all running by turns until each had ``seconds`` (three turns at least)."""
    for task in tasks.values():
        task.run()
    best = dict.fromkeys(tasks, float("inf"))
    began, turns = time.perf_counter(), 0
    while turns < 3 or time.perf_counter() - began < seconds * len(tasks):
        for name, task in tasks.items():
            before = time.perf_counter()
            task.run()
            best[name] = min(best[name], time.perf_counter() - before)
        turns += 1
    return best


def network(model: str, scale: int, size: tuple[int, int] = PROBE, precision: engine.Choice = "auto") -> Task:
    """The shipped network itself, without tiles, on one picture of ``size``; work in operations (2 a MAC)."""
    found = zoo.find(model)
    if found.path is None or found.sha256 is None:
        raise ModelError(f"{model} is computed and not a network; name one with weights")
    output = found.card.output_for(scale)
    loaded = engine.load(found.path, found.sha256, output, "auto", precision, None, found.card.eight_bits)
    picture = np.random.default_rng(0).random((*size, 3), np.float32)
    return Task(lambda: loaded(picture), 2.0 * found.card.macs_per_pixel[output] * size[0] * size[1])


def ratio(what: str, of: str, over: str, times: Mapping[str, float], tasks: Mapping[str, Task]) -> dict[str, Any]:
    """A row: how many times more work a second ``of`` does than ``over``, with both rates."""
    rates = {name: tasks[name].work / times[name] for name in (of, over)}
    return {
        "what": what,
        "ratio": rates[of] / rates[over],
        "of": of,
        "over": over,
        "seconds": {name: times[name] for name in (of, over)},
        "rates": rates,
    }
