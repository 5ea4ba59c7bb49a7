import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm.amplifier import SATURATION, Saleh
from relume.comm.channels import to_complex
from relume.comm.distances import autocorrelation
from relume.comm.fading import JakesRayleigh, jakes_autocorrelation, jakes_gain
from relume.comm.laboratory import CHANNELS, gain_of
from relume.signal import UsageError


def test_jakes_gain_has_power_one_and_the_bessel_autocorrelation():
    gain = jakes_gain(1 << 16, 0.05, np.random.default_rng(1), (8,))
    assert np.mean(np.abs(gain) ** 2) == pytest.approx(1, abs=0.02)
    found = np.mean([autocorrelation(g, 32) for g in gain], axis=0)
    assert np.abs(found - jakes_autocorrelation(0.05, 32)).max() < 0.02


def test_jakes_gain_is_gaussian():
    gain = jakes_gain(1 << 16, 0.2, np.random.default_rng(2), (4,)).ravel()
    assert np.mean(np.abs(gain) ** 4) == pytest.approx(2, abs=0.05)
    assert abs(np.mean(gain)) < 0.02 and abs(np.mean(gain**2)) < 0.02


def test_jakes_applies_its_gain():
    channel = JakesRayleigh(0.0, 0.02)
    x = np.random.default_rng(3).standard_normal((3, 50, 2)).astype(np.float32)
    draw = channel.draw(x.shape, np.random.default_rng(4))
    expected = to_complex(x) * to_complex(draw.known["gain"])
    np.testing.assert_allclose(to_complex(channel.apply(x, draw)), expected, atol=1e-6)
    assert "gain" not in JakesRayleigh(0.0, 0.02, csi=False).draw(x.shape, np.random.default_rng(4)).known


@pytest.mark.parametrize("doppler", [0.0, 0.5, -0.1, float("nan")])
def test_jakes_bounds(doppler):
    with pytest.raises(UsageError, match="Doppler"):
        JakesRayleigh(0.1, doppler)


def test_saleh_saturates_at_one_and_turns_as_published():
    tube = Saleh(0.0, 0.0)
    out = tube.amplify(np.array([[1.0, 0.0]], np.float32))
    assert np.hypot(*out[0]) == pytest.approx(1, abs=1e-6)
    assert np.arctan2(out[0, 1], out[0, 0]) == pytest.approx(4.0033 * SATURATION**2 / (1 + 9.1040 * SATURATION**2))
    small = tube.amplify(np.array([[1e-3, 0.0]], np.float32))[0, 0] * (2.1587 / 2 * SATURATION)
    assert small / (1e-3 * SATURATION) == pytest.approx(2.1587, rel=1e-4)


@settings(deadline=None)
@given(st.floats(0.01, 3), st.floats(-3, 3), st.floats(-10, 10))
def test_saleh_commutes_with_rotation(radius, angle, backoff):
    tube = Saleh(0.0, backoff)
    straight = tube.amplify(np.array([[radius, 0.0]], np.float64))[0] @ [1, 1j]
    turned = tube.amplify(np.array([[radius * np.cos(angle), radius * np.sin(angle)]]))[0] @ [1, 1j]
    assert turned == pytest.approx(straight * np.exp(1j * angle), abs=1e-9)


def test_saleh_runs_on_tensors_as_on_arrays():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(5).standard_normal((7, 2)).astype(np.float32)
    tensor = torch.from_numpy(x).requires_grad_(True)
    found = Saleh(0.0).amplify(tensor)
    np.testing.assert_allclose(found.detach().numpy(), Saleh(0.0).amplify(x), atol=1e-6)
    found.sum().backward()
    assert torch.isfinite(tensor.grad).all()


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_repeats_itself(name):
    channel = CHANNELS[name]
    x = np.ones((64, 2), np.float32)
    first, second = (channel.draw(x.shape, np.random.default_rng(6)) for _ in range(2))
    y = channel.apply(x, first)
    np.testing.assert_array_equal(y, channel.apply(x, second))
    assert y.shape == x.shape and np.isfinite(y).all()
    assert (gain_of(channel, first.known) is None) == (name in ("awgn", "saleh"))
