"""Listing: what folders, patterns and files give, in a fixed order, whatever the names are."""

import os
from pathlib import Path

import pytest

from relume.runtime.inputs import Places, collect, is_candidate


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def names(listing) -> list[str]:
    return [item.relative.as_posix() for item in listing.found]


@pytest.mark.parametrize("name", ["a.png", "A.JPG", "a.b.jpe", ".png", "a.HEIF", "a\nb.tif", "a.Webp"])
def test_candidates_by_extension(name: str) -> None:
    assert is_candidate(name)


@pytest.mark.parametrize("name", ["a.txt", "png", "a.png.relume.json", "a.png~", "a."])
def test_other_names_are_none(name: str) -> None:
    assert not is_candidate(name)


def test_a_folder_is_listed_recursively_in_order_and_by_extension(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "z/c.gif", "z/deep/d.bmp", "notes.txt", "y/readme.md"):
        touch(tmp_path / name)
    assert names(collect([str(tmp_path)])) == ["a.JPG", "b.png", "z/c.gif", "z/deep/d.bmp"]


def test_a_named_file_needs_no_extension(tmp_path: Path) -> None:
    assert names(collect([str(touch(tmp_path / "scan"))])) == ["scan"]


def test_results_and_the_output_folder_are_not_listed_again(tmp_path: Path) -> None:
    for name in ("a.png", "a_x4.png", "a_x4.png.relume.json", "out/a.png", "out/deep/b.png"):
        touch(tmp_path / name)
    assert names(collect([str(tmp_path)], tmp_path / "out")) == ["a.png"]


def test_the_output_folder_is_known_by_another_name(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    touch(tmp_path / "out" / "b.png")
    (tmp_path / "alias").symlink_to(tmp_path)
    assert names(collect([str(tmp_path)], tmp_path / "alias" / "out")) == ["a.png"]


def test_a_pattern_that_the_shell_left_is_expanded(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.txt", "d/e.png"):
        touch(tmp_path / name)
    assert names(collect([str(tmp_path / "*")])) == ["a.png", "b.png", "e.png"]
    assert names(collect([str(tmp_path / "**" / "*.png")])) == ["a.png", "b.png", "e.png"]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    touch(tmp_path / "[a].png")
    assert names(collect([str(tmp_path / "[a].png")])) == ["[a].png"]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    listing = collect([str(tmp_path / "no.png"), str(tmp_path / "*.tif")])
    assert [item.error is not None for item in listing.found] == [True, True]
    assert "no such file" in str(listing.found[0].error)
    assert "nothing matches" in str(listing.found[1].error)


def test_loops_of_links_end(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "p.png")
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "ring.png").symlink_to(tmp_path / "a" / "ring.png")
    listing = collect([str(tmp_path)])
    assert names(listing) == ["a/p.png", "a/ring.png"]
    assert listing.found[1].error is not None
    assert "not followed" in listing.notes[0]


def test_a_pipe_is_rejected_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.png")
    assert "not a plain file" in str(collect([str(tmp_path)]).found[0].error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_an_entry_of_its_own(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "shut").mkdir(mode=0)
    try:
        listing = collect([str(tmp_path)])
    finally:
        (tmp_path / "shut").chmod(0o700)
    assert [item.error is None for item in listing.found] == [True, False]


def test_an_unreadable_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "shut").mkdir()
    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = collect([str(tmp_path)])
    assert names(listing) == ["a.png", "shut"]
    assert "Permission denied" in str(listing.found[1].error)


def test_one_file_named_twice_is_one(tmp_path: Path) -> None:
    path = touch(tmp_path / "in" / "a.png")
    assert names(collect([str(path.parent), str(path), f"{path.parent}/../in/a.png"])) == ["a.png"]


def test_odd_names_are_listed(tmp_path: Path) -> None:
    odd = [b"new\nline.png", b"caf\xe9.png", b"-o.png", b" .png", "\u202ereversed.png".encode()]
    for name in odd:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    assert sorted(os.fsencode(item.path.name) for item in collect([str(tmp_path)]).found) == sorted(odd)


def test_places_know_one_place_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    place = Places()
    assert place(tmp_path / "alias" / "a.png") == place(tmp_path / "real" / ".." / "real" / "a.png")
    assert place(tmp_path / "alias") != place(tmp_path / "real")
