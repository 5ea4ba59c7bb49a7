"""The house keeps its layers: imports point down, and importing the package loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def loaded_by(statement):
    code = f"import sys; {statement}; print(' '.join(sorted(sys.modules)))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("heavy", ["torch", "openvino", "scipy", "pyvips", "PIL", "typer", "rich"])
def test_import_relume_is_light(heavy):
    assert heavy not in loaded_by("import relume")


@pytest.mark.parametrize("module", ["relume.runtime.restore", "relume.cli", "relume.bench.images"])
def test_what_runs_loads_no_torch(module):
    assert "torch" not in loaded_by(f"import {module}")


def test_contracts_of_the_layers():
    pytest.importorskip("importlinter")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
