"""The table of commands, what a start loads, and the statuses that every command shares."""

import ast
import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer

from relume import __version__, cli
from relume.cli.output import emit, plain, statuses
from relume.signal import InputRejected, ModelError, OutputRefused, UsageError

FOLDER = Path(cli.__file__).parent


def families() -> set[str]:
    """The modules of the command line that define ``register`` and are not parts of another."""
    defined, used = set(), set()
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "register" for node in tree.body):
            defined.add(path.stem)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "register" and isinstance(node.value, ast.Name):
                used.add(node.value.id)
    return defined - used


def test_every_family_is_in_the_table_and_every_entry_has_one() -> None:
    assert set(cli.COMMANDS.values()) == families()


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_a_family_registers_the_commands_that_the_table_says(command: str) -> None:
    app = typer.Typer()
    import_module(f"relume.cli.{cli.COMMANDS[command]}").register(app)
    names = {entry.name for entry in app.registered_commands} | {entry.name for entry in app.registered_groups}
    assert names == {name for name, family in cli.COMMANDS.items() if family == cli.COMMANDS[command]}


def test_help_names_every_command(relume) -> None:
    result = relume("--help")
    assert result.exit_code == 0
    assert all(f" {command} " in result.stdout for command in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(relume, command: str) -> None:
    result = relume(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: relume {command}" in result.stdout


def test_version(relume) -> None:
    assert relume("--version").stdout == f"relume {__version__}\n"
    project = tomllib.loads((FOLDER.parents[2] / "pyproject.toml").read_text())["project"]
    assert project.get("version", __version__) == __version__


@pytest.mark.parametrize("arguments", [["nonsense"], ["restore"], ["restore", "a.png", "--nonsense"], ["--nonsense"]])
def test_wrong_usage_is_status_2_and_no_traceback(relume, arguments: list[str]) -> None:
    result = relume(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["restore"], "INPUT"),
        (["restore", "a.png", "--nonsense"], "--nonsense"),
        (["restore", "a.png", "--scale", "much"], "'much' is not"),
        (["restore", "a.png", "--workers", "0"], "--workers"),
        (["models", "show"], "NAME"),
        (["doctor", "more"], "(more)"),
    ],
)
def test_wrong_options_are_one_object_where_json_is_asked_for(capsys, arguments: list[str], says: str) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*arguments, "--json"])
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert (end.value.code, error["code"]) == (2, "usage")
    assert says in error["message"]
    assert told.err.count("\n") == 1


def test_a_good_call_with_json_ends_with_status_0(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["models", "list", "--json"])
    assert end.value.code == 0
    assert json.loads(capsys.readouterr().out)["models"]


def test_a_start_loads_nothing_heavy() -> None:
    code = "import sys; from relume.cli import build; build(['restore']); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "rich", "openvino", "pyvips", "PIL", "scipy", "importlib.metadata"}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UsageError("u"), 2, "usage"),
        (InputRejected("i"), 4, "input"),
        (OutputRefused("o"), 5, "output"),
        (ModelError("m"), 6, "model"),
        (AssertionError("a"), 1, "internal"),
        (KeyError("k"), 1, "internal"),
    ],
)
def test_errors_become_one_line_and_a_status(error: Exception, status: int, code: str, capsys) -> None:
    with pytest.raises(typer.Exit) as raised, statuses(True, {"files": []}):
        raise error
    out, err = capsys.readouterr()
    assert raised.value.exit_code == status
    assert json.loads(out)["error"]["code"] == code
    assert json.loads(out)["files"] == []
    assert err.count("\n") == 1
    assert f"[{code}]" in err


def test_a_bug_shows_its_traceback_only_where_asked(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    for wanted in ("0", "1"):
        monkeypatch.setenv("RELUME_DEBUG", wanted)
        with pytest.raises(typer.Exit), statuses(False):
            raise ZeroDivisionError
        assert ("Traceback" in capsys.readouterr().err) == (wanted == "1")


def test_text_is_one_safe_line() -> None:
    assert plain("a\nb\x1b[31m\u202e\udcffé") == r"a\nb\x1b[31m\u202e\udcffé"


def test_json_has_no_numbers_that_json_does_not_know(capsys) -> None:
    emit({"a": float("inf"), "b": [float("nan"), 1.5], "c": {"d": -0.0}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "c": {"d": -0.0}}


def test_a_reader_that_goes_away_is_no_error(process) -> None:
    started = process("models", "list", "--json")
    started.stdout.close()
    assert started.wait(60) in (0, 120)
    assert b"Traceback" not in started.stderr.read()
