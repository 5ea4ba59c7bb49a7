import dataclasses

import numpy as np
import pytest
import torch

from relume import recipes
from relume.comm.laboratory import CHANNELS, Samples, find, measure
from relume.nets.channel import NOISE, ChannelShape, correlations, product
from relume.nets.gan import Along, Perceptron
from relume.runtime.channel_models import load
from relume.signal import InputRejected, ModelError, OutputRefused, UsageError
from relume.train.channel_export import export_channel
from relume.train.channel_gan import ChannelTask, run_channel
from relume.train.export import count_parameters
from relume.train.health import Collapsed
from relume.train.loop import Diverged, Run, load_checkpoint
from relume.train.losses import critic_loss, generator_loss, gradient_penalty

KINDS = ("gan", "cgan", "dcgan")


def quiet(line):
    pass


def tiny(kind, channel):
    return recipes.find(f"channel_{kind}.{channel}").tiny()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_three_have_equal_parameters(channel):
    sizes = {}
    for kind in KINDS:
        shape = recipes.find(f"channel_{kind}.{channel}").net
        sizes[kind] = count_parameters(shape.build()), count_parameters(shape.critics())
    for part in range(2):
        found = [size[part] for size in sizes.values()]
        assert max(found) / min(found) < 1.10, sizes


def test_along_is_the_convolution():
    layer, x = Along(3, 5, 3), torch.randn(4, 3, 20)
    weight = layer.weight.view(5, 3, 3).transpose(1, 2)
    expected = torch.nn.functional.conv1d(x, weight, layer.bias[:, 0])
    torch.testing.assert_close(layer(x.transpose(0, 1)).transpose(0, 1), expected)
    assert Perceptron(3, 4, 2, kernel=3)(x).shape == (4, 2, 16)


def test_product_and_correlations_are_complex():
    a, b = torch.randn(2, 2, 2, 9).unbind(0)
    z = product(a, b)
    expected = torch.complex(a[:, 0], a[:, 1]) * torch.complex(b[:, 0], b[:, 1])
    torch.testing.assert_close(torch.complex(z[:, 0], z[:, 1]), expected)
    found = correlations(a, 3)
    w = torch.complex(a[:, 0], a[:, 1])
    for k in range(1, 4):
        value = (w[:, k:] * w[:, :-k].conj()).mean(1) / 2
        torch.testing.assert_close(torch.complex(found[:, k - 1], found[:, 2 + k]), value, atol=1e-5, rtol=1e-4)


def test_coordinates_find_a_linear_channel_from_samples_alone(tmp_path):
    samples = measure(dataclasses.replace(find("rayleigh"), n0=0.02), 1 << 14, np.random.default_rng(0))
    recipe = dataclasses.replace(tiny("cgan", "rayleigh"), samples=1 << 14)
    task = ChannelTask(recipe, samples, tmp_path)
    emission = task.net.emission
    bank = task.bank
    c = emission.condition(bank.symbols, bank.gain)
    rest = emission.standardise(bank.received, c)
    assert rest.var().item() == pytest.approx(1, abs=0.05)
    assert emission.spread[0, 0].item() == pytest.approx(0.1, rel=0.05)  # sqrt(0.02 / 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tiny_training_resumes_bit_for_bit(kind, tmp_path):
    recipe = tiny(kind, "jakes")
    run_channel(recipe, Run.of(recipe, tmp_path / "whole", report=quiet))
    run_channel(recipe, Run.of(recipe, tmp_path / "parts", report=quiet, stop_after=5))
    run_channel(recipe, Run.of(recipe, tmp_path / "parts", report=quiet, resume=True))
    whole, parts = (load_checkpoint(tmp_path / name / "checkpoint.pt") for name in ("whole", "parts"))
    for name, value in whole["average"].items():
        assert torch.equal(value, parts["average"][name]), name
    rows = (tmp_path / "whole" / "equilibrium.csv").read_text()
    assert rows == (tmp_path / "parts" / "equilibrium.csv").read_text()
    assert len(rows.splitlines()) == 13
    with pytest.raises(UsageError, match="--resume"):
        run_channel(recipe, Run.of(recipe, tmp_path / "whole", report=quiet))


