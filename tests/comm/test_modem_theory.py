import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm import theory
from relume.comm.ber import Air, Limits, simulate
from relume.comm.channels import ebn0_to_n0
from relume.comm.modem import BITS, Modem, modem
from relume.comm.schemes import CLASSICAL
from relume.signal import UsageError


@pytest.mark.parametrize("name", BITS)
def test_modulation_has_unit_energy_and_is_undone_by_hard_and_soft_decisions(name):
    device = modem(name)
    bits = np.random.default_rng(1).integers(0, 2, (2, 6000 * device.bits), dtype=np.uint8)
    x = device.modulate(bits)
    assert x.shape == (2, 6000, 2)
    assert np.mean((x**2).sum(-1)) == pytest.approx(1, abs=0.02)
    assert (device.demap_hard(x) == bits).all()
    assert ((device.demap_soft(x, 0.05) < 0) == bits).all()
    assert ((device.demap_max_log(x, 0.05) < 0) == bits).all()


def test_labels_are_those_of_3gpp_38_211():
    root = 10**-0.5
    point = Modem(4).modulate(np.array([0, 1, 1, 0], np.uint8))  # I: b0 = 0, b2 = 1; Q: b1 = 1, b3 = 0
    assert point[0].tolist() == pytest.approx([3 * root, -root])
    point = Modem(6).modulate(np.array([1, 0, 0, 1, 1, 0], np.uint8))  # I: -(4 - (2 + 1)), Q: 4 + (2 - 1)
    assert (point[0] * 42**0.5).tolist() == pytest.approx([-1, 5], abs=1e-5)


@pytest.mark.parametrize("bits", [4, 6])
@pytest.mark.parametrize("n0", [0.004, 0.1, 3.0])
def test_exact_llrs_are_the_sums_over_all_points(bits, n0):
    device = Modem(bits)
    y = np.random.default_rng(2).normal(0, 0.8, (500, 2)).astype(np.float32)
    labels = np.arange(2**bits)[:, None] >> np.arange(bits - 1, -1, -1) & 1
    points = device.modulate(labels.astype(np.uint8).reshape(-1)).astype(np.float64)
    metric = -((y[:, None].astype(np.float64) - points) ** 2).sum(-1) / n0
    expected = np.stack(
        [
            np.logaddexp.reduce(metric[:, labels[:, b] == 0], axis=1)
            - np.logaddexp.reduce(metric[:, labels[:, b] == 1], axis=1)
            for b in range(bits)
        ],
        axis=1,
    )
    assert device.demap_soft(y, n0).reshape(-1, bits) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_closed_forms_at_known_points():
    assert theory.ber("qpsk", "awgn", 6.7895) == pytest.approx(1e-3, rel=1e-3)
    assert theory.ber("bpsk", "awgn", 9.5879) == pytest.approx(1e-5, rel=1e-3)
    assert theory.ber("16qam", "awgn", 10.5224) == pytest.approx(1e-3, rel=1e-3)
    assert theory.ber("16qam", "rayleigh", 26.95) == pytest.approx(1e-3, rel=1e-3)
    assert theory.ber("qpsk", "rayleigh", 23.9664) == pytest.approx(1e-3, rel=1e-3)


def test_limits_at_known_points():
    assert theory.shannon_ebn0_db(1) == pytest.approx(0, abs=1e-9)
    assert theory.shannon_ebn0_db(4) == pytest.approx(5.7403, abs=1e-3)
    assert theory.shannon_ebn0_db(1e-6) == pytest.approx(-1.5917, abs=1e-3)
    assert theory.ergodic_capacity(10.0) == pytest.approx(2.9065, abs=2e-3)
    assert theory.ergodic_ebn0_db(4) > theory.shannon_ebn0_db(4)
    assert theory.normal_approximation_ebn0_db(100_000, 25_000, 1e-3) == pytest.approx(5.74, abs=0.2)
    assert theory.normal_approximation_bler(64, 64, 10) < theory.normal_approximation_bler(64, 64, 2)


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("channel", ["awgn", "rayleigh"])
def test_the_simulator_agrees_with_the_closed_form(name, channel):
    axis = (3.0, 6.0) if channel == "awgn" else (5.0, 15.0)
    curve = simulate(CLASSICAL[name], Air(channel), axis, length=24_000, limits=Limits(1500, 400_000), seed=4)
    for point in curve.points:
        assert point.ber == pytest.approx(point.theory, rel=0.13)


def test_the_axis_is_not_shifted_by_three_decibels():
    """Real noise variance is n0 / 2 a dimension: with n0 there the curve would sit 3 dB to the right."""
    point = simulate(CLASSICAL["qpsk"], Air(), (6.0,), length=24_000, limits=Limits(1500, 10**6), seed=4).points[0]
    assert point.ber == pytest.approx(theory.ber("qpsk", "awgn", 6.0), rel=0.1)
    assert not 0.3 < point.ber / theory.ber("qpsk", "awgn", 3.0) < 3
    assert ebn0_to_n0(3.0103, 1.0) == pytest.approx(0.5, rel=1e-4)
    assert ebn0_to_n0(0.0, 4.0) == pytest.approx(0.25)


@settings(max_examples=30, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_energy_is_finite_or_refused(db, rate):
    try:
        n0 = ebn0_to_n0(db, rate)
    except (UsageError, OverflowError):
        return
    assert n0 >= 0


def test_bad_names_are_refused():
    with pytest.raises(UsageError, match="no modem"):
        modem("8psk")
    with pytest.raises(UsageError, match="do not fill"):
        Modem(4).modulate(np.zeros(5, np.uint8))
    with pytest.raises(UsageError, match="channel"):
        theory.ber("qpsk", "cable", 3.0)


@pytest.mark.parametrize("bits", [2, 4])
@pytest.mark.parametrize("shape", [(24,), (3, 40), (3, 20), (0, 8)])
def test_whole_bytes_become_the_symbols_of_their_bits(bits, shape):
    device, sent = Modem(bits), np.random.default_rng(0).integers(0, 2, shape, dtype=np.uint8)
    np.testing.assert_array_equal(device.modulate(sent), device._points(sent))
    assert device.modulate(sent).shape == (*shape[:-1], shape[-1] // bits, 2)
