"""How the page puts numbers into words."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Flask

from relume.web.offers import having, offers
from relume.web.site import site
from relume.web.tables import Job

UNITS = ("B", "KB", "MB", "GB", "TB")


def install(app: Flask) -> None:
    """Make the words known to the templates."""
    for word in (size, pixels, ago, duration, asked, decisions):
        app.add_template_filter(word)
    app.add_template_global(having)
    app.context_processor(lambda: {"keeps": span(site().settings.retain)})


def asked(job: Job) -> str:
    """What was asked for, in a line."""
    titles = {offer.task: offer.title for offer in offers()}
    words = [titles.get(job.task, job.task) + (f" ×{job.scale}" if job.scale > 1 else "")]
    words += [f"realism {job.realism:g}"] if job.realism else []
    words += [f"{100 * job.strength:.0f} % of the change"] if job.strength is not None else []
    hints = len(job.hints.split())
    words += [f"{hints} colour{'s' if hints > 1 else ''} set"] if hints else []
    flags = ((job.colour, "colours too"), (job.consistent, "held to the original"), (job.strip, "without metadata"))
    return ", ".join(words + [text for flag, text in flags if flag])


def decisions(job: Job) -> list[dict[str, Any]]:
    """What was decided about the picture, step by step, as its record has it: ``title``, ``done``, ``reason``."""
    titles = {offer.task: offer.title for offer in offers()}
    found = json.loads(job.record).get("decisions") or [] if job.record else []
    return [
        {
            "title": titles.get(decision["step"], decision["step"].capitalize()),
            "done": decision["done"],
            "reason": decision["reason"],
        }
        for decision in found
    ]


def span(seconds: float) -> str:
    """A long time in its largest unit: ``30 days``; empty for 0."""
    for length, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = round(seconds / length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds:.0f} seconds" if seconds else ""


def size(count: int) -> str:
    """Bytes in the unit that reads best: ``3.4 MB``."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {UNITS[unit]}" if unit == 0 or value >= 9.95 else f"{value:.1f} {UNITS[unit]}"


def pixels(count: int) -> str:
    """Pixels in megapixels: ``12 MP``."""
    return f"{count / 1e6:.1f} MP" if count < 9.95e6 else f"{count / 1e6:.0f} MP"


def ago(moment: float | None) -> str:
    """A time as distance from now: ``3 minutes ago``, and a date when that says more."""
    if moment is None:
        return ""
    seconds = max(0, int(time.time() - moment))
    if seconds < 60:
        return "just now"
    if seconds >= 7 * 86_400:
        return time.strftime("%-d %B %Y", time.gmtime(moment))
    return f"{span(seconds)} ago"


def duration(seconds: float) -> str:
    """A length of time: ``0.8 s``, ``12 s``, ``3 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
