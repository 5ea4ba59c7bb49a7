import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from relume.comm.trellis import Trellis  # noqa: E402
from relume.nets.dcgan import DriveGenerator, WaveformCritic  # noqa: E402
from relume.nets.link import TrellisReceiver, WindowEncoder, recursion  # noqa: E402
from relume.recipes.link_ae1 import RECIPE as AE1  # noqa: E402
from relume.recipes.link_ae4 import RECIPE as AE4  # noqa: E402
from relume.recipes.link_ae74 import RECIPE as AE74  # noqa: E402
from relume.runtime.tasks import link as links  # noqa: E402
from relume.signal import UsageError  # noqa: E402
from relume.train.eve import Budget, camouflage, cnn_attack  # noqa: E402
from relume.train.eve_suite import run_suite  # noqa: E402
from relume.train.link import link_loss, start_table, train_block  # noqa: E402
from relume.train.link_export import train_and_export  # noqa: E402
from relume.train.secure import unevenness  # noqa: E402


@pytest.mark.parametrize("recipe", [AE1, AE4])
def test_the_network_is_the_numpy_trellis(recipe):
    torch.manual_seed(0)
    encoder = WindowEncoder(start_table(recipe), recipe.m)
    encoder.residual.data.normal_(0, 0.1)
    trellis = Trellis(encoder.table().detach().numpy(), recipe.m)
    assert trellis.memory == recipe.memory
    bits = np.random.default_rng(0).integers(0, 2, (2, 60), dtype=np.uint8)
    expected = trellis.encode(bits) / trellis.gain(60)
    stream = np.pad(bits, ((0, 0), (recipe.memory, 0))).reshape(2, -1, recipe.m).transpose(0, 2, 1)
    found = encoder(torch.from_numpy(stream.astype(np.float32))[:, :, None])[:, :, 0].permute(0, 2, 1)
    assert found.detach().numpy() == pytest.approx(expected[:, : 60 // recipe.m], abs=1e-5)


def test_both_forms_of_the_recursion_agree():
    torch.manual_seed(0)
    receiver = TrellisReceiver(start_table(AE4), 2)
    received = torch.cat([torch.randn(3, 1, 1, 30), torch.full((3, 1, 1, 30), 4.0)], dim=1)
    direct = recursion(receiver.table, received, 64, 4, receiver.ones)
    assert receiver(received).detach().numpy() == pytest.approx(direct.detach().numpy(), abs=1e-3)


def test_learning_starts_at_theory_and_has_a_gradient():
    encoder = WindowEncoder(start_table(AE1), 1)
    assert encoder.table().abs().detach().numpy() == pytest.approx(0.5**0.5, abs=1e-6)
    tiny = dataclasses.replace(AE1.tiny(), batch=32)
    torch.manual_seed(0)
    loss = link_loss(encoder, tiny, 0.0)
    loss.backward()
    assert 0 < loss.item() < 0.4 and encoder.residual.grad.abs().sum() > 0


def test_the_block_autoencoder_learns_a_code():
    recipe = dataclasses.replace(AE74, steps=200, batch=128)
    words = train_block(recipe, lambda _: None).codebook().detach()
    gram = words @ words.t() / 3.5
    assert gram[~torch.eye(16, dtype=torch.bool)].max() < 0.6


@pytest.mark.parametrize("name", ["ae-2", "ae-4-low", "ae22", "drive", "static"])
def test_a_recipe_trains_and_exports_in_seconds(name, tmp_path):
    files = train_and_export(name, tmp_path, tiny=True, report=lambda _: None)
    assert files and all(file.stat().st_size > 500 for file in files)
    with pytest.raises(UsageError, match="no link recipe"):
        train_and_export("nothing", tmp_path, tiny=True, report=lambda _: None)


def test_the_generator_s_phases_are_uniform_whatever_it_has_learned():
    generator = DriveGenerator()
    for weight in generator.body.parameters():
        torch.nn.init.constant_(weight, 0.3)
    phasors = generator(torch.rand(30, 16, 1, 200) * 2 - 1)
    assert unevenness(phasors).item() < 0.01
    assert WaveformCritic()(torch.randn(5, 6, 1, 256)).shape == (5,)


def test_a_trained_eve_reads_the_static_control_and_not_the_secure_link():
    budget = Budget(4.0, 2000, 400)
    static = cnn_attack(links.build("static"), budget, np.random.default_rng(0), lambda _: None)
    secure = cnn_attack(links.build("secure-1"), budget, np.random.default_rng(0), lambda _: None)
    assert static.ber_worst_bit < 0.3 and static.broken
    assert not secure.broken


def test_a_classifier_tells_plain_qam_from_noise():
    found = camouflage(links.build("qpsk"), None, 1000, 0.0, 8.0, np.random.default_rng(0), lambda _: None)
    assert found["accuracy"] > 0.8 and found["judged"] == 200


def test_an_unknown_budget_is_refused():
    with pytest.raises(UsageError, match="quick or full"):
        run_suite(links.build("plain"), bytes(32), "endless", 1, lambda _: None)
