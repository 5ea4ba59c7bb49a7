import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.degrade.resample import resize
from relume.runtime.resampling import back_project, enlarge, shrink


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([2, 3, 4]), st.integers(0, 9))
def test_both_ways_equal_the_reference(height: int, width: int, scale: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.random((height, width, 2))
    assert np.allclose(enlarge(low.astype(np.float32), scale), resize(low, scale), atol=2e-6)
    high = rng.random((height * scale, width * scale, 2))
    assert np.allclose(shrink(high.astype(np.float32), scale), resize(high, size=(height, width)), atol=2e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_back_projection_removes_the_disagreement(scale: int) -> None:
    rng = np.random.default_rng(1)
    low = shrink(rng.random((40 * scale, 30 * scale, 3), dtype=np.float32), scale).clip(0, 1)
    high = enlarge(low, scale).clip(0, 1)
    errors = [np.abs(shrink(back_project(low, high, scale, n), scale) - low).mean() for n in range(5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[4] < errors[0] / 8
