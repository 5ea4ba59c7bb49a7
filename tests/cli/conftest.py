"""Small pictures, and the command line run in this process or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from relume.cli import build

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def relume() -> Callable[..., Result]:
    """Run a command in this process: ``relume("restore", path).exit_code``."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(build(words), words, input=stdin, prog_name="relume")

    return run


@pytest.fixture
def answer(relume) -> Callable[..., tuple[int, dict]]:
    """Run a command with ``--json``: its status and its answer."""

    def run(*arguments: object, stdin: bytes | None = None) -> tuple[int, dict]:
        result = relume(*arguments, "--json", stdin=stdin)
        return result.exit_code, json.loads(result.stdout)

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.Popen]:
    """Start ``python -m relume`` as a process of its own."""

    def start(*arguments: object, **options: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "relume", *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(command, env=environment, **(pipes | options))

    return start


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Write a small colour picture; the same name gives the same pixels."""

    def make(path: Path, width: int = 12, height: int = 10, **options: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(len(path.name))
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, **options)
        return path

    return make
