"""The command line in a process of its own, with the peak memory of all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from relume.signal import ModelError


def restore(arguments: Sequence[str]) -> tuple[dict[str, Any], int]:
    """``relume restore ARGUMENTS --json`` of one picture: what it says of the file, and ``ru_maxrss`` in bytes.

    Raises ModelError with what the command said, if it fails.
    """
    command = [sys.executable, "-m", "relume", "restore", *arguments, "--json"]
    with tempfile.TemporaryFile() as answer:
        child = subprocess.Popen(command, stdout=answer, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        said = answer.read().decode()
    if child.returncode:
        raise ModelError(f"{' '.join(command)} ended with {child.returncode}: {said}")
    told: dict[str, Any] = json.loads(said)["files"][0]
    return told, usage.ru_maxrss * 1024
