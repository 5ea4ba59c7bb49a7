import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm.ber import (
    Air,
    Count,
    Limits,
    design_effect,
    ebn0_range,
    interval,
    random_bits,
    simulate,
)
from relume.comm.channels import ALL, Awgn, Rayleigh, equalise, esn0_to_n0, make, to_complex, to_pairs
from relume.comm.schemes import CLASSICAL
from relume.signal import Degradation, UsageError


@pytest.mark.parametrize("name", ALL)
def test_a_channel_is_a_degradation_and_its_draw_is_repeatable(name):
    channel = make(name, 0.3)
    assert isinstance(channel, Degradation)
    x = np.ones((3, 50, 2), np.float32)
    draws = [channel.draw(x.shape, np.random.default_rng(7)) for _ in range(2)]
    first, second = (channel.apply(x, draw) for draw in draws)
    assert first.shape == x.shape and (first == second).all()
    assert not (channel.apply(x, channel.draw(x.shape, np.random.default_rng(8))) == first).all()


def test_noise_energy_is_n0_for_a_complex_symbol():
    channel = Awgn(0.4)
    x = np.zeros((1, 200_000, 2), np.float32)
    y = channel.apply(x, channel.draw(x.shape, np.random.default_rng(1)))
    assert np.mean((y**2).sum(-1)) == pytest.approx(0.4, rel=0.02)
    assert np.var(y[..., 0]) == pytest.approx(0.2, rel=0.02)


def test_fading_multiplies_by_a_unit_gain_that_the_receiver_may_undo():
    channel = Rayleigh(0.0, block=5)
    x = np.random.default_rng(0).normal(size=(2, 52, 2)).astype(np.float32)
    draw = channel.draw(x.shape, np.random.default_rng(1))
    y = channel.apply(x, draw)
    gain = to_complex(draw.known["gain"])
    assert to_complex(y) == pytest.approx(to_complex(x) * gain, abs=1e-5)
    assert (gain[:, 0] == gain[:, 4]).all() and (gain[:, 4] != gain[:, 5]).all()
    back, _ = equalise(y, draw.known)
    assert back == pytest.approx(x, abs=1e-3)
    power = np.abs(to_complex(Rayleigh(0.1).draw((1, 100_000, 2), np.random.default_rng(2)).known["gain"])) ** 2
    assert power.mean() == pytest.approx(1, rel=0.02)
    assert "gain" not in Rayleigh(0.1, csi=False).draw((1, 10, 2), np.random.default_rng(2)).known


def test_the_same_channel_runs_under_torch():
    torch = pytest.importorskip("torch")
    for channel in (Awgn(0.2), Rayleigh(0.2)):
        x = np.random.default_rng(0).normal(size=(2, 9, 2)).astype(np.float32)
        draw = channel.draw(x.shape, np.random.default_rng(1))
        tensors = type(draw)(draw.known, {key: torch.from_numpy(value) for key, value in draw.hidden.items()})
        y = channel.apply(torch.from_numpy(x).requires_grad_(), tensors)
        y.sum().backward()
        assert y.detach().numpy() == pytest.approx(channel.apply(x, draw), abs=1e-6)


@pytest.mark.parametrize("n0", [-1.0, float("nan"), float("inf")])
def test_impossible_noise_is_refused(n0):
    with pytest.raises(UsageError):
        Awgn(n0)
    with pytest.raises(UsageError):
        Rayleigh(n0)


def test_an_empty_or_misshapen_signal_is_refused():
    for shape in ((0, 2), (5,), (4, 3)):
        with pytest.raises(UsageError):
            Awgn(0.1).draw(shape, np.random.default_rng(0))
    with pytest.raises(UsageError, match="no channel"):
        make("cable", 0.1)
    with pytest.raises(UsageError):
        esn0_to_n0(float("nan"))


def test_pairs_and_complex_are_the_same_numbers():
    z = np.array([1 + 2j, -3j], np.complex64)
    assert (to_complex(to_pairs(z)) == z).all()


