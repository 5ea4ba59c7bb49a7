"""``relume degrade`` as it is typed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.cli import main
from relume.degrade import ALL, from_json


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["degrade", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    x = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    Image.fromarray(x).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_it_degrades_in_order_and_tells_in_json_how(photo: Path, tmp_path: Path, capsys) -> None:
    out, mask = tmp_path / "out.png", tmp_path / "mask.png"
    chosen = ("--damage", "scratches:count=6", "--damage", "shrink:scale=2")
    status, answer, _ = run(capsys, photo, "-o", out, *chosen, "--seed", 5, "--mask-out", mask, "--json")
    assert status == 0
    told = json.loads(answer)
    assert (told["seed"], told["width"], told["height"], told["mask"]) == (5, 24, 32, str(mask))
    assert [from_json(step) for step in told["degradations"]] == [ALL["scratches"](count=6), ALL["shrink"](scale=2)]
    assert 0 < told["damaged"] < 1
    assert Image.open(out).size == Image.open(mask).size == (24, 32)


def test_a_seed_that_was_not_given_is_told_and_gives_the_same_again(photo: Path, tmp_path: Path, capsys) -> None:
    first, again = tmp_path / "a.png", tmp_path / "b.png"
    _, answer, _ = run(capsys, photo, "-o", first, "--damage", "gaussian-noise", "--json")
    run(capsys, photo, "-o", again, "--damage", "gaussian-noise", "--seed", json.loads(answer)["seed"])
    assert first.read_bytes() == again.read_bytes()


def test_the_list_names_all(capsys) -> None:
    status, answer, _ = run(capsys, "--list")
    assert status == 0 and all(f"{name}:" in answer for name in ALL)
    _, answer, _ = run(capsys, "--list", "--json")
    assert [step["name"] for step in json.loads(answer)["degradations"]] == list(ALL)


def test_a_sheet_of_two(photo: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "sheet.png"
    status, answer, _ = run(capsys, photo, "-o", out, "--sheet", "--damage", "gray", "--damage", "jpeg", "--seed", 1)
    assert status == 0 and "584x192" in answer
    assert Image.open(out).size == (584, 192)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["-o", "OUT", "--damage", "scratch"], 2, "no degradation is called 'scratch'"),
        (["-o", "OUT", "--damage", "jpeg:quality=200"], 2, r"quality must lie in \[1, 100\], not 200"),
        (["-o", "OUT"], 2, "say what to do with --damage"),
        (["--damage", "gray"], 2, "takes a picture and -o OUT"),
        (["-o", "OUT", "--sheet", "--mask-out", "OUT"], 2, "a contact sheet has no mask"),
        (["-o", "OUT", "--damage", "gray", "--mask-out", "MASK"], 2, "no mask to write"),
        (["-o", "PHOTO", "--damage", "gray"], 5, "exists already"),
    ],
)
def test_what_does_not_fit_is_one_line_and_nothing_is_written(
    photo: Path, tmp_path: Path, capsys, arguments: list[str], status: int, words: str
) -> None:
    places = {"OUT": tmp_path / "out.png", "MASK": tmp_path / "mask.png", "PHOTO": photo}
    found, out, err = run(capsys, photo, *(places.get(a, a) for a in arguments), "--json")
    assert found == status
    assert len(err.strip().splitlines()) == 1
    assert re.search(words, json.loads(out)["error"]["message"])
    assert list(tmp_path.iterdir()) == [photo]
