"""``verify`` and ``redo``: records hold, differences are found, results come again to the bit."""

import json
from pathlib import Path

import pytest

BICUBIC = ("--model", "bicubic", "--scale", 2)


@pytest.fixture
def result(relume, picture, tmp_path: Path) -> Path:
    assert relume("restore", picture(tmp_path / "a.png"), *BICUBIC).exit_code == 0
    return tmp_path / "a_x2.png"


def record_of(result: Path) -> Path:
    return result.with_name(result.name + ".relume.json")


def states(entry: dict) -> dict[str, str]:
    return {check["what"]: check["state"] for check in entry["checks"]}


def test_the_record_holds_all_that_was_done(result: Path) -> None:
    record = json.loads(record_of(result).read_text())
    assert record["schema"] == "relume.record/1"
    assert (record["source"]["path"], record["output"]["path"]) == ("a.png", "a_x2.png")
    assert (record["model"], record["model_sha256"], record["task"], record["scale"]) == ("bicubic", None, "upscale", 2)
    assert (record["width"], record["height"], record["bands"], record["depth"]) == (24, 20, 3, 8)
    assert record["parameters"]["model"] == "bicubic"
    assert {"relume", "python", "numpy", "libvips"} <= set(record["versions"])
    assert record["created"].endswith("Z")
    assert record["digital_source_type"]


@pytest.mark.parametrize("name", ["a_x2.png", "a_x2.png.relume.json", "."])
def test_an_untouched_result_verifies(answer, result: Path, name: str) -> None:
    status, told = answer("verify", result.parent / name)
    assert (status, told["files"][0]["status"]) == (0, "ok")
    assert states(told["files"][0]) == {"output": "ok", "source": "ok", "model": "ok"}


def test_a_changed_result_is_found(answer, relume, result: Path) -> None:
    result.write_bytes(result.read_bytes() + b"\0")
    status, told = answer("verify", result)
    assert (status, told["files"][0]["status"]) == (7, "changed")
    assert states(told["files"][0])["output"] == "changed"
    assert "changed" in relume("verify", result).stdout


def test_a_changed_source_is_found_and_a_missing_one_is_told(answer, result: Path) -> None:
    source = result.with_name("a.png")
    source.write_bytes(b"another")
    assert answer("verify", result)[0] == 7
    source.unlink()
    status, told = answer("verify", result)
    assert (status, states(told["files"][0])["source"]) == (0, "missing")


def test_a_missing_result_is_found(answer, result: Path) -> None:
    result.unlink()
    status, told = answer("verify", record_of(result))
    assert (status, told["files"][0]["status"]) == (7, "missing")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "relume.record/1"}', '{"schema": "other"}', "\0" * 9])
def test_what_is_no_record_is_rejected(answer, result: Path, text: str) -> None:
    record_of(result).write_text(text)
    status, told = answer("verify", result)
    assert (status, told["files"][0]["error"]["code"]) == (4, "record")
    assert answer("redo", result) == (4, {"error": answer("redo", result)[1]["error"]})


def test_a_picture_without_a_record_is_rejected(answer, result: Path) -> None:
    assert answer("verify", result.with_name("a.png"))[0] == 4
    assert answer("verify", result, result.with_name("a.png"))[0] == 3


def test_the_pair_may_move_together(answer, result: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for path in (result, record_of(result), result.with_name("a.png")):
        path.rename(tmp_path / "elsewhere" / path.name)
    status, told = answer("verify", tmp_path / "elsewhere" / result.name)
    assert (status, states(told["files"][0])["source"]) == (0, "ok")


def test_redo_is_the_same_to_the_bit(answer, relume, result: Path, tmp_path: Path) -> None:
    status, told = answer("redo", record_of(result))
    assert (status, told["identical"], told["sha256"]) == (0, True, told["expected_sha256"])
    assert (tmp_path / "a_x2.redo.png").read_bytes() == result.read_bytes()
    assert answer("verify", tmp_path / "a_x2.redo.png")[0] == 0
    assert "the same to the bit" in relume("redo", result, "-o", tmp_path / "c.png").stdout
    assert relume("redo", result, "-o", tmp_path / "c.png").exit_code == 5


def test_redo_tells_a_difference(answer, result: Path, tmp_path: Path) -> None:
    record = json.loads(record_of(result).read_text())
    record["output"]["sha256"] = "0" * 64
    record_of(result).write_text(json.dumps(record))
    assert answer("redo", result)[0] == 7


def test_redo_wants_the_very_source(answer, result: Path, tmp_path: Path) -> None:
    source = result.with_name("a.png")
    moved = source.rename(tmp_path / "moved.png")
    status, told = answer("redo", result)
    assert (status, told["error"]["code"]) == (4, "source")
    source.write_bytes(b"another")
    assert answer("redo", result)[0] == 4
    assert answer("redo", result, "--source", moved)[0] == 0


def test_redo_refuses_parameters_that_it_does_not_know(answer, result: Path) -> None:
    record = json.loads(record_of(result).read_text())
    record["applied"]["magic"] = 1
    record_of(result).write_text(json.dumps(record))
    status, told = answer("redo", result)
    assert (status, told["error"]["code"]) == (4, "record")