@pytest.mark.parametrize("game", ["minimax", "hinge", "lsgan", "wasserstein"])
def test_every_game_plays(game, tmp_path):
    recipe = dataclasses.replace(tiny("dcgan", "rayleigh"), game=game, penalty=10.0 * (game == "wasserstein"))
    run_channel(recipe, Run.of(recipe, tmp_path, report=quiet))
    assert (tmp_path / "checkpoint.pt").exists()


@pytest.mark.parametrize(("kind", "channel"), [("gan", "awgn"), ("cgan", "saleh"), ("dcgan", "rayleigh-block")])
def test_export_samples_without_torch_as_with_it(kind, channel, tmp_path):
    net = run_channel(tiny(kind, channel), Run.of(tiny(kind, channel), tmp_path / "run", report=quiet))
    target = tmp_path / "model.onnx"
    card = export_channel(tmp_path / "run" / "checkpoint.pt", target)
    assert card.parity < 1e-4 and card.task == "channel"
    model = load(target)
    x = np.random.default_rng(1).standard_normal((70, 2)).astype(np.float32)
    first, again = (model.sample(x, np.random.default_rng(2)) for _ in range(2))
    np.testing.assert_array_equal(first.y, again.y)
    assert first.y.shape == (70, 2) and first.y.dtype == np.float32
    rng = np.random.default_rng(2)
    radius = net.emission.radius
    gain = None
    if first.gain is not None:
        assert (first.gain[:16] == first.gain[0]).all() and (first.gain[16] != first.gain[0]).any()
        rng.standard_normal((5 + 2 * net.fading.radius, NOISE), dtype=np.float32)
        gain = torch.from_numpy(np.pad(first.gain.T, ((0, 0), (radius, radius))))[None]
    noise = torch.from_numpy(rng.standard_normal((70 + 2 * radius, NOISE), dtype=np.float32).T.copy())[None]
    padded = torch.from_numpy(np.pad(x.T, ((0, 0), (radius, radius))))[None]
    with torch.no_grad():
        expected = net.emission(padded, noise, gain)[0].T.numpy()
    np.testing.assert_allclose(first.y, expected, atol=1e-4)
    with pytest.raises(OutputRefused, match="exists"):
        export_channel(tmp_path / "run" / "checkpoint.pt", target)


def test_a_lost_game_ends_with_its_name_and_good_weights(tmp_path):
    recipe = dataclasses.replace(
        tiny("cgan", "awgn"), steps=600, optim=dataclasses.replace(tiny("cgan", "awgn").optim, lr=1e3, warmup=1)
    )
    with pytest.raises((Diverged, Collapsed), match=r"stopped, last good weights: .*good\.pt"):
        run_channel(recipe, Run.of(recipe, tmp_path, report=quiet))
    assert (tmp_path / "good.pt").exists()


def test_samples_that_do_not_suit_are_refused(tmp_path):
    x = np.random.default_rng(0).standard_normal((300, 20, 2)).astype(np.float32)
    with pytest.raises(InputRejected, match="too short"):
        ChannelTask(tiny("cgan", "awgn"), Samples(x, x + 1), tmp_path)
    with pytest.raises(UsageError, match=r"hold no gains"):
        ChannelTask(tiny("cgan", "rayleigh"), Samples(x, x + 1), tmp_path)


def test_recipes_refuse_what_cannot_be():
    recipe = tiny("dcgan", "awgn")
    for changes in ({"steps": 0}, {"batch": 3}, {"game": "paper"}, {"r1": -1.0}, {"game": "wasserstein"}):
        with pytest.raises(UsageError):
            dataclasses.replace(recipe, **changes)
    with pytest.raises(UsageError, match="fading_width"):
        ChannelShape("gan", True, 8, 8, fading_width=3)
    with pytest.raises(UsageError, match="odd"):
        ChannelShape("dcgan", True, 8, 8, 3, 3, taps=4)


def test_the_new_games_of_the_losses():
    real, fake = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.0])
    assert critic_loss("wasserstein", real, fake).item() == pytest.approx(-2)
    assert generator_loss("wasserstein", real, fake).item() == pytest.approx(0.5)
    expected = torch.log(1 - torch.sigmoid(fake)).mean()
    torch.testing.assert_close(generator_loss("minimax", real, fake), expected)
    x = torch.randn(5, 2, 3)
    steep = gradient_penalty(lambda u: 3 * u[:, 0, 0], x, x + 1, torch.rand(5, 1, 1))
    assert steep.item() == pytest.approx(4)


def test_a_model_file_of_another_task_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError):
        load(tmp_path / "a.onnx")
