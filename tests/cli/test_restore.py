"""``relume restore`` from the outside: names, statuses, exit statuses, streams, resumption."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from relume.runtime.ledger import LEDGER_NAME
from relume.signal import UsageError

KEYS = {"input", "output", "status", "error", "task", "scale", "model", "seconds", "pixels_out", "consistency_db"}
BICUBIC = ("--model", "bicubic")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_one_picture_beside_itself(answer, picture, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    status, told = answer("restore", source, *BICUBIC)
    entry = told["files"][0]
    assert status == 0
    assert set(entry) >= KEYS
    assert (entry["status"], entry["error"], entry["task"], entry["scale"]) == ("ok", None, "upscale", 4)
    assert (entry["model"], entry["pixels_out"], entry["seconds"] > 0) == ("bicubic", 48 * 40, True)
    assert entry["output"] == str(tmp_path / "a_x4.png")
    assert Image.open(entry["output"]).size == (48, 40)
    assert files(tmp_path) == ["a.png", "a_x4.png", "a_x4.png.relume.json"]


def test_the_plain_answer_is_one_line(relume, picture, tmp_path: Path) -> None:
    result = relume("restore", picture(tmp_path / "a.png"), *BICUBIC, "--scale", 2)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert "a_x2.png (24 x 20, " in result.stdout
    assert result.stderr == ""


def test_quiet_says_nothing(relume, picture, tmp_path: Path) -> None:
    assert relume("restore", picture(tmp_path / "a.png"), *BICUBIC, "-q").output == ""


def test_a_named_output(relume, picture, tmp_path: Path) -> None:
    assert relume("restore", picture(tmp_path / "a.png"), "-o", tmp_path / "d" / "b.png", *BICUBIC).exit_code == 0
    assert files(tmp_path / "d") == ["b.png", "b.png.relume.json"]


def test_a_folder_is_mirrored_and_one_bad_file_does_not_end_it(answer, picture, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "in" / "a.gif")
    picture(tmp_path / "in" / "d" / "c.JPG", format="JPEG")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "in" / "notes.txt").write_text("not listed")
    status, told = answer("restore", tmp_path / "in", "-o", tmp_path / "out", *BICUBIC, "--scale", 2)
    assert status == 3
    assert [(Path(f["input"]).name, f["status"]) for f in told["files"]] == [
        ("a.gif", "ok"),
        ("a.png", "ok"),
        ("bad.png", "rejected"),
        ("c.JPG", "ok"),
    ]
    assert told["files"][2]["error"]["code"] == "not-a-picture"
    assert told["files"][2]["output"] is None
    made = ["a.gif.png", "a.png", "d/c.JPG"]
    assert files(tmp_path / "out") == sorted([*made, *(f"{name}.relume.json" for name in made), LEDGER_NAME])


def test_exit_statuses(answer, picture, tmp_path: Path) -> None:
    good = picture(tmp_path / "a.png")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    assert answer("restore", bad, *BICUBIC)[0] == 4
    assert answer("restore", bad, tmp_path / "none.png", *BICUBIC)[0] == 4
    assert answer("restore", good, *BICUBIC)[0] == 0
    status, told = answer("restore", good, *BICUBIC)
    assert (status, told["files"][0]["error"]["code"]) == (5, "exists")
    assert answer("restore", good, bad, *BICUBIC)[0] == 3
    assert answer("restore", good, "-o", tmp_path / "b.png", "--model", "no-such-model")[0] == 6
    assert answer("restore", good, "-o", tmp_path / "b.png", "--task", "no-such-task")[0] == 2
    assert answer("restore", good, "-o", tmp_path / "b.png", *BICUBIC, "--scale", 0)[0] == 2
    assert answer("restore", good, "-o", tmp_path / "b.png", *BICUBIC, "--max-memory", "much")[0] == 2
    assert answer("restore", tmp_path / "none*.png")[0] == 4
    assert not (tmp_path / "b.png").exists()


def test_a_model_that_does_not_fit_is_told_once_for_a_batch(answer, picture, tmp_path: Path) -> None:
    one, two = picture(tmp_path / "a.png"), picture(tmp_path / "bb.png")
    for wrong in (("--model", "nonsense"), (*BICUBIC, "--scale", 5)):
        status, told = answer("restore", one, two, *wrong)
        assert (status, told["files"], told["error"]["code"]) == (6, [], "model")


def test_a_folder_without_pictures_is_rejected(answer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    status, told = answer("restore", tmp_path)
    assert (status, told["files"], told["error"]["code"]) == (4, [], "input")


def test_several_inputs_need_a_folder(answer, picture, tmp_path: Path) -> None:
    one, two = picture(tmp_path / "a.png"), picture(tmp_path / "bb.png")
    status, told = answer("restore", one, two, "-o", tmp_path / "c.png", *BICUBIC)
    assert (status, told["error"]["code"]) == (5, "output")


def test_originals_are_never_overwritten(answer, picture, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    before = source.read_bytes()
    for out in (tmp_path, source):
        status, told = answer("restore", source, "-o", out, *BICUBIC)
        assert (status, told["files"][0]["status"]) == (5, "rejected")
    assert source.read_bytes() == before
    assert files(tmp_path) == ["a.png"]


def test_a_second_run_does_not_enlarge_the_first_ones_results(answer, picture, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    for _ in range(2):
        told = answer("restore", tmp_path, "-o", tmp_path / "out", *BICUBIC, "--resume")[1]
        assert [Path(f["input"]).name for f in told["files"]] == ["a.png"]
    answer("restore", tmp_path / "a.png", *BICUBIC)
    told = answer("restore", *sorted(tmp_path.glob("*.png")), *BICUBIC, "--resume")[1]
    assert [(Path(f["input"]).name, f["status"]) for f in told["files"]] == [("a.png", "skipped")]
    assert "is a result of a.png" in told["notes"][0]


def test_resume_skips_what_is_done_and_only_that(answer, picture, tmp_path: Path) -> None:
    for name in ("a.png", "bb.png", "ccc.png"):
        picture(tmp_path / "in" / name)
    call = ("restore", tmp_path / "in", "-o", tmp_path / "out", *BICUBIC, "--scale", 2, "--resume")
    assert {f["status"] for f in answer(*call)[1]["files"]} == {"ok"}
    (tmp_path / "out" / "a.png").unlink()
    (tmp_path / "out" / LEDGER_NAME).write_bytes((tmp_path / "out" / LEDGER_NAME).read_bytes()[:-9])
    status, told = answer(*call)
    assert (status, [f["status"] for f in told["files"]]) == (0, ["ok", "skipped", "skipped"])
    picture(tmp_path / "in" / "bb.png", width=14)
    (tmp_path / "out" / "ccc.png").write_bytes(b"changed by hand")
    status, told = answer(*call)
    assert (status, [f["status"] for f in told["files"]]) == (3, ["skipped", "ok", "rejected"])
    status, told = answer(*call[:-3], "--scale", 3, "--resume")
    assert (status, [f["status"] for f in told["files"]]) == (5, ["rejected"] * 3)


def test_dry_run_estimates_and_writes_nothing(answer, relume, picture, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    status, told = answer("restore", tmp_path / "in", "-o", tmp_path / "out", *BICUBIC, "--dry-run")
    good, bad = told["files"]
    assert (status, good["status"], bad["status"]) == (3, "skipped", "rejected")
    assert set(good["estimate"]) == {"seconds", "memory", "disk"}
    assert good["pixels_out"] == 48 * 40
    assert told["estimate"]["disk"] == good["estimate"]["disk"] > 0
    assert not (tmp_path / "out").exists()
    result = relume("restore", tmp_path / "in" / "a.png", *BICUBIC, "--dry-run")
    assert "of memory" in result.stdout
    assert files(tmp_path) == ["in/a.png", "in/bad.png"]


def test_from_standard_input_to_standard_output(process, picture, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with source.open("rb") as stdin:
        started = process("restore", "-", *BICUBIC, "--scale", 2, stdin=stdin)
        out, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (0, b"")
    (tmp_path / "b.png").write_bytes(out)
    assert Image.open(tmp_path / "b.png").size == (24, 20)


def test_from_standard_input_to_a_file(answer, picture, tmp_path: Path) -> None:
    data = picture(tmp_path / "a.png").read_bytes()
    status, told = answer("restore", "-", "-o", tmp_path / "b.png", *BICUBIC, stdin=data)
    assert (status, told["files"][0]["input"], told["files"][0]["status"]) == (0, "-", "ok")
    assert json.loads((tmp_path / "b.png.relume.json").read_text())["source"]["path"] is None


@pytest.mark.parametrize(
    "arguments",
    [["-", "a.png"], ["-", "--json"], ["a.png", "b.png", "-o", "-"], ["-", "--dry-run"], ["-", "-o", "."]],
)
def test_streams_that_make_no_sense_are_wrong_usage(relume, arguments: list[str]) -> None:
    assert relume("restore", *arguments, *BICUBIC, stdin=b"x").exit_code == UsageError.exit_status


def test_bad_bytes_on_standard_input(process, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"no picture")
    with (tmp_path / "bad").open("rb") as stdin:
        started = process("restore", "-", *BICUBIC, stdin=stdin)
        out, err = started.communicate(timeout=60)
    assert (started.returncode, out) == (4, b"")
    assert err.count(b"\n") == 1


def test_odd_names(process, picture, tmp_path: Path) -> None:
    names = [b"new\nline.png", b"caf\xe9.png", b" .png", b"-o.png", b"\x1b[31m.png", "写真.png".encode()]
    plain_picture = picture(tmp_path / "a.png").read_bytes()
    (tmp_path / "in").mkdir()
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/" + name)).write_bytes(plain_picture)
    started = process("restore", tmp_path / "in", "-o", tmp_path / "out", *BICUBIC, "--json")
    out, err = started.communicate(timeout=60)
    told = json.loads(out)
    assert (started.returncode, {f["status"] for f in told["files"]}) == (0, {"ok"})
    assert {os.fsencode(f["output"]).rpartition(b"/")[2] for f in told["files"]} == set(names)
    assert b"\x1b" not in out + err


def test_a_report_is_a_heat_map_beside_the_result(answer, picture, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    assert answer("restore", tmp_path / "in" / "a.png", *BICUBIC, "--report")[0] == 0
    heat = tmp_path / "in" / "a_x4.png.consistency.png"
    assert Image.open(heat).size == (12, 10)
    told = answer("restore", tmp_path / "in", *BICUBIC, "--resume")[1]
    assert [Path(f["input"]).name for f in told["files"]] == ["a.png"]


def test_numbers_of_workers_change_nothing(answer, picture, tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / "in" / f"{'n' * number}a.png")
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        assert answer("restore", tmp_path / "in", "-o", out, *BICUBIC, "--workers", workers)[0] == 0
    for path in (tmp_path / "out1").glob("*.png"):
        assert path.read_bytes() == (tmp_path / "out2" / path.name).read_bytes()
