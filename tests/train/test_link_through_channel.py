import dataclasses

import numpy as np
import pytest
import torch

from relume import recipes
from relume.comm import theory
from relume.comm.laboratory import find
from relume.comm.modem import Modem
from relume.signal import UsageError
from relume.train.channel_gan import run_channel
from relume.train.link_bench import amplifier_references, at, experiment
from relume.train.link_through_channel import LinkThroughChannel, bits_of, gray, over, start, through_model, train_link
from relume.train.loop import Run


def quiet(line):
    pass


def recipe(kind, channel):
    return LinkThroughChannel("test", recipes.find(f"channel_{kind}.{channel}")).tiny()


def test_the_start_is_gray_16qam_with_its_labels():
    labels = torch.arange(16)
    bits = bits_of(labels).numpy().astype(np.uint8)
    np.testing.assert_array_equal(gray().numpy(), Modem(4).modulate(bits.reshape(-1)))
    np.testing.assert_array_equal(Modem(4).demap_hard(gray().numpy()).reshape(16, 4), bits)
    points = start(recipe("dcgan", "saleh")).sender.points()
    assert points.square().sum(1).mean().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("channel", ["rayleigh-block", "jakes", "saleh"])
def test_the_gradient_reaches_the_symbols_through_either_channel(channel, tmp_path):
    one = recipe("dcgan", channel)
    net = run_channel(one.gan, Run.of(one.gan, tmp_path, report=quiet))
    for way in (over(find(channel)), through_model(net, 16 if "block" in channel else 1)):
        x = gray().clone().requires_grad_(True)
        y, gain = way(x, np.random.default_rng(0))
        assert y.shape == (16, 2) and (gain is None) == (channel == "saleh")
        y.square().sum().backward()
        assert torch.isfinite(x.grad).all() and (x.grad.abs().sum(1) > 0).all()


def test_over_is_the_channel_itself():
    law = find("rayleigh")
    x = gray()
    y, gain = over(law)(x, np.random.default_rng(3))
    draw = law.draw((16, 2), np.random.default_rng(3))
    np.testing.assert_allclose(y.numpy(), law.apply(x.numpy(), draw), atol=1e-6)
    np.testing.assert_array_equal(gain.numpy(), draw.known["gain"])


def test_a_link_learns_over_the_true_channel():
    one = dataclasses.replace(recipe("cgan", "awgn"), rounds=3, steps=60, batch=512, lr=1e-2)
    link = train_link(one, None, quiet)
    errors, bits = link.ber(at(find("awgn"), 10.0), 1 << 18, np.random.default_rng(0))
    assert errors / bits < 0.05
    assert errors / bits > 0.5 * theory.ber("16qam", "awgn", 10.0)


def test_the_amplifier_hurts_a_linear_receiver_more():
    curves = amplifier_references(find("saleh"), 40000, np.random.default_rng(0))
    linear, nearest, best = (errors / bits for errors, bits in (measure(12.0) for measure in curves.values()))
    assert nearest < best < linear


@pytest.mark.parametrize("channel", ["saleh", "rayleigh"])
def test_a_tiny_experiment_gives_rows_and_a_summary(channel):
    rows, summary = experiment(recipe("dcgan", channel), 65536, quiet)
    assert {"link", "ebn0_db", "errors", "bits", "ber"} == set(rows[0])
    assert len(summary["weights_sha256"]) == 64 and len(summary["constellation"]) == 16
    assert ("gain_over_16qam_db" in summary) == (channel == "saleh")


def test_an_unconditional_model_cannot_carry_a_link():
    with pytest.raises(UsageError, match="conditional"):
        LinkThroughChannel("x", recipes.find("channel_gan.awgn"))
