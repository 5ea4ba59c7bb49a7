"""What ``restore`` answers: the JSON of each file, and the lines of the plain answer."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from relume.cli.output import plain, say, tell

if TYPE_CHECKING:
    from relume.runtime.batch import Outcome
    from relume.runtime.naming import Job


def as_file(outcome: Outcome) -> dict[str, Any]:
    """One entry of ``files``, with the keys that ``docs/cli.md`` documents."""
    error = outcome.error and {"code": outcome.error.code, "message": plain(outcome.error.message)}
    entry: dict[str, Any] = {
        "input": outcome.input,
        "output": outcome.output,
        "status": outcome.status,
        "error": error,
        "task": outcome.task,
        "scale": outcome.scale,
        "model": outcome.model,
        "seconds": round(outcome.seconds, 3),
        "pixels_out": outcome.pixels_out,
        "consistency_db": outcome.consistency_db,
        "width": outcome.width,
        "height": outcome.height,
        "record": outcome.record,
        "evidence": outcome.evidence,
        "notes": [plain(note) for note in outcome.notes],
        "decisions": [dataclasses.asdict(decision) for decision in outcome.decisions],
    }
    if outcome.estimate is not None:
        found = outcome.estimate
        entry["estimate"] = {"seconds": round(found.seconds, 3), "memory": found.memory, "disk": found.disk}
    return entry


def total(outcomes: Sequence[Outcome], jobs: Sequence[Job], workers: int) -> dict[str, Any]:
    """The estimate of a whole batch: seconds and disk bytes add up, memory is the largest times the workers."""
    found = [outcome.estimate for outcome in outcomes if outcome.estimate is not None]
    base = next(folder for folder in (jobs[0].base, *jobs[0].base.absolute().parents) if folder.is_dir())
    return {
        "seconds": round(sum(item.seconds for item in found) / workers, 3),
        "memory": max((item.memory for item in found), default=0) * workers,
        "disk": sum(item.disk for item in found),
        "disk_free": shutil.disk_usage(base).free,
    }


def tell_one(outcome: Outcome, quiet: bool) -> None:
    """One line for one picture: what was made, on standard output, or what is wrong, on standard error."""
    if outcome.error is not None:
        say(f"{outcome.status}: {outcome.error.message} [{outcome.error.code}]")
    elif outcome.estimate is not None and not quiet:
        found = outcome.estimate
        size = f"{found.width} x {found.height} -> {found.pixels_out / 1e6:.1f} megapixels"
        cost = f"{found.seconds:.1f} s, {_bytes(found.memory)} of memory, {_bytes(found.disk)} of disk"
        tell(f"{outcome.input} -> {outcome.output}: {size}, about {cost}")
    elif outcome.status == "skipped" and not quiet:
        tell(f"{outcome.input} -> {outcome.output}: done before, skipped")
    elif not quiet:
        facts = [f"{outcome.width} x {outcome.height}", f"{outcome.seconds:.1f} s"]
        if outcome.consistency_db is not None:
            facts.append(f"agrees with its input to {outcome.consistency_db:.1f} dB")
        tell(f"{outcome.input} -> {outcome.output} ({', '.join(facts)})")
        for decision in outcome.decisions:
            otherwise = f" ({decision.option})" if decision.option else ""
            tell(f"    {decision.step}: {'' if decision.done else 'not done, '}{decision.reason}{otherwise}")
        if outcome.evidence is not None:
            tell(f"    evidence: {outcome.evidence}")
        for note in outcome.notes:
            say(f"note: {outcome.input}: {note}")


def tell_all(outcomes: Sequence[Outcome], estimate: dict[str, Any] | None, quiet: bool) -> None:
    """The sum of a batch of several, on standard error."""
    if estimate is not None and not quiet:
        cost = f"{_bytes(estimate['memory'])} of memory, {_bytes(estimate['disk'])} of disk"
        say(f"in all about {estimate['seconds']:.1f} s, {cost} ({_bytes(estimate['disk_free'])} free)")
    elif len(outcomes) > 1 and not quiet:
        counts = Counter(outcome.status for outcome in outcomes)
        order = ("ok", "skipped", "rejected", "failed")
        say(", ".join(f"{counts[status]} {status}" for status in order if counts[status]))


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
