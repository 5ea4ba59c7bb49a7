import dataclasses
import shutil

import numpy as np
import pytest
import torch

from relume.recipes.cascade_natural import RECIPE
from relume.recipes.srgan_x4 import RECIPE as GAN
from relume.signal import UsageError
from relume.train.run import run_tiny
from relume.train.steps import Supervised, can_compile
from relume.train.team import Team
from relume.train.throughput import NoiseBank


@pytest.mark.skipif(not can_compile(), reason="torch's compiler needs a C++ compiler")
def test_a_compiled_step_is_the_same_step():
    recipe = dataclasses.replace(RECIPE.tiny(), precision="f32", scale_weights=(0, 0, 1))
    bank = NoiseBank(recipe.net.scales, 80)
    losses = []
    for compiled in (False, True):
        torch.manual_seed(0)
        task = Supervised(recipe, recipe.net.build(), bank, Team(), compiled=compiled)
        losses.append([task.step(number, np.random.default_rng(number))["loss"] for number in range(3)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match=r"needs the C\+\+ compiler"):
        run_tiny(RECIPE.tiny(), tmp_path, compiled=True)


def test_a_game_cannot_be_compiled(tmp_path):
    with pytest.raises(UsageError, match="another kind"):
        run_tiny(GAN.tiny(), tmp_path, compiled=True)
