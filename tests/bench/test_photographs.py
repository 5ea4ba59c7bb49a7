"""The benchmark of the photograph tasks: cases, rivals, rows and sheets, with small networks of random weights."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from relume.bench import photo_cases, photographs, sheets, tables
from relume.bench.photo_cases import TRIALS
from relume.bench.photo_rivals import Rival, bicubic_of_means
from relume.bench.sets import Picture
from relume.cli import build
from relume.runtime import zoo
from relume.runtime.self_ensemble import ONE
from relume.split import is_test

pytest.importorskip("cv2")
DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("damage-mask", "repair", "denoise", "denoise-light", "depixelate", "colorize")
    files = {name: DATA / f"tiny-{name}.onnx" for name in names}
    small = {name: (str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in files.items()}
    monkeypatch.setattr(zoo, "SHIPPED", zoo.SHIPPED | small)


def picture(height: int, width: int, seed: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [0.5 + 0.4 * np.sin(x / (9 + seed) + c) * np.cos(y / (8 - c)) for c in range(3)]
    return (255 * np.stack(waves, -1)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(picture(68, 72, seed)).save(tmp_path / "in" / f"p{seed}.png")
    return tmp_path / "in"


def run(*words: object) -> object:
    texts = [str(word) for word in words]
    return CliRunner().invoke(build(texts), texts, prog_name="relume")


@pytest.mark.parametrize("task", TRIALS)
def test_a_case_depends_on_the_seed_and_its_name_alone(task: str) -> None:
    trial, one = TRIALS[task], Picture("a", picture(64, 72, 1))
    first, again = trial.make(one, 0), trial.make(one, 0)
    assert np.array_equal(first.damaged, again.damaged) and first.damaged.dtype == np.uint8
    assert not np.array_equal(first.damaged, trial.make(Picture("a", picture(64, 72, 2)), 0).damaged)
    if task in ("repair", "denoise", "photo"):
        assert not np.array_equal(first.damaged, trial.make(one, 1).damaged)
        assert not np.array_equal(first.damaged, trial.make(Picture("b", one.pixels), 0).damaged)
    if task == "repair":
        assert np.array_equal(first.damaged[~first.mask], first.truth[~first.mask]) and first.mask.any()


def test_faces_and_landscapes_give_their_test_part_alone(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    for number in range(20):
        Image.fromarray(picture(8, 8, number)).save(tmp_path / "faces" / f"{number}.png")
    names = [p.name for p in photo_cases.clean(tmp_path, "faces", None)]
    assert names and all(is_test(name) for name in names)
    assert len(photo_cases.clean(tmp_path, "faces", 2)) == 2


def test_a_perfect_rival_scores_perfectly_and_the_input_does_not() -> None:
    cases = [TRIALS["repair"].make(Picture(f"p{k}", picture(64, 64, k)), 0) for k in range(2)]
    perfect = photographs.measure(Rival("truth", "ours", lambda c: c.truth), cases, "s", "d", lambda a, b: 0.0)
    given = photographs.measure(Rival("input", "input", lambda c: c.damaged), cases, "s", "d", lambda a, b: 0.0)
    assert (perfect["psnr"], perfect["ssim"], perfect["delta_e"]) == (99.0, pytest.approx(1), 0)
    assert given["psnr"] < 50 and given["n"] == 2 and given["delta_e"] > 0


def test_bicubic_of_the_means_beats_the_squares() -> None:
    case = TRIALS["depixelate"].make(Picture("p", picture(66, 70, 0)), 0)
    errors = [np.abs(x.astype(float) - case.truth).mean() for x in (case.damaged, bicubic_of_means(case))]
    assert errors[1] < errors[0]


def test_overlap_of_masks() -> None:
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    a[:2], b[1:3] = True, True
    assert photographs.overlap(a, b) == pytest.approx(1 / 3) and photographs.overlap(a & ~a, b & ~b) == 1


@pytest.mark.parametrize("task", ["repair", "colorize"])
def test_the_command_writes_rows_and_samples(folder: Path, tmp_path: Path, task: str) -> None:
    out = tmp_path / "photo.json"
    found = run("bench", "images", "--task", task, "--data", folder, "--n", 2, "--out", out, "--json")
    assert found.exit_code == 0, found.output
    results = json.loads(out.read_text())
    keys = {"model", "role", "uses_true_mask", "set", "damage", "psnr", "ssim", "lpips_alex", "delta_e", "n"}
    assert all(keys <= set(row) for row in results["rows"]) and results["seed"] == 0
    roles = {row["role"] for row in results["rows"]}
    assert {"input", "ours"} <= roles and all(row["set"] == "in" for row in results["rows"])
    assert any(row["uses_true_mask"] for row in results["rows"]) == (task == "repair")
    assert "ours" in tables.photographs(results["rows"])
    assert run("bench", "samples", out, "-o", tmp_path / "s.svg").exit_code == 0
    assert run("bench", "photo-worst", out, "--data", folder, "-o", tmp_path / "w.jpg", "--n", 2).exit_code == 0


def test_damage_counts_where_it_is_seen_whatever_the_noise() -> None:
    case = TRIALS["photo"].make(Picture("p", picture(64, 64, 1)), 0)
    assert case.seen.any() and not case.seen[~case.mask].any()
    assert case.seen.sum() < case.mask.sum() < (case.damaged[..., None] != case.truth).any(2).sum()
    scores = photographs.masks(case, case.seen, ONE)
    assert set(scores) == {"mask_iou", "mask_iou_one_look", "mask_iou_all", "used_mask_iou"}
    flat = np.full((4, 4), 100, np.uint8)
    assert not photo_cases.visible(flat, flat + 8).any() and photo_cases.visible(flat, flat - 9).all()


def test_speed_is_told_beside_the_papers_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "SPEED_SIDE", 64)
    rows = photographs.speed(picture(80, 80, 1), 1, lambda: sum(range(100_000)))
    first, *others = rows
    assert first["task"] == photographs.PAPERS and {row["task"] for row in others} == set(TRIALS)
    assert all(row["times_faster"] > 0 for row in others) and "photo" in tables.photo_speed(rows)


def test_sheets_are_small_and_the_key_is_apart(folder: Path, tmp_path: Path) -> None:
    sheet, key = tmp_path / "sheet.jpg", tmp_path / "key.json"
    for path in list(folder.iterdir()):
        grain = np.random.default_rng(0).normal(0, 20, (68, 72, 3))
        noisy = np.clip(np.asarray(Image.open(path)) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(path.with_name(f"noisy-{path.name}"))
    assert run("bench", "photo-sheet", folder, "-o", sheet).exit_code == 0
    found = run("bench", "photo-sheet", folder, "-o", tmp_path / "blind.jpg", "--blind", key)
    assert found.exit_code == 0, found.output
    told = json.loads(key.read_text())
    order = told["order"]
    assert {row["picture"] for row in order.values()} == {"noisy-p0", "noisy-p1", "noisy-p2"}
    assert told["unchanged"] == ["p0", "p1", "p2"] and "3 pictures" in found.output
    assert all(sorted(row[v] for v in "ABC") == ["classical", "input", "ours"] for row in order.values())
    assert max(path.stat().st_size for path in (sheet, tmp_path / "blind.jpg")) < 400_000
    assert run("bench", "photo-sheet", folder, "-o", tmp_path / "sheet.png").exit_code == 2


def test_the_detail_is_where_versions_differ_most():
    before = np.full((300, 500), 90, np.uint8)
    after = before.copy()
    after[40:60, 400:420], after[250:, :3] = 200, 95
    cut = sheets.detail_of([before, after])
    assert [part.shape for part in cut] == [(240, 240)] * 2
    assert (cut[1] == 200).sum() == 400 and (cut[0] == 90).all()
    small = sheets.detail_of([before[:50, :30], after[:50, :30]])
    assert small[0].shape == (30, 30)
