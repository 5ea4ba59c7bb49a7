import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from relume.recipes.cascade_eight_bits import RECIPE
from relume.signal import ModelError, UsageError
from relume.train.data import DataSpec, PairBank
from relume.train.steps import Supervised
from relume.train.teacher import teach
from relume.train.team import Team


@pytest.fixture
def bank(tmp_path):
    (tmp_path / "set").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 256, (48, 56, 3), dtype=np.uint8)).save(tmp_path / "set" / f"{number}.png")
    return PairBank(DataSpec(("set",), held_out=1), tmp_path, (2,), 8)


def test_a_bank_is_taught_where_the_scale_is_and_crops_lie_together(bank, tmp_path):
    from relume.card import ModelCard
    from relume.nets.cascade import CascadeShape
    from relume.train.export import Named, export

    shape = CascadeShape(scales=(2,), channels=8, units=(1,))
    card = ModelCard(
        "t", "upscale", {"x2": 2}, shape.radius, 1, shape.macs(), "", (), {"net": dataclasses.asdict(shape)}, ""
    )
    export(Named(shape.build(), shape.scales), card, tmp_path / "teacher.onnx")
    teach(bank, tmp_path / "teacher.onnx", (2,))
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


def test_a_teacher_has_no_answer_to_patches_that_are_shrunk_anew():
    fresh = dataclasses.replace(RECIPE.data, fresh=True)
    with pytest.raises(UsageError, match=r"leave out teacher or data\.fresh"):
        dataclasses.replace(RECIPE, data=fresh, teacher="model.onnx")
