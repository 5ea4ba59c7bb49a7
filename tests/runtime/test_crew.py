"""Worker processes: a death costs one item, an interruption leaves no process behind."""

import multiprocessing
import textwrap
import time
from pathlib import Path

import pytest

from relume.runtime.crew import Crew, Lost

WORK = """
    import os, signal, time

    def work(item, report):
        report(("begun", item))
        if item == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if item == "exit":
            os._exit(7)
        if item == "raise":
            raise RuntimeError("not an outcome")
        if item == "sleep":
            try:
                time.sleep(60)
            finally:
                with open(os.environ["CREW_TRACE"], "w") as stream:
                    stream.write("cleaned")
        return f"{item}!"
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "crew_work.py").write_text(textwrap.dedent(WORK))
    monkeypatch.syspath_prepend(tmp_path)
    from crew_work import work

    return work


def results(crew: Crew, items: list[str]) -> dict[int, object]:
    return {index: message for index, message in crew.run(items) if not isinstance(message, tuple)}


def test_every_item_has_its_result(work) -> None:
    with Crew(work, 2) as crew:
        messages = list(crew.run(["a", "b", "c"]))
    assert {index: text for index, text in messages if isinstance(text, str)} == {0: "a!", 1: "b!", 2: "c!"}
    assert sorted(text for _, text in messages if isinstance(text, tuple)) == [("begun", item) for item in "abc"]


@pytest.mark.parametrize(("death", "said"), [("segfault", "SIGSEGV"), ("exit", "status 7"), ("raise", "status 1")])
def test_a_death_costs_one_item(work, death: str, said: str) -> None:
    with Crew(work, 1) as crew:
        found = results(crew, ["a", death, "b"])
    lost = found[1]
    assert (found[0], found[2]) == ("a!", "b!")
    assert isinstance(lost, Lost)
    assert said in lost.reason


def test_nothing_to_do() -> None:
    with Crew(print, 0) as crew:
        assert list(crew.run([])) == []


def test_an_interruption_cleans_up_and_leaves_no_process(work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREW_TRACE", str(tmp_path / "trace"))
    with pytest.raises(KeyboardInterrupt), Crew(work, 1) as crew:
        for _ in crew.run(["sleep", "never"]):
            time.sleep(0.2)
            raise KeyboardInterrupt
    assert (tmp_path / "trace").read_text() == "cleaned"
    assert multiprocessing.active_children() == []
