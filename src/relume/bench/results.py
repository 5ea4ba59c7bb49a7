"""A results file: figures with everything needed to trust and repeat them."""

from __future__ import annotations

import json
import math
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from relume.signal import OutputRefused, UsageError


def provenance(arguments: Sequence[str], protocol: str, seed: int) -> dict[str, Any]:
    """The head of a results file: the command that made it, when, from which commit, with which seed and protocol."""
    return {
        "command": shlex.join(["relume", *arguments]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "seed": seed,
        "protocol": protocol,
    }


def commit() -> str:
    """The commit of the checkout, with ``+changes`` if tracked files differ from it; 'unknown' outside one."""
    here = Path(__file__).parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "."], cwd=here.parent, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+changes" if changed.returncode else "")


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """(low, high): Student's interval of the mean of ``values``; (mean, mean) if there is one value alone."""
    sample = np.asarray(values, np.float64)
    mean = float(sample.mean())
    if sample.size < 2:
        return mean, mean
    half = float(stats.t.ppf(0.5 + confidence / 2, sample.size - 1) * sample.std(ddof=1) / math.sqrt(sample.size))
    return mean - half, mean + half


def write(path: Path, head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``{**head, "rows": rows}`` as JSON, whole or not at all."""
    text = json.dumps({**head, "rows": list(rows)}, indent=1, sort_keys=False, allow_nan=False) + "\n"
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror}); choose another with --out") from error


def read(path: Path) -> dict[str, Any]:
    """Read :func:`write`; a file that is not one of ours is an error that names it."""
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value.get("rows"), list) or "command" not in value:
            raise ValueError("no rows or no command")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{path}: not a results file ({error}); make it with 'relume bench'") from error
    return value