def test_clopper_pearson_against_its_definition():
    low, high = interval(10, 100)
    assert (low, high) == (pytest.approx(0.0490, abs=1e-4), pytest.approx(0.1762, abs=1e-4))
    assert interval(0, 1000)[0] == 0 and interval(0, 1000)[1] == pytest.approx(1 - 0.025 ** (1 / 1000))
    assert interval(5, 5)[1] == 1
    with pytest.raises(UsageError):
        interval(3, 2)


def test_bursts_widen_the_interval_and_independent_errors_do_not():
    rng = np.random.default_rng(0)

    def effect(wrong):
        parts = wrong.reshape(-1, 240).sum(axis=1).astype(float)
        return design_effect(Count(int(wrong.sum()), wrong.size, 1, 1, len(parts), parts @ parts), 240)

    assert effect(rng.random((1000, 240)) < 0.01) < 1.2
    assert effect(np.repeat(rng.random((1000, 24)) < 0.01, 10, axis=1)) == pytest.approx(10, rel=0.3)


def test_the_axis_includes_its_end():
    assert ebn0_range("6:12:2") == (6, 8, 10, 12)
    assert ebn0_range("0:0.3:0.1") == (0, 0.1, 0.2, 0.3)
    assert ebn0_range("3,-1.5") == (3, -1.5)
    for text in ("nan", "1:2", "1:2:0", "5:1:1", "", "a", "0:inf:1"):
        with pytest.raises(UsageError):
            ebn0_range(text)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=12))
def test_any_axis_parses_or_is_refused(text):
    try:
        values = ebn0_range(text)
    except UsageError:
        return
    assert values and np.isfinite(values).all()


def test_a_point_stops_at_errors_or_bits_and_zero_errors_is_a_bound():
    curve = simulate(CLASSICAL["qpsk"], Air(), (0.0, 40.0), length=1000, limits=Limits(100, 50_000))
    noisy, clean = curve.points
    assert noisy.errors >= 100 and noisy.bits <= 200_000
    assert clean.errors == 0 and clean.upper_bound and clean.high > 0 and clean.low == 0
    assert 50_000 <= clean.bits < 52_000
    assert clean.blocks == clean.bits // 1000


def test_the_figures_depend_on_the_seed_alone():
    def run(seed, jobs=1):
        return simulate(
            CLASSICAL["16qam"],
            Air("rayleigh"),
            (8.0,),
            length=131_072,
            limits=Limits(40_000, 10**6),
            seed=seed,
            jobs=jobs,
        )

    assert run(1) == run(1) == run(1, jobs=2)
    assert run(1).points[0].errors != run(2).points[0].errors


def test_padding_is_charged():
    assert simulate(CLASSICAL["16qam"], Air(), (8.0,), length=1, limits=Limits(50, 4000)).rate_bits_per_use == 1
    assert simulate(CLASSICAL["16qam"], Air(), (8.0,), length=7, limits=Limits(50, 4000)).rate_bits_per_use == 3.5
    assert (
        simulate(CLASSICAL["qpsk+conv7"], Air(), (3.0,), length=64, limits=Limits(50, 4000)).rate_bits_per_use
        == 64 / 70
    )


def test_curves_as_csv():
    text = simulate(CLASSICAL["qpsk"], Air(), (0.0, 2.0), length=100, limits=Limits(10, 1000)).to_csv()
    assert len(text.splitlines()) == 3 and text.startswith("scheme,channel,ebn0_db,errors,bits,ber")


def test_lengths_of_zero_and_empty_limits_are_refused():
    with pytest.raises(UsageError):
        simulate(CLASSICAL["qpsk"], Air(), (0.0,), length=0)
    with pytest.raises(UsageError):
        Limits(0, 5)


def test_random_bits_are_balanced():
    assert random_bits((10, 10_001), np.random.default_rng(0)).mean() == pytest.approx(0.5, abs=0.01)
