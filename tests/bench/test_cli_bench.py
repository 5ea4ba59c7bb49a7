"""``relume bench`` from its words to its files, on pictures made here and bicubic alone."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from relume.bench.results import provenance, read, write
from relume.cli import build
from relume.degrade.resample import resize

KEYS = "model set scale psnr_y ssim_y psnr_rgb lpips_alex lpips_vgg n parameters megapixels_per_second"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        words = ["bench", *map(str, words)]
        return CliRunner().invoke(build(words), words, prog_name="relume")

    return run


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "Set2"
    folder.mkdir(parents=True)
    for seed in (0, 1):
        shade = resize(np.random.default_rng(seed).random((5, 5, 3)), size=(60, 72))
        Image.fromarray(np.clip(shade * 255, 0, 255).astype(np.uint8)).save(folder / f"{seed}.png")
    return tmp_path / "data"


def test_images_answers_in_json_and_writes_the_same(bench, data, tmp_path):
    result = bench("images", "--task", "sr", "--data", data, "--sets", "Set2", "--models", "bicubic", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    (row,) = answer["rows"]
    assert set(KEYS.split()) <= set(row)
    assert (row["model"], row["set"], row["n"], row["lpips_vgg"]) == ("bicubic", "Set2", 2, None)
    assert row["lpips_alex"] > 0
    assert read(tmp_path / "results" / "images-x4.json") == answer


def test_pictures_as_they_are_found_are_worse_ones_by_their_seed(bench, data, tmp_path):
    words = ("images", "--data", data, "--sets", "Set2", "--models", "bicubic", "--json")
    clean, first, again, other = (
        json.loads(bench(*words, *more).stdout)
        for more in ((), ("--found",), ("--found", "--out", tmp_path / "again.json"), ("--found", "--seed", "1"))
    )
    scores = [answer["rows"][0]["pictures"] for answer in (clean, first, again, other)]
    assert scores[1] == scores[2] != scores[3]
    assert all(scores[1][name]["psnr_y"] < scores[0][name]["psnr_y"] for name in scores[0])
    assert "RealWorld" in first["protocol"] and "RealWorld" not in clean["protocol"]
    assert read(tmp_path / "results" / "images-x4-found.json")["seed"] == other["seed"] == 1


def test_missing_sets_and_unknown_tasks_are_usage_errors(bench, data):
    for words in (("--sets", "Set5"), ("--task", "noise"), ("--scale", "5", "--models", "bicubic")):
        result = bench("images", "--data", data, *words)
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert len(result.stderr.splitlines()) == 1
    assert "no test set Set5" in bench("images", "--data", data, "--sets", "Set5").stderr


def test_tables_are_checked_and_written(bench, data, tmp_path):
    bench("images", "--data", data, "--sets", "Set2", "--models", "bicubic")
    (tmp_path / "README.md").write_text("<!-- table: images -->\n<!-- /table -->\n")
    stale = bench("tables", "--check")
    assert stale.exit_code == 1
    assert "stale: README.md" in stale.stdout
    assert bench("tables").exit_code == 0
    assert "| bicubic |" in (tmp_path / "README.md").read_text()
    assert bench("tables", "--check").exit_code == 0


def test_figure_is_made_of_any_picture(bench, data, tmp_path):
    pytest.importorskip("matplotlib")
    words = ("figure", data / "Set2" / "0.png", "--models", "bicubic", "-o", "f.png")
    result = bench(*words, "--box", "4,4,30,30")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("bicubic: ")
    assert (tmp_path / "f.png").exists()
    assert bench(*words, "--box", "4,4,30").exit_code == 2
    assert bench(*words, "--box", "a,b,c,d").exit_code == 2


def test_memory_is_drawn_from_results(bench, tmp_path):
    pytest.importorskip("matplotlib")
    rows = [
        {"what": "memory", "megapixels_in": float(n), "peak_bytes": n << 20, "limit_bytes": 1 << 30, "scale": 2}
        for n in (4, 1, 400)
    ]
    for name, found in (("one", rows), ("none", [])):
        write(tmp_path / f"{name}.json", provenance([], "", 0), found)
    assert bench("memory-plot", "one.json", "none.json", "-o", "memory.png").exit_code == 0
    assert (tmp_path / "memory.png").exists()
    assert bench("memory-plot", "none.json", "-o", "other.png").exit_code == 2


def test_both_players_of_the_papers_game_are_drawn(bench, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from relume.recipes import photo_paper
    from relume.train import architecture

    monkeypatch.setattr(photo_paper, "RECIPE", photo_paper.RECIPE.tiny())
    monkeypatch.setattr(architecture.layers, "__defaults__", (32,))
    assert bench("architecture", "photo_paper", "-o", tmp_path).exit_code == 0
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "photo-paper-discriminator.png",
        "photo-paper-generator.png",
    }
    assert bench("architecture", "cascade", "-o", tmp_path).exit_code == 2


def test_the_documents_of_this_repository_are_up_to_date():
    from pathlib import Path

    from relume.bench.tables import stale

    root = Path(__file__).parents[2]
    if not (root / "docs" / "benchmarks.md").is_file():
        pytest.skip("not a checkout")
    assert stale(root) == []
