import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.degrade.resample import BicubicDownscale, cubic, mod_crop, quantise, resize, weights
from relume.metrics import psnr
from relume.problem import Problem
from relume.signal import Degradation, UsageError


def test_kernel_interpolates_and_integrates_to_one():
    assert cubic(np.array([0.0])) == 1
    np.testing.assert_allclose(cubic(np.array([-2.0, -1.0, 1.0, 2.0])), 0, atol=1e-15)
    grid = np.linspace(-2, 2, 4001)
    assert np.trapezoid(cubic(grid), grid) == pytest.approx(1, abs=1e-6)


def test_half_size_by_hand():
    # x1/2: the stretched kernel has eight taps at +-0.25, 0.75, 1.25, 1.75 of Keys' kernel, halved.
    row = weights(16, 8, 0.5)[4]
    taps = 0.5 * cubic(np.array([-1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75]))
    np.testing.assert_allclose(row[5:13], taps, atol=1e-12)
    assert not row[:5].any()
    assert not row[13:].any()


def test_borders_mirror():
    row = weights(8, 16, 2.0)[0]
    by_hand = np.zeros(8)
    for tap, index in zip(range(-3, 2), (2, 1, 0, 0, 1), strict=True):
        by_hand[index] += cubic(np.array([-0.25 - tap]))[0]
    np.testing.assert_allclose(row, by_hand, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_constants_stay_and_shapes_are_as_asked(h, w, rows, cols):
    out = resize(np.full((h, w, 3), 0.3), size=(rows, cols))
    assert out.shape == (rows, cols, 3)
    np.testing.assert_allclose(out, 0.3, atol=1e-12)


def test_a_linear_ramp_stays_linear_inside():
    ramp = np.tile(np.arange(32.0), (8, 1))
    out = resize(ramp, 2.0)[4, 8:-8]
    np.testing.assert_allclose(np.diff(out), 0.5, atol=1e-12)


def test_float32_stays_float32_and_scale_rounds_up():
    out = resize(np.zeros((7, 5), np.float32), 0.5)
    assert out.shape == (4, 3)
    assert out.dtype == np.float32


def test_arguments_are_checked():
    for bad in ({}, {"scale": 2, "size": (1, 1)}, {"scale": -1}):
        with pytest.raises(UsageError):
            resize(np.zeros((4, 4)), **bad)


def test_mod_crop_and_quantise():
    assert mod_crop(np.zeros((10, 11, 3)), 4).shape == (8, 8, 3)
    np.testing.assert_allclose(quantise(np.array([-0.1, 0.5, 1.2])), [0, 128 / 255, 1])


def test_the_flow_degrades_restores_and_scores():
    class Enlarge:
        def restore(self, y, known):
            return resize(y, size=tuple(s * known["scale"] for s in y.shape[:2]))

    degradation = BicubicDownscale(2)
    assert isinstance(degradation, Degradation)
    x = resize(np.random.default_rng(0).random((6, 6, 3)), size=(24, 24))
    outcome = Problem(degradation, {"psnr": psnr}).run(x, Enlarge(), rng=np.random.default_rng(0))
    assert outcome.degraded.shape == (12, 12, 3)
    assert outcome.scores["psnr"] > 30
