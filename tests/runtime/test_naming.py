"""Output names: mirrored, distinct, never an input; decided alone by the listing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relume.runtime.inputs import Listing, Places, collect
from relume.runtime.naming import one, plan

CONVERTED = {".gif", ".bmp", ".heic"}
PARTS = st.sampled_from(["a", "b", "a.gif", "a.png", "a_x4", "a-2"])
NAMES = st.builds(lambda stem, end: stem + end, PARTS, st.sampled_from([".png", ".gif", ".bmp", ".PNG", ".jpg"]))
TREES = st.lists(st.tuples(st.sampled_from(["", "b/", "a.png/", "b/c/"]), NAMES), min_size=1, max_size=12)


def suffix_of(path: Path) -> str:
    return ".png" if path.suffix.lower() in CONVERTED else path.suffix.lower()


def grow(root: Path, names: list[str]) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def planned(root: Path, arguments: list[str], out: str | None) -> dict[str, str | None]:
    jobs = plan(collect(arguments, Path(out) if out else None), Path(out) if out else None, "_x4", suffix_of)
    return {
        job.source.relative_to(root).as_posix(): job.target and job.target.relative_to(root).as_posix() for job in jobs
    }


def test_beside_the_source_without_out(tmp_path: Path) -> None:
    grow(tmp_path, ["a.PNG", "b.gif", "d/c.tar.jpg"])
    assert planned(tmp_path, [str(tmp_path)], None) == {
        "a.PNG": "a_x4.PNG",
        "b.gif": "b_x4.png",
        "d/c.tar.jpg": "d/c.tar_x4.jpg",
    }


def test_a_single_folder_is_mirrored_without_its_name(tmp_path: Path) -> None:
    grow(tmp_path, ["in/a.png", "in/d/b.bmp"])
    assert planned(tmp_path, [f"{tmp_path}/in"], f"{tmp_path}/out") == {
        "in/a.png": "out/a.png",
        "in/d/b.bmp": "out/d/b.png",
    }


def test_several_roots_go_under_their_names(tmp_path: Path) -> None:
    grow(tmp_path, ["x/in/a.png", "y/in/a.png", "y/b.png"])
    arguments = [f"{tmp_path}/x/in", f"{tmp_path}/y/in/", f"{tmp_path}/y/b.png"]
    assert planned(tmp_path, arguments, f"{tmp_path}/out") == {
        "x/in/a.png": "out/in/a.png",
        "y/in/a.png": "out/in-2/a.png",
        "y/b.png": "out/b.png",
    }


def test_colliding_names_keep_their_source_extension(tmp_path: Path) -> None:
    grow(tmp_path, ["in/a.gif", "in/a.bmp", "in/a.png", "in/b.gif", "in/b.bmp"])
    assert planned(tmp_path, [f"{tmp_path}/in"], f"{tmp_path}/out") == {
        "in/a.bmp": "out/a.bmp.png",
        "in/a.gif": "out/a.gif.png",
        "in/a.png": "out/a.png",
        "in/b.bmp": "out/b.bmp.png",
        "in/b.gif": "out/b.gif.png",
    }


def test_colliding_names_beside_their_sources(tmp_path: Path) -> None:
    grow(tmp_path, ["a.gif", "a.png"])
    assert planned(tmp_path, [str(tmp_path)], None) == {"a.gif": "a.gif_x4.png", "a.png": "a_x4.png"}


def test_files_of_one_name_are_numbered(tmp_path: Path) -> None:
    grow(tmp_path, ["x/a.png", "y/a.png"])
    arguments = [f"{tmp_path}/x/a.png", f"{tmp_path}/y/a.png"]
    assert planned(tmp_path, arguments, f"{tmp_path}/out") == {"x/a.png": "out/a.png", "y/a.png": "out/a-2.png"}


def test_an_original_is_never_an_output(tmp_path: Path) -> None:
    grow(tmp_path, ["a.png", "b.gif"])
    jobs = plan(collect([str(tmp_path)], tmp_path), tmp_path, "_x4", suffix_of)
    assert [job.target for job in jobs] == [None, tmp_path / "b.png"]
    assert "never overwritten" in str(jobs[0].error)


def test_one_file_may_not_be_its_own_output(tmp_path: Path) -> None:
    grow(tmp_path, ["a.png"])
    (tmp_path / "alias").symlink_to(tmp_path)
    listing = collect([str(tmp_path / "a.png")])
    assert one(listing, tmp_path / "alias" / "a.png").error is not None
    assert one(listing, tmp_path / "b.png").target == tmp_path / "b.png"


def test_a_name_with_no_room_for_its_record_is_refused(tmp_path: Path) -> None:
    grow(tmp_path, ["a" * 246 + ".png"])
    assert "too long" in str(plan(collect([str(tmp_path)]), None, "_x4", suffix_of)[0].error)


def test_what_cannot_be_taken_has_no_output() -> None:
    assert plan(collect(["/no/such.png"]), None, "_x4", suffix_of)[0].target is None
    assert plan(Listing((), ()), None, "_x4", suffix_of) == ()


@pytest.mark.parametrize("into", ["out", "in/b", "in", None])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, split=st.booleans())
def test_outputs_are_distinct_and_never_inputs(tmp_path_factory, into, tree, split) -> None:
    root = tmp_path_factory.mktemp("tree")
    made = []
    for folder, name in tree:
        path = root / "in" / folder / name
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            grow(root, [f"in/{folder}{name}"])
            made.append(path)
    arguments = [str(path) for path in made] if split else [str(root / "in")]
    out = root / into if into else None
    listing = collect(arguments, out)
    jobs = plan(listing, out, "_x4", suffix_of)
    place = Places()
    targets = [place(job.target) for job in jobs if job.target is not None]
    sources = {place(job.source) for job in jobs}
    folders = {place(parent) for job in jobs if job.target is not None for parent in job.target.parents}
    assert len(set(targets)) == len(targets)
    assert not sources & set(targets)
    assert not folders & set(targets)
    assert all((job.target is None) == (job.error is not None) for job in jobs)
    assert plan(listing, out, "_x4", suffix_of) == jobs or any(job.error for job in jobs)
