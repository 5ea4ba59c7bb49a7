"""Pixelation and resizing by definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.degrade.pixels import KERNELS, Pixelate, Resize, Shrink, block_means, resample
from relume.degrade.resample import resize
from relume.signal import UsageError


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 9), st.booleans())
def test_each_block_is_its_mean(height: int, width: int, block: int, colour: bool) -> None:
    x = np.random.default_rng(0).random((height, width, 3) if colour else (height, width))
    y = block_means(x, block)
    for top in range(0, height, block):
        for left in range(0, width, block):
            square = np.s_[top : top + block, left : left + block]
            assert y[square] == pytest.approx(np.broadcast_to(x[square].mean((0, 1)), y[square].shape))


def test_pixelating_again_changes_nothing() -> None:
    x, made = np.random.default_rng(0).random((24, 24, 3)), Pixelate(4)
    draw = made.draw(x.shape, np.random.default_rng(0))
    once = made.apply(x, draw)
    assert made.apply(once, draw) == pytest.approx(once)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(7, 9), (40, 50), (20, 30)])
def test_a_flat_picture_stays_flat(kernel, size: tuple[int, int]) -> None:
    assert resample(np.full((20, 30, 3), 0.3), size, kernel) == pytest.approx(np.full((*size, 3), 0.3))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_same_size_is_the_same_picture(kernel) -> None:
    x = np.random.default_rng(0).random((12, 17, 3))
    assert resample(x, (12, 17), kernel) == pytest.approx(x)


def test_each_kernel_is_what_its_name_says() -> None:
    x = np.random.default_rng(0).random((12, 18))
    assert resample(x, (4, 6), "area") == pytest.approx(x.reshape(4, 3, 6, 3).mean((1, 3)))
    assert resample(x, (4, 6), "nearest") == pytest.approx(x[1::3, 1::3])
    assert resample(x, (4, 6), "bilinear") == pytest.approx(x[1::3, 1::3])
    assert resample(x, (4, 6), "bicubic") == pytest.approx(np.clip(resize(x, size=(4, 6)), 0, 1))
    slope = np.linspace(0, 1, 10)[None, :].repeat(3, 0)
    assert resample(slope, (3, 20), "bilinear")[0, 1:-1] == pytest.approx((np.arange(1, 19) + 0.5) / 2 / 9 - 0.5 / 9)


def test_area_keeps_the_mean_at_any_size() -> None:
    x = np.random.default_rng(0).random((30, 41))
    assert resample(x, (7, 13), "area").mean() == pytest.approx(x.mean())


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.floats(0.05, 3.0), st.sampled_from((*KERNELS, "any")))
def test_the_size_is_the_rounded_factor(height: int, width: int, factor: float, kernel) -> None:
    made = Resize(factor, kernel)
    draw = made.draw((height, width), np.random.default_rng(0))
    wanted = (max(1, round(height * factor)), max(1, round(width * factor)))
    assert made.apply(np.zeros((height, width)), draw).shape == made.out_shape((height, width), draw) == wanted


def test_a_damaged_pixel_is_never_lost_by_shrinking() -> None:
    mask = np.zeros((40, 40), bool)
    mask[17, 23] = True
    made = Resize(0.3)
    carried = made.carry(mask, made.draw(mask.shape, np.random.default_rng(0)))
    assert carried.shape == (12, 12)
    assert carried[5, 6] and carried.sum() <= 4


def test_shrinking_wants_multiples_of_its_scale() -> None:
    assert Shrink(4).draw((16, 32, 3), np.random.default_rng(0)).known["size"] == (4, 8)
    with pytest.raises(UsageError, match="no multiples of 4; crop"):
        Shrink(4).draw((16, 30, 3), np.random.default_rng(0))
    with pytest.raises(UsageError, match="one whole number"):
        Shrink((2, 4))
