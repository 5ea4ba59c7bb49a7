import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from relume.recipes.cascade_gan import RECIPE as GAN
from relume.recipes.cascade_natural import RECIPE
from relume.recipes.drcn_x4 import RECIPE as DRCN
from relume.signal import UsageError
from relume.train.run import make_task, run_tiny
from relume.train.steps import can_compile
from relume.train.team import Team
from relume.train.throughput import NoiseBank

needs_compiler = pytest.mark.skipif(not can_compile(), reason="torch's compiler needs a C++ compiler")


def losses(recipe, *, compiled):
    torch.manual_seed(0)
    bank = NoiseBank(recipe.net.scales, 80)
    task = make_task(recipe, recipe.net.build(), bank, Path(), Team(), compiled=compiled)
    return [task.step(number, np.random.default_rng(number))["loss"] for number in range(3)]


@needs_compiler
def test_a_compiled_step_is_the_same_step():
    recipe = dataclasses.replace(RECIPE.tiny(), precision="f32", scale_weights=(0, 0, 1))
    assert losses(recipe, compiled=False) == pytest.approx(losses(recipe, compiled=True), rel=1e-4)


@needs_compiler
def test_a_compiled_game_is_the_same_game():
    recipe = dataclasses.replace(GAN.tiny(), precision="f32", scale_weights=(0, 0, 1), shifted=True)
    assert losses(recipe, compiled=False) == pytest.approx(losses(recipe, compiled=True), rel=1e-4)


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match=r"needs the C\+\+ compiler"):
        run_tiny(RECIPE.tiny(), tmp_path, compiled=True)


def test_other_trainings_cannot_be_compiled(tmp_path):
    with pytest.raises(UsageError, match="another kind"):
        run_tiny(DRCN.tiny(), tmp_path, compiled=True)
