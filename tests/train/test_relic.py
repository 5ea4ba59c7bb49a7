import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from relume import colour, recipes
from relume.metrics import delta_e
from relume.runtime.functions import Function
from relume.runtime.zoo import find
from relume.signal import RelumeError, UsageError
from relume.split import is_test
from relume.train.colour_loss import delta_e94, rgb_to_lab
from relume.train.relic_colour import STEEPEST, ColourBank, RelicColour, filled
from relume.train.relic_pairs import AgedSpec, DetailSpec
from relume.train.run import draw_picture, export_checkpoint, run_tiny


def test_lab_is_the_cores():
    picture = draw_picture(np.random.default_rng(0), 16) / 255.0
    found = rgb_to_lab(torch.from_numpy(picture).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found, colour.rgb_to_lab(picture), atol=1e-6)


def test_the_colour_loss_follows_ciede2000():
    rng = np.random.default_rng(1)
    truth = draw_picture(rng, 24) / 255.0
    near, far = (np.clip(truth + s * rng.standard_normal(3), 0, 1) for s in (0.02, 0.2))
    a, b, c = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in (near, far, truth))
    assert float(delta_e94(c, c)) == pytest.approx(0, abs=1e-6)
    assert float(delta_e94(a, c)) < float(delta_e94(b, c))
    assert float(delta_e94(a, c)) == pytest.approx(delta_e(near, truth), rel=0.5)


def test_detail_pairs_keep_their_colour_and_aged_ones_do_not():
    picture = (draw_picture(np.random.default_rng(2), 96) / 255).astype(np.float32)
    mean = picture.mean((0, 1))
    for scale in (1, 2, 4):
        detail = DetailSpec(("relics",)).shrink(picture, scale)
        assert detail.shape == (96 // scale, 96 // scale, 3)
        assert np.abs(detail.mean((0, 1)) - mean).max() < 0.03
        np.testing.assert_array_equal(detail, DetailSpec(("relics",)).shrink(picture, scale))
    assert np.abs(AgedSpec(("relics",)).shrink(picture, 4).mean((0, 1)) - mean).max() > 0.05


def test_the_test_part_is_never_used(tmp_path):
    names = [f"dunhuang_cave{cave}_0{n}" for cave in (39, 61, 257, 25) for n in (1, 2)]
    for stem in names:
        assert DetailSpec(("relics",)).uses(tmp_path / stem) == (not is_test(stem))
    assert is_test("dunhuang_cave257_01") and is_test("dunhuang_cave257_08")
    assert not is_test("dunhuang_cave061_01")
    (tmp_path / "relics").mkdir()
    Image.fromarray(draw_picture(np.random.default_rng(0))).save(tmp_path / "relics" / "dunhuang_cave257_01.png")
    recipe = recipes.find("relic_colour")
    with pytest.raises(UsageError, match="no picture is left"):
        ColourBank(recipe, _root(tmp_path, recipe))


def _root(tmp_path, recipe):
    for folder in recipe.data.folders[1:]:
        (tmp_path / folder).mkdir(parents=True)
        Image.fromarray(draw_picture(np.random.default_rng(0))).save(tmp_path / folder / "a.png")
    return tmp_path


def test_a_share_for_each_folder():
    recipe: RelicColour = recipes.find("relic_colour")
    with pytest.raises(UsageError, match="one share"):
        RelicColour("x", recipe.net, recipe.data, (1.0,), (0.2,), (0.0,), 10)


def test_a_relic_is_given_the_tones_that_it_lacks_and_no_colour():
    rng = np.random.default_rng(1)
    dull = np.clip(rng.normal(128, 12, (64, 64, 1)), 90, 170).astype(np.uint8).repeat(3, 2)
    half, whole = filled(dull, 0.5), filled(dull, 1.0)
    assert dull.std() < half.std() < whole.std() <= STEEPEST * dull.std() * 1.02
    assert (whole[..., 0] == whole[..., 1]).all() and filled(dull, 0.0) is dull
    vivid = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert abs(filled(vivid, 1.0).astype(int) - vivid).max() <= 4


def test_the_colour_recipe_starts_where_it_says(tmp_path):
    recipe = dataclasses.replace(recipes.find("relic_colour").tiny(), start=str(tmp_path / "none.pt"))
    with pytest.raises(RelumeError, match=r"none\.pt"):
        run_tiny(recipe, tmp_path / "run", resume=False, report=lambda line: None)


def test_the_colour_recipe_learns_and_exports_a_table(tmp_path):
    torch.manual_seed(0)
    run_tiny(recipes.find("relic_colour").tiny(), tmp_path / "run", resume=False, report=lambda line: None)
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["delta_e_restored"] < lines[-1]["delta_e_aged"]
    card = export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "c.onnx", recipes.shape_of)
    assert (card.task, dict(card.outputs), dict(card.inputs)) == ("relic-colour", {"grid": 1}, {"x": 3})
    network = Function(find(str(tmp_path / "c.onnx")).path)
    for height, width in ((40, 64), (256, 100)):
        grid = network(np.random.default_rng(0).random((1, 3, height, width)).astype(np.float32))
        assert grid.shape == (1, 3, 5, 5, 5)
        assert 0 <= grid.min() <= grid.max() <= 1
        assert grid[0, 0, 2, 2, 4] > grid[0, 0, 2, 2, 0]  # the last axis is red


@pytest.mark.parametrize("name", ["relic_detail", "relic.aged", "relic.adversarial"])
def test_the_recipes_train_and_export(name, tmp_path):
    recipe = recipes.find(name).tiny()
    recipe = dataclasses.replace(recipe, steps=2, validate_every=2)
    run_tiny(recipe, tmp_path / "run", resume=False, report=lambda line: None)
    card = export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "d.onnx", recipes.shape_of)
    assert (card.task, dict(card.outputs)) == ("relic", {"x1": 1, "x2": 2, "x4": 4})
    assert card.fidelity == ("generative" if name.endswith("adversarial") else "faithful")
