"""The command line in a process of its own, with the peak memory of all of it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relume.signal import ModelError

_WATCH = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as told:
    told.write(str(usage.ru_maxrss * 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command for a small process, as the peak of a process begins with what the one that starts it holds."""


def command(*arguments: str) -> list[str]:
    """``relume restore ARGUMENTS`` by this Python."""
    return [sys.executable, "-m", "relume", "restore", *arguments]


def restore(arguments: Sequence[str]) -> tuple[dict[str, Any], int]:
    """``relume restore ARGUMENTS --json`` of one picture: what it says of the file, and ``ru_maxrss`` in bytes.

    Raises ModelError with what the command said, if it fails.
    """
    asked = command(*arguments, "--json")
    with tempfile.TemporaryDirectory() as folder:
        peak = Path(folder) / "peak"
        done = subprocess.run([sys.executable, "-c", _WATCH, str(peak), *asked], capture_output=True, text=True)
        if done.returncode:
            raise ModelError(f"{' '.join(asked)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        told: dict[str, Any] = json.loads(done.stdout)["files"][0]
        return told, int(peak.read_text())
