import dataclasses
import json

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from relume import recipes
from relume.card import KEY, ModelCard
from relume.degrade.pixels import block_means
from relume.recipes import shape_of
from relume.signal import UsageError
from relume.split import is_test
from relume.train.colouring import Colouring, colourfulness, place_hints
from relume.train.damage_bank import DamageBank, DamageSpec, held_out_damage
from relume.train.loop import load_checkpoint
from relume.train.mending import changed
from relume.train.picture_bank import PictureBank, PictureSpec
from relume.train.restoration import Example
from relume.train.run import draw_picture, export_checkpoint, run_recipe, run_tiny

NAMES = ("denoise", "damage_mask", "repair", "colorize")
SMALL = DamageSpec(("scratches", "holes"), (0.5, 0.5), count=3, sides=(64,))


def quiet(line):
    pass


def tiny(name):
    recipe = recipes.find(name).tiny()
    if hasattr(recipe, "damage"):
        recipe = dataclasses.replace(recipe, damage=SMALL)
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, folders=("faces",), side=0))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "faces").mkdir()
    rng = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(draw_picture(rng, 64)).save(root / "faces" / f"{number}.png")
    return root


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_trains_resumes_bit_for_bit_and_exports(name, data, tmp_path):
    recipe = tiny(name)
    run_recipe(recipe, data, tmp_path / "whole", report=quiet)
    run_recipe(recipe, data, tmp_path / "parts", report=quiet, stop_after=2)
    run_recipe(recipe, data, tmp_path / "parts", report=quiet, resume=True)
    whole, parts = (load_checkpoint(tmp_path / part / "checkpoint.pt") for part in ("whole", "parts"))
    assert all(torch.equal(value, parts["average"][key]) for key, value in whole["average"].items())

    target = tmp_path / "net.onnx"
    card = export_checkpoint(tmp_path / "whole" / "checkpoint.pt", target, shape_of)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    stored = ModelCard.from_json(session.get_modelmeta().custom_metadata_map[KEY])
    assert stored == card and card.task == recipe.task and card.scores["held-out training pictures"]["step"] == 6
    assert [i.name for i in session.get_inputs()] == list(recipe.inputs) == list(card.inputs)
    side = 3 * card.multiple
    found = session.run(None, {k: np.full((1, c, side, side), 0.5, np.float32) for k, c in card.inputs.items()})
    assert found[0].shape[2:] == (side, side)
    if name == "damage_mask":
        assert found[0].min() >= 0 and found[0].max() <= 1


def test_the_test_part_does_not_train(data):
    bank = PictureBank(PictureSpec(("faces",), held_out=1), data, 16)
    everything = [p.stem for p in (data / "faces").iterdir()]
    assert any(map(is_test, everything))
    assert len(bank.training) + len(bank.validation) == sum(not is_test(stem) for stem in everything)


def test_a_layer_acts_inside_its_mask_alone():
    gain, add, mask = DamageBank(SMALL).cuts(4, 32, np.random.default_rng(0))
    assert mask.any() and not mask.all()
    np.testing.assert_array_equal(gain[~mask], 1)
    np.testing.assert_array_equal(add[~mask], 0)
    again = DamageBank(SMALL).cuts(4, 32, np.random.default_rng(0))
    np.testing.assert_array_equal(mask, again[2])
    one, other = (held_out_damage(SMALL, (64, 48), number)[1] for number in (0, 1))
    assert one.shape == (64, 48) and (one != other).any()


def test_damage_without_a_mask_is_refused():
    with pytest.raises(UsageError, match="no damage that has a mask"):
        DamageSpec(("gray",), (1.0,))


def test_repair_sees_nothing_of_what_it_has_to_fill(data):
    recipe = dataclasses.replace(tiny("repair"), noisy=0.0)
    example = recipe.work(PictureBank(recipe.data, data, recipe.patch)).batch(np.random.default_rng(3))
    x, mask = example.inputs
    assert mask.sum() > 0 and (x * mask).abs().max() == 0
    outside = ((x - example.truth) * (1 - mask)).abs()
    assert outside.max() <= recipe.visible / 255 + 1e-6
    assert (outside < 1e-6).float().mean() > 0.5


