import copy
import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from relume.card import ModelCard
from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_eight_bits import RECIPE
from relume.recipes.cascade_gan import RECIPE as CASCADE_GAN
from relume.signal import ModelError, UsageError
from relume.train.data import DataSpec, PairBank
from relume.train.export import Named, export
from relume.train.steps import Supervised
from relume.train.teacher import answering, teach
from relume.train.team import Team

SHAPE = CascadeShape(scales=(2, 3), channels=8, units=(1, 1))


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "set").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 256, (64, 72, 3), dtype=np.uint8)).save(tmp_path / "set" / f"{number}.png")
    return tmp_path


@pytest.fixture
def bank(pictures):
    return PairBank(DataSpec(("set",), held_out=1), pictures, (2,), 8)


@pytest.fixture
def model(tmp_path):
    outputs = {f"x{scale}": scale for scale in SHAPE.scales}
    recipe = {"net": dataclasses.asdict(SHAPE)}
    card = ModelCard("t", "upscale", outputs, SHAPE.radius, 1, SHAPE.macs(), "", (), recipe, "")
    net = SHAPE.build()
    for weights in net.parameters():
        torch.nn.init.normal_(weights, std=0.1)  # a file keeps equal weights, such as biases of zero, once
    export(Named(net, SHAPE.scales), card, tmp_path / "teacher.onnx")
    return tmp_path / "teacher.onnx"


def test_a_bank_is_taught_where_the_scale_is_and_crops_lie_together(bank, model):
    teach(bank, model, (2,))
    for pairs in bank.pairs:
        assert pairs.taught[2].shape == pairs.high[2].shape and pairs.taught[2].dtype == np.uint8
        pairs.taught[2][...] = 255 - pairs.high[2]
    low, both = bank.batch(2, 4, 8, np.random.default_rng(0))
    assert low.shape == (4, 3, 8, 8) and both.shape == (4, 6, 16, 16)
    torch.testing.assert_close(both[:, :3] + both[:, 3:], torch.ones(4, 3, 16, 16))
    with pytest.raises(ModelError, match="no weights"):
        teach(bank, "bicubic", (2,))


def test_the_loss_is_shared_between_truth_and_teacher(bank):
    recipe = dataclasses.replace(RECIPE.tiny(), teaching=0.75)
    task = Supervised(recipe, recipe.net.build(), bank, Team())
    low, high = bank.batch(2, 2, 8, np.random.default_rng(0))
    alone = task.loss(low, high, 2, 0)
    torch.testing.assert_close(task.loss(low, torch.cat([high, high], 1), 2, 0), alone)
    restored = task.net(low, (2,))[2].detach()
    torch.testing.assert_close(task.loss(low, torch.cat([high, restored], 1), 2, 0), 0.25 * alone)


@pytest.mark.parametrize(("scale_weights", "own_teacher"), [((1, 0), True), ((0, 1), False)])
def test_patches_shrunk_anew_are_answered_at_every_step_of_a_scale_that_is_taught(
    pictures, model, scale_weights, own_teacher
):
    bank = PairBank(DataSpec(("set",), held_out=1, fresh=True), pictures, (2, 3), 8)
    recipe = dataclasses.replace(
        RECIPE.tiny(), net=SHAPE, scale_weights=scale_weights, taught=(2,), teaching=1.0, loss="l1", precision="f32"
    )
    teacher = answering(str(model))
    pupil = copy.deepcopy(teacher).requires_grad_(True)
    logged = Supervised(recipe, pupil, bank, Team(), teacher=teacher).step(0, np.random.default_rng(0))
    assert (logged["loss"] == 0) == own_teacher  # of itself a network has nothing to learn, of the truth it has


def test_only_a_cascade_answers_for_patches_shrunk_anew():
    with pytest.raises(ModelError, match="only a cascade"):
        answering("vdsr")


def test_a_critic_leaves_no_room_for_a_teacher():
    with pytest.raises(UsageError, match="leave it out of"):
        dataclasses.replace(CASCADE_GAN, teacher="model.onnx")
