import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from relume.bench import relic
from relume.bench.sets import Picture
from relume.cli import build
from relume.degrade.resample import resize, to_bytes
from relume.metrics import colourfulness
from relume.runtime import zoo
from relume.signal import ModelError, UsageError


def picture(seed: int, side: int = 64) -> np.ndarray:
    return to_bytes(resize(np.random.default_rng(seed).random((6, 6, 3)), size=(side, side)))


def test_ageing_is_of_the_seed_and_the_name():
    x = Picture("mural", picture(0, 66))
    a, b, other = relic.aged(x, 4, 0), relic.aged(x, 4, 0), relic.aged(x, 4, 1)
    assert (a.low.shape, a.high.shape) == ((16, 16, 3), (64, 64, 3))
    np.testing.assert_array_equal(a.low, b.low)
    assert (a.low != other.low).any()
    assert (relic.aged(Picture("bronze", x.pixels), 4, 0).low != a.low).any()


def test_the_rules_do_what_they_are_named_after():
    dull = (picture(1) * np.array([0.5, 0.4, 0.2]) + 20).astype(np.uint8)
    means = relic.gray_world(dull).mean((0, 1))
    assert np.ptp(means) < 1.5
    stretched = relic.auto_levels(dull)
    assert (stretched.min((0, 1)) == 0).all() and (stretched.max((0, 1)) == 255).all()
    assert relic.equalised(dull).astype(float).std() > dull.astype(float).std()
    gray = np.repeat(picture(1)[..., :1], 3, 2)
    assert colourfulness(gray / 255) == 0 < colourfulness(picture(1) / 255)


def test_an_unknown_rival_is_named():
    with pytest.raises(UsageError, match="no rival 'magic'"):
        relic.chosen(("magic",), 4)


def test_the_command_writes_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, stem in (("relics", "dunhuang_cave257_01"), ("relics", "dunhuang_cave061_01"), ("Set14", "a")):
        (tmp_path / name).mkdir(exist_ok=True)
        Image.fromarray(picture(3, 144)).save(tmp_path / name / f"{stem}.png")
    words = ["bench", "images", "--task", "relic", "--data", ".", "--models", "auto-levels", "--json"]
    result = CliRunner().invoke(build(words), words)
    assert result.exit_code == 0, result.stderr
    rows = json.loads((tmp_path / "results" / "relic-x4.json").read_text())["rows"]
    assert json.loads(result.stdout)["rows"] == rows
    assert [(row["model"], row["set"], row["n"]) for row in rows] == [
        (model, name, 1)
        for name in ("relics aged", "Set14 aged", "Set14 fresh")
        for model in ("bicubic", "auto-levels")
    ]
    fresh = next(row for row in rows if row["set"] == "Set14 fresh")
    assert fresh["delta_e"] == 0
    assert rows[1]["delta_e_over_bicubic"] == pytest.approx(rows[1]["delta_e"] / rows[0]["delta_e"])


def test_rows_and_sheets_are_drawn_and_the_blind_one_has_a_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "relics").mkdir()
    Image.fromarray(picture(3, 60)).save(tmp_path / "relics" / "dunhuang_cave257_01.png")
    runs = (
        ["row", "relics/dunhuang_cave257_01.png", "-o", "row.png", "--models", "bicubic", "--box", "0,0,30,20"],
        ["sheet", "--data", ".", "-o", "sheet.png", "--models", "gray-world,auto-levels"],
        ["sheet", "--data", ".", "-o", "blind.png", "--models", "auto-levels", "--key", "key.json"],
    )
    for words in runs:
        result = CliRunner().invoke(build(["bench", *words]), ["bench", *words])
        assert result.exit_code == 0, result.stderr
        assert Image.open(words[words.index("-o") + 1]).width > 100
    assert sorted(json.loads((tmp_path / "key.json").read_text())["1"].values()) == ["auto-levels", "input"]
    words = [
        "bench",
        "row",
        "relics/dunhuang_cave257_01.png",
        "-o",
        "x.png",
        "--models",
        "bicubic",
        "--box",
        "0,0,90,9",
    ]
    result = CliRunner().invoke(build(words), words)
    assert result.exit_code == 2 and not (tmp_path / "x.png").exists()


def test_a_trained_file_competes_by_its_path(tmp_path):
    path = str(zoo.WEIGHTS / "relic-detail.onnx")
    names = [rival.name for rival in relic.chosen(["auto-levels", path], 2)]
    assert names == ["bicubic", "auto-levels", "relic-detail"]
    low = picture(3, 20)
    assert relic.chosen([path], 2)[1].restore(low, 2).shape == (40, 40, 3)
    with pytest.raises(ModelError, match="cannot be read"):
        relic.chosen([str(tmp_path / "none.onnx")], 2)