def test_damage_to_be_found_is_damage_that_is_seen():
    before = np.full((1, 3, 3), 0.5, np.float32)
    after = before + np.array([[[0.0] * 3, [0.0, 0.02, 0.0], [0.0, 0.0, -0.04]]], np.float32)
    np.testing.assert_array_equal(changed(before, after, 8.0), [[False, False, True]])
    white = np.ones_like(before)
    assert not changed(white, white + 0.3, 8.0).any()


def test_a_crop_with_little_damage_counts_as_much_as_one_with_much(data):
    recipe = dataclasses.replace(tiny("damage_mask"), dice=1.0)
    work = recipe.work(PictureBank(recipe.data, data, recipe.patch))
    truth = torch.zeros(2, 1, 8, 8)
    truth[0, 0, 0, 0] = 1
    truth[1, 0, :, :4] = 1
    sure = 40 * truth - 20
    missed = [sure.clone() for _ in range(2)]
    for number, found in enumerate(missed):
        found[number] = -20
    little, much = (work.loss(found, Example((), truth)) - work.loss(sure, Example((), truth)) for found in missed)
    entropy = [20 * float(part.sum()) / truth.numel() for part in truth]
    assert float(little) - entropy[0] == pytest.approx((1 - 1 / 2) / 2, abs=1e-3)
    assert float(much) - entropy[1] == pytest.approx((1 - 1 / 33) / 2, abs=1e-3)


def test_noise_has_the_strength_that_the_network_is_told(data):
    recipe = dataclasses.replace(tiny("denoise"), stored=0.0, gray=0.0, batch=8)
    example = recipe.work(PictureBank(recipe.data, data, recipe.patch)).batch(np.random.default_rng(1))
    noise = (example.inputs[0] - example.truth).flatten(1).std(1)
    np.testing.assert_allclose(noise, example.inputs[1][:, 0, 0, 0], rtol=0.1)


def test_hints_state_the_true_colour():
    chroma = np.full((20, 30, 2), (0.2, -0.1), np.float32)
    hints = place_hints(chroma, 3, np.random.default_rng(0))
    where = hints[..., 2] == 1
    assert 3 <= where.sum() <= 3 * 49
    np.testing.assert_allclose(hints[where][:, :2], np.tile((0.2, -0.1), (where.sum(), 1)), atol=1e-6)
    assert not hints[~where].any()


def test_saturated_pixels_weigh_more(data):
    recipe = tiny("colorize")
    work = recipe.work(PictureBank(recipe.data, data, recipe.patch))
    assert isinstance(work, Colouring)
    example = work.batch(np.random.default_rng(0))
    chroma = example.truth.norm(dim=1, keepdim=True)
    torch.testing.assert_close(example.weight, 1 + recipe.rebalance * chroma)


def test_colourfulness_of_gray_is_none_and_of_one_colour_its_distance():
    assert colourfulness(np.full((4, 4, 3), 0.3)) == pytest.approx(0)
    red = np.broadcast_to((1.0, 0.0, 0.0), (4, 4, 3))
    assert colourfulness(red) == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_depixelate_trains_on_block_means(tmp_path):
    recipe = recipes.find("depixelate").tiny()
    image = np.random.default_rng(0).random((8, 12, 3)).astype(np.float32)
    np.testing.assert_allclose(recipe.data.shrink(image, 4), block_means(image, 4)[::4, ::4], atol=1e-6)
    run_tiny(dataclasses.replace(recipe, steps=2, validate_every=2), tmp_path / "run", resume=False, report=quiet)
    card = export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "net.onnx", shape_of)
    assert card.task == "depixelate" and set(card.outputs) == {"x2", "x3", "x4"}


def test_recipes_refuse_what_cannot_be():
    with pytest.raises(UsageError, match="multiple of"):
        dataclasses.replace(recipes.find("repair"), patch=97)
    with pytest.raises(UsageError, match="channels"):
        dataclasses.replace(recipes.find("denoise"), net=recipes.find("damage_mask").net)


def test_scores_are_those_of_the_last_validation(tmp_path):
    from relume.train.scores import last_scores

    log, checkpoint = tmp_path / "log.jsonl", tmp_path / "checkpoint.pt"
    assert last_scores(checkpoint, "p") == {}
    log.write_text(
        "\n".join(json.dumps(x) for x in ({"step": 1, "loss": 2, "psnr": 3}, {"step": 2, "loss": 1, "vgg": 5}))
    )
    assert last_scores(checkpoint, "p")["held-out training pictures"] == {"step": 1, "psnr": 3}
