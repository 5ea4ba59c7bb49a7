import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from relume import recipes
from relume.nets.dcgan_pictures import DcganShape
from relume.nets.gan import GanShape
from relume.signal import ModelError, UsageError
from relume.split import is_test
from relume.train.frechet import frechet, judge, load_generator
from relume.train.loop import load_checkpoint
from relume.train.picture_gan import (
    PictureTask,
    digits,
    interpolate,
    pictures,
    sample,
    save_grid,
)
from relume.train.run import run_recipe


def quiet(line):
    pass


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "data" / "faces"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(20):
        Image.fromarray(rng.integers(0, 256, (40, 32, 3), np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "data"


@pytest.mark.parametrize("shape", [GanShape(), DcganShape(width=4), DcganShape(width=2, side=16, channels=1)])
def test_generators_and_critics_fit_together(shape):
    made = shape.build()(torch.randn(3, shape.latent))
    assert made.shape == (3, shape.channels, shape.side, shape.side)
    assert made.min() >= 0 and made.max() <= 1
    assert shape.critic()(made).shape == (3, 1)


def test_a_side_that_is_no_power_of_two_is_refused():
    with pytest.raises(UsageError, match="power of 2"):
        DcganShape(side=48)


def test_faces_are_split_squared_and_shrunk(faces):
    recipe = recipes.find("dcgan_faces").tiny()
    train, test = (pictures(recipe, faces, test=part) for part in (False, True))
    assert train.shape[1:] == (3, 16, 16) and train.dtype == np.uint8
    assert len(train) + len(test) == 20
    assert len(test) == sum(is_test(path.stem) for path in (faces / "faces").iterdir())


def test_dcgan_resumes_bit_for_bit_and_is_judged(faces, tmp_path):
    recipe = recipes.find("dcgan_faces").tiny()
    run_recipe(recipe, faces, tmp_path / "whole", report=quiet)
    run_recipe(recipe, faces, tmp_path / "parts", report=quiet, stop_after=2)
    run_recipe(recipe, faces, tmp_path / "parts", report=quiet, resume=True)
    whole, parts = (load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "parts"))
    for name, value in whole["average"].items():
        assert torch.equal(value, parts["average"][name]), name
    assert (tmp_path / "whole" / "samples.png").exists()
    net, values = load_generator(tmp_path / "whole" / "checkpoint.pt")
    made = interpolate(net, values["net"]["latent"], 2, 5, seed=0)
    assert made.shape == (10, 3, 16, 16)
    assert np.abs(np.diff(made[:5], axis=0)).max() > 0
    save_grid(made, tmp_path / "walk.png", 5)
    assert Image.open(tmp_path / "walk.png").size == (4 * (5 * 17 - 1), 4 * (2 * 17 - 1))
    with pytest.raises(ModelError):
        judge(tmp_path / "whole" / "checkpoint.pt", tmp_path / "no.safetensors", faces, 1)


def test_a_sample_depends_on_its_seed_alone():
    net = GanShape(width=4).build()
    np.testing.assert_array_equal(sample(net, 16, 70, 1), sample(net, 16, 70, 1))
    np.testing.assert_array_equal(sample(net, 16, 8, 1), sample(net, 16, 8, 1))
    assert not np.array_equal(sample(net, 16, 8, 1), sample(net, 16, 8, 2))


def test_frechet_of_two_gaussians():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((20000, 3))
    b = 2 * rng.standard_normal((20000, 3)) + 1
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) == pytest.approx(3 + 3, rel=0.05)


def test_the_digits_come_with_scikit_learn(tmp_path):
    pytest.importorskip("sklearn")
    train, test = digits(8), digits(8, test=True)
    assert train.shape[1:] == (1, 8, 8) and len(train) + len(test) == 1797
    run_recipe(recipes.find("gan_digits").tiny(), tmp_path, tmp_path / "run", report=quiet)
    with pytest.raises(UsageError, match="8x8"):
        digits(16)


def test_the_commands_write_pictures(relume_app, tmp_path):
    pytest.importorskip("sklearn")
    run_recipe(recipes.find("gan_digits").tiny(), tmp_path, tmp_path / "run", report=quiet)
    for command in ("sample", "interpolate", "curve"):
        result = relume_app("gan", command, tmp_path / "run", "-o", tmp_path / f"{command}.png")
        assert result.exit_code == 0, result.output
        assert Image.open(tmp_path / f"{command}.png").size[0] > 100
    refused = relume_app("gan", "sample", tmp_path / "run", "-o", tmp_path / "a.txt")
    assert isinstance(refused.exception, UsageError)


@pytest.fixture
def relume_app():
    from typer.testing import CliRunner

    from relume.cli import build

    def run(*arguments):
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(build(words), words, prog_name="relume")

    return run


def test_recipes_refuse_what_cannot_be():
    with pytest.raises(UsageError, match="at least"):
        dataclasses.replace(recipes.find("gan_digits"), r1=-1.0)


def test_the_last_good_weights_can_be_looked_at(relume_app, faces, tmp_path):
    recipe = recipes.find("dcgan_faces").tiny()
    task = PictureTask(recipe, pictures(recipe, faces), tmp_path)
    task.health.keep(3, task.net)
    result = relume_app("gan", "sample", tmp_path / "good.pt", "-o", tmp_path / "a.png")
    assert result.exit_code == 0, result.output
    with pytest.raises(UsageError, match="batch at least 2"):
        dataclasses.replace(recipe, batch=1)
