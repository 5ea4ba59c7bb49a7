"""``restore`` with the tasks for photographs, at the command line."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.runtime import zoo

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("damage-mask", "repair", "denoise", "denoise-light", "depixelate", "colorize")
    files = {name: DATA / f"tiny-{name}.onnx" for name in names}
    small = {name: (str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in files.items()}
    monkeypatch.setattr(zoo, "SHIPPED", zoo.SHIPPED | small)


@pytest.fixture
def gray(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:64, 0:80]
    plane = 128 + 90 * np.sin(x / 9) * np.cos(y / 7)
    Image.fromarray(plane.astype(np.uint8)).save(tmp_path / "old.png")
    return tmp_path / "old.png"


def test_photo_says_what_it_decided(answer, relume, gray: Path) -> None:
    status, told = answer("restore", gray, "--task", "photo", "--color", "--hint", "10,20=#a03020", "--scale", 2)
    (file,) = told["files"]
    assert (status, file["status"], file["width"], file["scale"]) == (0, "ok", 160, 2)
    steps = {decision["step"]: decision["done"] for decision in file["decisions"]}
    assert steps["colorize"] and not steps["depixelate"] and steps["upscale"]
    assert file["output"].endswith("old_photo.png") and np.asarray(Image.open(file["output"])).shape == (128, 160, 3)
    text = relume("restore", gray, "-o", gray.with_name("plain.png"), "--task", "photo").stdout
    assert "colorize: not done, colours would be invented" in text


def test_repair_takes_a_mask_and_gives_one(answer, relume, gray: Path, tmp_path: Path) -> None:
    mask = np.zeros((64, 80), np.uint8)
    mask[10:14] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    used = tmp_path / "used.png"
    call = ("restore", gray, "--task", "repair", "--mask", tmp_path / "mask.png", "--mask-out", used)
    status, told = answer(*call)
    assert status == 0 and np.array_equal(np.asarray(Image.open(used)), mask)
    record = Path(told["files"][0]["record"])
    assert json.loads(record.read_text())["digital_source_type"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert relume("verify", record).exit_code == 0
    status, told = answer("redo", record)
    assert (status, told["identical"]) == (0, True)
    status, told = answer(*call[:2], "-o", tmp_path / "again.png", *call[2:])
    assert (status, told["files"][0]["error"]["code"]) == (5, "exists") and used.exists()
    assert not (tmp_path / "again.png").exists()


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (("--task", "repair", "--mask", "tiny.png"), 4, "mask"),
        (("--task", "repair", "--mask", "gone.png"), 4, "mask"),
        (("--task", "colorize", "--hint", "80,3=#ffffff"), 2, "hint"),
        (("--task", "colorize", "--hint", "3,3=red"), 2, "hint"),
        (("--task", "denoise", "--strength", "1.5"), 2, "usage"),
        (("--task", "denoise", "--scale", "2"), 2, "usage"),
        (("--task", "depixelate"), 4, "not-pixelated"),
        (("--sigma", "4"), 2, "usage"),
    ],
)
def test_what_does_not_suit_is_refused_in_one_line(
    relume, answer, gray: Path, monkeypatch: pytest.MonkeyPatch, options: tuple, status: int, code: str
) -> None:
    monkeypatch.chdir(gray.parent)
    Image.fromarray(np.zeros((5, 6), np.uint8)).save("tiny.png")
    before = sorted(path.name for path in gray.parent.iterdir())
    found, told = answer("restore", gray, *options)
    error = told.get("error") or told["files"][0]["error"]
    assert (found, error["code"]) == (status, code)
    assert len(relume("restore", gray, *options).stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in gray.parent.iterdir()) == before


def test_colorize_refuses_a_colour_picture(answer, picture, tmp_path: Path) -> None:
    status, told = answer("restore", picture(tmp_path / "colour.png", 40, 40), "--task", "colorize")
    assert (status, told["files"][0]["error"]["code"]) == (4, "not-gray")
