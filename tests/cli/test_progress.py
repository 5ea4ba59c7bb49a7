"""The progress bar: on a terminal alone, with the lines about finished pictures left standing."""

import os
import pty
import re
import sys
import time
from pathlib import Path

import pytest

from relume.cli.progress import Meter
from relume.runtime.options import Progress


class Terminal:
    """A standard error that says it is one."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_silent_where_standard_error_is_no_terminal(capsys) -> None:
    with Meter(["a.png"]) as meter:
        meter.watch(0, Progress(1, 2, 9.0))
        meter.finish(0)
    assert capsys.readouterr() == ("", "")


def test_bars_show_names_counts_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("relume.cli.progress.SHOW_AFTER_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with Meter(["a\n[red].png", "b.png"]) as meter:
        meter.watch(0, Progress(1, 4, 1.0))
        meter.watch(0, Progress(2, 4, 2.0))
        time.sleep(0.3)  # bars are drawn ten times a second
        meter.finish(0)
        meter.watch(1, Progress(1, 9, 1.0))
        time.sleep(0.3)
        meter.finish(1)
    assert r"a\n[red].png" in terminal.text
    assert "2/4" in terminal.text
    assert "1/9" in terminal.text
    assert "1/2" in terminal.text


def test_lines_of_the_answer_stay_on_the_terminal(picture, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    for number in range(3):
        picture(tmp_path / "in" / f"p{number}.png", 200, 200)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200", "TERM": "xterm"}
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "relume", "restore", "in", "-o", "out", "--model", "bicubic"])
    text = b""
    try:
        while block := os.read(terminal, 1 << 16):
            text += block
    except OSError:  # how Linux says that the other side has closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert "━" in text.decode()
    shown = screen(text.decode())
    assert [line.split(" -> ")[0] for line in shown[:3]] == ["in/p0.png", "in/p1.png", "in/p2.png"]
    assert shown[3:] == ["3 ok"]


def screen(text: str) -> list[str]:
    """The lines that a terminal shows in the end: enough of one for line ends, cursor up and erase line."""
    rows, row, column = [""], 0, 0
    for code, plain in re.findall("\x1b\\[([0-9;?]*[A-Za-z])|([^\x1b])", text):
        if code.endswith("A"):
            row = max(0, row - int(code[:-1] or 1))
        elif code.endswith("K"):
            rows[row] = ""
        elif plain == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif plain == "\r":
            column = 0
        elif plain:
            rows[row] = rows[row].ljust(column)[:column] + plain + rows[row][column + 1 :]
            column += 1
    return [line.strip() for line in rows if line.strip()]
