import dataclasses

import numpy as np
import pytest
import torch

from relume.recipes import find, names, shape_of
from relume.recipes.cascade_gan import RECIPE, VARIANTS
from relume.recipes.drcn_x4 import RECIPE as DRCN
from relume.recipes.equal_budget import PAPER_DATA
from relume.recipes.equal_budget import VARIANTS as BUDGET
from relume.signal import ModelError, UsageError
from relume.train.adversarial import find_weights, from_any_pixel
from relume.train.losses import Content
from relume.train.recipe import SuperResolution, plain
from relume.train.run import export_checkpoint, run_tiny

QUICK = dataclasses.replace(RECIPE.tiny(), steps=6, validate_every=3)


def quiet(line):
    pass


def test_phase_two_trains_both_and_exports_a_generative_model(tmp_path):
    recipe = dataclasses.replace(QUICK, r1=0.1, r1_every=2)
    net = run_tiny(recipe, tmp_path / "run", resume=False, report=quiet)
    torch.manual_seed(recipe.seed)
    assert any(not torch.equal(a, b) for a, b in zip(net.parameters(), recipe.net.build().parameters(), strict=True))
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert set(state["modules"]) == {"net", "critic"}
    card = export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "gan.onnx", shape_of)
    assert (card.fidelity, card.scales) == ("generative", (2, 3, 4))


def test_what_is_judged_begins_at_any_pixel_within_an_input_pixel():
    high = torch.arange(2 * 3 * 16 * 20.0).view(2, 3, 16, 20)
    starts = set()
    for seed in range(60):
        restored, truth = from_any_pixel(high + 0.5, high, 4, np.random.default_rng(seed))
        assert truth.shape == (2, 3, 12, 16) and torch.equal(restored, truth + 0.5)
        top, left = divmod(int(truth[0, 0, 0, 0]), 20)
        assert torch.equal(truth, high[..., top : top + 12, left : left + 16])
        starts.add((top, left))
    assert starts == {(top, left) for top in range(4) for left in range(4)}


def test_resumed_equals_unbroken(tmp_path):
    from PIL import Image

    from relume.train.run import draw_picture, run_recipe

    for folder in QUICK.data.folders:
        (tmp_path / folder).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(draw_picture(np.random.default_rng(number))).save(tmp_path / folder / f"{number}.png")
    whole = run_recipe(QUICK, tmp_path, tmp_path / "whole", report=quiet)
    run_recipe(QUICK, tmp_path, tmp_path / "broken", report=quiet, stop_after=2)
    broken = run_recipe(QUICK, tmp_path, tmp_path / "broken", resume=True, report=quiet)
    for a, b in zip(whole.parameters(), broken.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["paper", "srgan_critic"])
def test_variants_train(tmp_path, name):
    recipe = dataclasses.replace(VARIANTS[name].tiny(), steps=2, validate_every=2)
    assert run_tiny(recipe, tmp_path, resume=False, report=quiet) is not None


def test_drcn_supervises_every_recursion_first_and_the_ensemble_last(tmp_path):
    from relume.train.recursive import RecursivelySupervised

    recipe = dataclasses.replace(DRCN.tiny(), steps=10)
    net = recipe.net.build()
    task = RecursivelySupervised.__new__(RecursivelySupervised)
    task.recipe, task.net = recipe, net
    low, high = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 32, 32)
    weight = net.net.ensemble
    task.loss(low, high, 4, 0).backward()
    assert weight.grad is None or weight.grad.abs().max() == 0  # alpha is 1: the ensemble does not count yet
    task.loss(low, high, 4, 10).backward()
    assert weight.grad.abs().max() > 0


def test_equal_budget_is_equal():
    twins = {name for name in BUDGET if name.startswith("design") or name == "unshared"}
    for names_ in (twins, BUDGET.keys() - twins):
        assert len({(r.steps, r.batch, r.patch, r.loss, r.optim, r.data) for r in map(BUDGET.get, names_)}) == 1
    assert "302003" in PAPER_DATA.exclude
    assert len(PAPER_DATA.exclude) == 200
    designs = [BUDGET[f"design_{d}"].net for d in ("local", "global", "recursion", "both")]
    assert len({sum(p.numel() for p in d.build().parameters()) for d in designs}) == 1


def test_every_recipe_says_how_it_is_run():
    for name in names():
        module = __import__(f"relume.recipes.{name}", fromlist=["RECIPE"])
        if isinstance(module.RECIPE, SuperResolution):
            assert f"relume train {name}" in module.__doc__


def test_shapes_come_back_from_checkpoints():
    for recipe in (RECIPE, DRCN, *BUDGET.values()):
        assert shape_of(plain(recipe)["net"]) == recipe.net
    with pytest.raises(ModelError, match="no recipe has a network with the sizes depth, width"):
        shape_of({"width": 1, "depth": 2})


def test_unknown_recipes_and_variants_are_named():
    assert find("equal_budget.vdsr").name == "equal-vdsr"
    with pytest.raises(UsageError, match="has no variant 'fsrcnn'; it has cascade, srcnn"):
        find("equal_budget.fsrcnn")


def test_missing_vgg_weights_are_one_clear_line(tmp_path):
    recipe = dataclasses.replace(QUICK, content=Content(), vgg="weights/none.safetensors")
    with pytest.raises(ModelError, match=r"no weight file weights/none\.safetensors"):
        run_tiny(recipe, tmp_path / "run", resume=False, report=quiet)
    with pytest.raises(ModelError, match="--set vgg=FILE"):
        run_tiny(dataclasses.replace(recipe, vgg=""), tmp_path / "run", resume=False, report=quiet)


def test_weights_are_found_beside_the_data(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "v.safetensors").touch()
    assert find_weights("weights/v.safetensors", tmp_path / "data").is_file()


@pytest.mark.parametrize("field", [{"adversarial": -1.0}, {"r1_every": 0}, {"critic_lr": 0.0}])
def test_bounds_are_checked(field):
    with pytest.raises(UsageError, match="must be at least 0"):
        dataclasses.replace(RECIPE, **field)
