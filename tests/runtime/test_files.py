"""Files that appear whole or not at all, and what a process that is killed leaves behind."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from relume.runtime.files import appearing, left_over
from relume.runtime.pictures.errors import Exists


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def begin_and_wait(target: Path, begun) -> None:
    with appearing(target) as partial:
        partial.write_bytes(b"half")
        begun.set()
        signal.pause()


def killed_while_writing(target: Path) -> None:
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    process = context.Process(target=begin_and_wait, args=(target, begun))
    process.start()
    assert begun.wait(10)
    assert left_over(target) == []  # it lives
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_it_appears_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    with appearing(tmp_path / "a") as partial:
        partial.write_bytes(b"all")
        assert not (tmp_path / "a").exists()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"all")]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), appearing(tmp_path / "a"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unless_it_is_to_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(Exists), appearing(tmp_path / "a"):
        pass
    with pytest.raises(Exists), appearing(tmp_path / "b"):
        (tmp_path / "b").write_bytes(b"meanwhile")
    with appearing(tmp_path / "a", replacing=True) as partial:
        partial.write_bytes(b"new")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"new", b"meanwhile")


def test_what_a_killed_process_leaves_goes_with_the_next_to_write_the_same(tmp_path: Path) -> None:
    killed_while_writing(tmp_path / "a")
    (old,) = hidden(tmp_path)
    assert [path.name for path in left_over(tmp_path / "a")] == [old]
    with appearing(tmp_path / "other"):
        assert old in hidden(tmp_path)
    with appearing(tmp_path / "a") as partial:
        assert hidden(tmp_path) == [partial.name]
    assert hidden(tmp_path) == []


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    with appearing(tmp_path / "a", replacing=True) as one, appearing(tmp_path / "a", replacing=True) as two:
        assert sorted(hidden(tmp_path)) == sorted([one.name, two.name])
        one.write_bytes(b"1")
        two.write_bytes(b"2")
    assert (tmp_path / "a").read_bytes() == b"1"  # the block that ends last


def test_long_names_are_no_hindrance(tmp_path: Path) -> None:
    name = "写" * 80
    with appearing(tmp_path / name) as partial:
        partial.write_bytes(b"x")
    assert (tmp_path / name).exists()
