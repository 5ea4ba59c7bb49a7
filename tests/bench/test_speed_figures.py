import json

import numpy as np
import pytest

from relume.bench import figures
from relume.bench.images import Contender
from relume.bench.sets import Picture, pair
from relume.bench.speed import Task, contest, network, ratio
from relume.runtime.zoo import BICUBIC
from relume.signal import ModelError, UsageError

pytest.importorskip("matplotlib")


def test_contest_warms_up_and_takes_turns():
    order = []
    tasks = {name: Task(lambda name=name: order.append(name), 1.0) for name in "ab"}
    best = contest(tasks, seconds=0.0)
    assert "".join(order) == "abababab"
    assert all(seconds >= 0 for seconds in best.values())


def test_ratio_is_of_rates():
    tasks = {"fast": Task(int, 10.0), "slow": Task(int, 30.0)}
    found = ratio("x", "fast", "slow", {"fast": 1.0, "slow": 12.0}, tasks)
    assert found["ratio"] == pytest.approx(4)
    assert found["rates"] == {"fast": 10.0, "slow": 2.5}


def test_bicubic_is_no_network():
    with pytest.raises(ModelError, match="bicubic is computed"):
        network("bicubic", 4)


@pytest.fixture
def scene():
    return pair(Picture("scene", np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)), 4)


def test_figure_seven_shows_every_contender(scene, tmp_path):
    def repeat(low, scale):
        return np.repeat(np.repeat(low, scale, 0), scale, 1)

    rivals = [Contender(name, repeat, BICUBIC, None) for name in ("one", "two")]
    target = tmp_path / "deep" / "seven.png"
    scores = figures.comparison(scene, (8, 8, 24, 24), rivals, 4, target)
    assert len(scores) == 2
    assert target.read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_truth_is_shown_enlarged(scene, tmp_path):
    seen = []

    def repeat(low, scale):
        seen.append(low.shape)
        return np.repeat(np.repeat(low, scale, 0), scale, 1)

    target = tmp_path / "found.png"
    figures.as_found(Picture("found", scene.high), (8, 8, 24, 24), [Contender("one", repeat, BICUBIC, None)], 2, target)
    assert seen == [scene.high.shape] and target.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="box"):
        figures.as_found(Picture("found", scene.high), (0, 0, 99, 9), [], 2, target)


@pytest.mark.parametrize("box", [(0, 0, 65, 10), (5, 5, 5, 9), (-1, 0, 4, 4), (1, 2, 3)])
def test_boxes_that_do_not_fit_are_refused(scene, box, tmp_path):
    with pytest.raises(UsageError, match="box"):
        figures.comparison(scene, box, [], 4, tmp_path / "x.png")


def test_curves_of_runs(tmp_path):
    for name in ("a", "b"):
        lines = [{"step": 100 * k, "seconds": 2.0 * k, "loss": 1 / k, "psnr_y_x4": 20.0 + k} for k in (1, 2, 3)]
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.jsonl").write_text("\n".join(map(json.dumps, lines)))
    figures.curves({"a": tmp_path / "a", "b": tmp_path / "b"}, "psnr_y_x4", tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 1000
    with pytest.raises(UsageError, match="no 'psnr_y_x2'; it has loss, psnr_y_x4"):
        figures.curves({"a": tmp_path / "a"}, "psnr_y_x2", tmp_path / "d.png")
    with pytest.raises(UsageError, match="not a training log"):
        figures.curves({"a": tmp_path / "none"}, "psnr_y_x4", tmp_path / "d.png")


def test_dial_is_drawn(tmp_path):
    rows = [{"realism": r, "set": "Set5", "psnr_y": 32 - 2 * r, "lpips_alex": 0.18 - 0.1 * r**0.5} for r in (0, 0.5, 1)]
    figures.dial(rows, tmp_path / "dial.svg")
    assert "<svg" in (tmp_path / "dial.svg").read_text()
