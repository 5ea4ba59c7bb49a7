"""The tasks by name. Each is a module here with ``plan(request)``, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from relume.runtime.tasks.plan import Plan, Request
from relume.signal import UsageError

TASKS = ("upscale", "photo", "repair", "denoise", "depixelate", "colorize", "relic")


def planned(request: Request) -> Plan:
    """The plan of the task that is asked for; raises a RelumeError."""
    task = request.options.task
    if task not in TASKS:
        raise UsageError(f"no task is called '{task}'; there are {', '.join(TASKS)}")
    plan: Plan = import_module(f"relume.runtime.tasks.{task}").plan(request)
    return plan
