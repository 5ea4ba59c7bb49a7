"""The tasks by name: each a function from what is asked for to how one picture is restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from relume.runtime.tasks import colorize, denoise, depixelate, photo, relic, repair, upscale
from relume.runtime.tasks.plan import Plan, Request
from relume.signal import UsageError

TASKS: Mapping[str, Callable[[Request], Plan]] = {
    "upscale": upscale.plan,
    "repair": repair.plan,
    "denoise": denoise.plan,
    "depixelate": depixelate.plan,
    "colorize": colorize.plan,
    "photo": photo.plan,
    "relic": relic.plan,
}


def planned(request: Request) -> Plan:
    """The plan of the task that is asked for; raises a RelumeError."""
    task = request.options.task
    if task not in TASKS:
        raise UsageError(f"no task is called '{task}'; there are {', '.join(TASKS)}")
    return TASKS[task](request)
