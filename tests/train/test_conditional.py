import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from relume import recipes
from relume.card import ModelCard
from relume.recipes import shape_of
from relume.signal import UsageError
from relume.train.conditional_recipe import Weights
from relume.train.loop import load_checkpoint
from relume.train.paired import find_pairs
from relume.train.run import draw_picture, export_checkpoint, run_recipe


def quiet(line):
    pass


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for folder in ("faces", "set/color", "set/gray"):
        (root / folder).mkdir(parents=True)
    for number in (1, 2, 10, 11):
        picture = draw_picture(rng, 40)
        Image.fromarray(picture).save(root / "faces" / f"{number}.png")
        Image.fromarray(picture).save(root / "set" / "color" / f"{number}.png")
        Image.fromarray(picture).convert("L").save(root / "set" / "gray" / f"{number}.jpg")
    return root


def tiny(**changes):
    recipe = recipes.find("photo_paper").tiny()
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, folders=("faces",), held_out=1), **changes)


def test_the_game_resumes_bit_for_bit_saves_both_networks_and_exports(data, tmp_path):
    run_recipe(tiny(), data, tmp_path / "whole", report=quiet)
    run_recipe(tiny(), data, tmp_path / "parts", report=quiet, stop_after=2)
    run_recipe(tiny(), data, tmp_path / "parts", report=quiet, resume=True)
    whole, parts = (load_checkpoint(tmp_path / part / "checkpoint.pt") for part in ("whole", "parts"))
    assert set(whole["modules"]) == {"net", "critic"}
    for name, weights in whole["modules"].items():
        assert all(torch.equal(value, parts["modules"][name][key]) for key, value in weights.items()), name
    assert {path.name for path in (tmp_path / "whole").iterdir()} >= {"samples.png", "losses.png"}
    card = export_checkpoint(tmp_path / "whole" / "checkpoint.pt", tmp_path / "net.onnx", shape_of)
    assert isinstance(card, ModelCard) and card.task == "photo" and card.multiple == 8


def test_a_weight_of_zero_leaves_its_part_out(data, tmp_path):
    only = Weights(adversarial=0.0, pixel=1.0, features=0.0, perceptual=0.0, depths=())
    lines = []
    run_recipe(tiny(weights=only, steps=2), data, tmp_path / "run", report=lines.append)
    log = (tmp_path / "run" / "log.jsonl").read_text()
    import json

    first = json.loads(log.splitlines()[0])
    assert first["loss"] == pytest.approx(first["pixel"])


def test_pairs_are_matched_by_name_and_sorted_by_number(data, tmp_path):
    assert [clean.stem for _, clean in find_pairs(data / "set")] == ["1", "2", "10", "11"]
    recipe = tiny(paired=True)
    recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, folders=("set",)))
    run_recipe(recipe, data, tmp_path / "run", report=quiet)


def test_partners_that_are_missing_are_one_error(tmp_path):
    for folder, names in (("color", "abc"), ("gray", "bcde")):
        (tmp_path / folder).mkdir()
        for name in names:
            Image.new("RGB", (8, 8)).save(tmp_path / folder / f"{name}.png")
    with pytest.raises(UsageError, match=r"3 pictures have no partner in the other folder: a, d, e$"):
        find_pairs(tmp_path)
    with pytest.raises(UsageError, match="no pictures in"):
        find_pairs(tmp_path / "color")


def test_a_negative_weight_is_refused():
    with pytest.raises(UsageError, match="at least 0"):
        Weights(pixel=-1.0)
