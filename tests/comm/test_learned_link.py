import numpy as np
import pytest

from relume.comm import theory
from relume.comm.ber import Air, Limits, simulate
from relume.comm.channels import to_complex
from relume.comm.codes import all_messages
from relume.runtime.tasks import link as links
from relume.signal import UsageError


@pytest.mark.parametrize("name", ["ae-1", "ae-2", "ae-4"])
def test_the_learned_link_has_unit_power_and_reads_every_length(name):
    scheme = links.build(name)
    rng = np.random.default_rng(0)
    table = scheme.trellis.table
    assert (table.astype(np.float64) ** 2).mean() == pytest.approx(0.5, rel=1e-4)
    for length in (1, 2, 7, 129, 1003):
        bits = rng.integers(0, 2, (2, length), dtype=np.uint8)
        x = scheme.encode(bits, rng)
        assert x.shape == (2, scheme.uses(length), 2)
        assert (scheme.decode(x, {"n0": 0.002}, length) == bits).all()
    x = scheme.encode(all_messages(7), rng).astype(np.float64)
    assert (x**2).sum(-1).mean() == pytest.approx(1, rel=1e-4)


def test_rates_are_charged():
    assert links.build("ae-1").rate(65536) == pytest.approx(65536 / 65542)
    assert links.build("ae-4").rate(65536) == pytest.approx(4, rel=2e-4)
    assert links.build("ae-4").rate(1) == 0.5
    assert links.build("ae74").rate(4) == pytest.approx(8 / 7)
    assert links.build("secure-4").uses(65536) == links.build("ae-4").uses(65536) + 102


@pytest.mark.parametrize(("name", "ebn0"), [("ae-1", 3.1), ("ae-2", 5.1), ("ae-4", 9.2)])
def test_the_learned_link_is_far_better_than_uncoded_at_the_same_rate(name, ebn0):
    point = simulate(links.build(name), Air(), (ebn0,), length=8192, limits=Limits(10_000, 60_000)).points[0]
    assert point.ber < 1e-3


def test_the_learned_link_beats_uncoded_16qam_over_fading():
    point = simulate(links.build("ae-4"), Air("rayleigh"), (15.0,), length=8192, limits=Limits(10_000, 60_000)).points[
        0
    ]
    assert point.ber < 1e-3


def test_the_block_autoencoder_is_as_good_as_hamming():
    ours, theirs = (
        simulate(links.build(name), Air(), (5.0,), length=4, limits=Limits(10**9, 400_000)).points[0].bler
        for name in ("ae74", "hamming74")
    )
    assert ours == pytest.approx(theirs, rel=0.25)
    words = links.learned_codewords("ae74")
    assert (words**2).sum(1) == pytest.approx(3.5, rel=1e-4)
    noisy = words + 0.1 * np.random.default_rng(0).standard_normal(words.shape).astype(np.float32)
    assert (links.block_scores("ae74", noisy) == all_messages(4)).all()


def test_the_two_by_two_autoencoder_found_four_orthogonal_points():
    words = links.learned_codewords("ae22")
    gram = np.sort((words @ words.T).round(2), axis=1)
    assert gram[:, 0] == pytest.approx(-1, abs=0.06) and gram[:, 1:3] == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("name", ["secure-1", "secure-2", "secure-4"])
@pytest.mark.parametrize("mix", [True, False])
def test_the_secure_link_reads_with_the_key_and_is_flat_in_power(name, mix):
    scheme = links.build(name, mix=mix)
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (2, 4000), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    assert (scheme.decode(x, {"n0": 0.01}, 4000) == bits).all()
    assert (np.abs(to_complex(x)) ** 2).mean() == pytest.approx(1, abs=0.05)


def test_the_generator_turns_any_latents_to_unit_phasors():
    drive = links.GeneratorDrive()
    for length in (3, 50):
        latents = np.random.default_rng(0).uniform(-1, 1, (4, 16, length)).astype(np.float32)
        phasors = drive(latents)
        assert phasors.shape == (4, 2, 4 * length) and np.abs(phasors) == pytest.approx(1, abs=1e-5)
    phasors = drive(np.random.default_rng(0).uniform(-1, 1, (20, 16, 500)).astype(np.float32))
    assert abs(phasors.mean()) < 0.01 and abs((phasors**2).mean()) < 0.01


def test_controls_and_unknown_names():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (1, 64), dtype=np.uint8)
    for name in links.CONTROLS:
        scheme = links.build(name)
        assert scheme.name == name
        assert (scheme.decode(scheme.encode(bits, rng), {"n0": 0.01}, 64) == bits).all()
    with pytest.raises(UsageError, match="no scheme 'wifi'; there are bpsk"):
        links.build("wifi")


def test_the_onnx_receiver_is_the_map_rule_of_the_onnx_transmitter():
    scheme = links.build("ae-4")
    trellis = scheme.trellis
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (3, 200), dtype=np.uint8)
    values = trellis.encode(bits) / trellis.gain(200)
    y = (values + 0.1 * rng.standard_normal(values.shape)).astype(np.float32)
    received = np.concatenate([y, np.full_like(y, 1 / 0.02)], axis=2).transpose(0, 2, 1)[:, :, None]
    llr = links.network("link-ae4-decoder")(received)[:, :, 0].transpose(0, 2, 1)
    expected = trellis.decode(y * trellis.gain(200), np.float32(0.02) * trellis.gain(200) ** 2, 200)
    found = llr.reshape(3, -1)[:, :200]
    inner = slice(60, 140)
    assert np.clip(found[:, inner], -20, 20) == pytest.approx(np.clip(expected[:, inner], -20, 20), abs=0.1)


def test_below_the_reach_of_its_code_the_learned_link_sends_levels_that_are_no_worse_than_16qam():
    scheme = links.build("ae-4")
    assert (
        scheme.at(9.0, "rayleigh", 65536).trellis is scheme.low
        and scheme.at(10.1, "rayleigh", 65536).trellis is scheme.trellis
    )
    assert scheme.at(0.0, "awgn", 1).trellis is scheme.trellis and scheme.at(5.0, "awgn", 7).trellis is scheme.trellis
    limits = Limits(10**9, 500_000)
    for channel, ebn0 in (("awgn", (2.0, 7.6, 7.7)), ("rayleigh", (0.0, 10.0, 10.1))):
        ours = simulate(scheme, Air(channel), ebn0, length=65536, limits=limits).points
        assert all(point.ber < 1.03 * theory.ber("16qam", channel, point.ebn0_db) for point in ours)


def test_the_secure_link_follows_its_inner_link_to_low_snr():
    limits = Limits(10**9, 200_000)
    point = simulate(links.build("secure-4", mix=False), Air("rayleigh"), (7.0,), length=65536, limits=limits).points[0]
    assert point.ber < 1.05 * theory.ber("16qam", "rayleigh", 7.0)
