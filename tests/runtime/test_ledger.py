"""The ledger: appended line by line, tolerant of what a crash leaves."""

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relume.runtime.ledger import LEDGER_NAME, Entry, Ledger, fingerprint, relative
from relume.signal import OutputRefused


def entry(name: str, options: str = "o") -> Entry:
    return Entry(name, "s" * 64, "t" * 64, options, "m:" + "w" * 64, "2025-01-01T00:00:00Z")


def test_what_was_appended_is_found_by_a_later_reader(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(entry("a.png"))
    ledger.append(entry("d/b.png"))
    later = Ledger(tmp_path)
    assert later.find(tmp_path / "d" / "b.png", "o") == entry("d/b.png")
    assert later.find(tmp_path / "d" / "b.png", "other options") is None
    assert later.find(tmp_path / "c.png", "o") is None


def test_the_last_line_of_an_output_counts(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    newer = Entry("a.png", "n" * 64, "t" * 64, "o", "", "2025-01-02T00:00:00Z")
    ledger.append(entry("a.png"))
    ledger.append(newer)
    assert Ledger(tmp_path).find(tmp_path / "a.png", "o") == newer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(cut=st.integers(1, 200))
def test_a_torn_last_line_is_ignored_and_the_next_starts_anew(tmp_path: Path, cut: int) -> None:
    path = tmp_path / LEDGER_NAME
    path.unlink(missing_ok=True)
    Ledger(tmp_path).append(entry("a.png"))
    Ledger(tmp_path).append(entry("b.png"))
    first, second = path.read_bytes().splitlines(keepends=True)
    cut = min(cut, len(second))
    path.write_bytes(first + second[:-cut])
    torn = Ledger(tmp_path)
    assert torn.find(tmp_path / "a.png", "o") == entry("a.png")
    assert (torn.find(tmp_path / "b.png", "o") is None) == (cut > 1)
    torn.append(entry("c.png"))
    assert Ledger(tmp_path).find(tmp_path / "c.png", "o") == entry("c.png")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(junk=st.binary(max_size=200))
def test_junk_is_never_an_entry_nor_an_error(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / LEDGER_NAME).write_bytes(junk + b'\n[1]\n{"output": 3}\n"x"\n')
    assert Ledger(tmp_path).find(tmp_path / "a.png", "o") is None


def test_names_that_are_no_unicode_survive(tmp_path: Path) -> None:
    name = b"caf\xe9\n.png".decode("utf-8", "surrogateescape")
    Ledger(tmp_path).append(entry(name))
    assert Ledger(tmp_path).find(tmp_path / name, "o") == entry(name)
    assert (tmp_path / LEDGER_NAME).read_bytes().count(b"\n") == 1


def _many(folder: Path, who: int) -> None:
    for number in range(50):
        Ledger(folder).append(entry(f"{who}-{number}.png"))


def test_two_batches_may_share_a_ledger(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_many, args=(tmp_path, who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = (tmp_path / LEDGER_NAME).read_text().splitlines()
    assert len({json.loads(line)["output"] for line in lines if line}) == 150


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / LEDGER_NAME).mkdir()
    with pytest.raises(OutputRefused, match="cannot write the ledger"):
        Ledger(tmp_path).append(entry("a.png"))
    with pytest.raises(OutputRefused, match="cannot read the ledger"):
        Ledger(tmp_path).find(tmp_path / "a.png", "o")


def test_the_fingerprint_changes_with_every_value() -> None:
    given_values = [{}, {"a": 1}, {"a": 2}, {"a": None}, {"a": "1"}, {"b": 1}, {"a": 1, "b": 1}]
    assert len({fingerprint(values) for values in given_values}) == len(given_values)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_paths_are_told_from_the_ledger(tmp_path: Path) -> None:
    assert relative(tmp_path, tmp_path / "d" / "a.png") == "d/a.png"
    assert relative(tmp_path / "in", tmp_path / "a.png") == "../a.png"
