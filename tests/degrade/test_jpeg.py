"""JPEG held against its tables and against Pillow's coder."""

import io

import numpy as np
import pytest
from PIL import Image

from relume.degrade.jpeg import CHROMINANCE, DCT64, LUMINANCE, Jpeg, double, halve, jpeg, quantiser, requantise
from relume.signal import UsageError


def scene(height: int, width: int) -> np.ndarray:
    """A picture with slopes, edges, texture and saturated colour, 8-bit levels in [0, 1]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / 16
    rgb = np.stack([0.5 + 0.4 * np.sin(x), 0.5 + 0.4 * np.cos(y + x / 3), 0.5 + 0.4 * np.sin(x * y / 4)], -1)
    rgb[height // 4 : height // 2, width // 3 : width // 2] = [0.9, 0.1, 0.2]
    rgb += rng.normal(0, 0.03, rgb.shape)
    return np.rint(np.clip(rgb, 0, 1) * 255) / 255


def pillow(x: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.rint(x * 255).astype(np.uint8)).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file), float) / 255


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 95, 100])
@pytest.mark.parametrize("table", [LUMINANCE, CHROMINANCE])
def test_quantisers_are_those_that_pillow_writes(quality: int, table: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(file, "JPEG", quality=quality)
    written = Image.open(file).quantization
    number = 0 if table is LUMINANCE else 1
    assert list(quantiser(table, quality)) == list(written[number])


@pytest.mark.parametrize("quality", [10, 40, 75, 95])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("size", [(64, 96), (61, 83)])
def test_colour_is_pillows_to_a_level_on_average(quality: int, subsampling: str, size: tuple[int, int]) -> None:
    x = scene(*size)
    coded = pillow(x, quality, subsampling)
    apart, lost = np.abs(jpeg(x, quality, subsampling) - coded) * 255, np.abs(x - coded) * 255
    # libjpeg's integer transform falls on the other side of a rounding now and then, more often where steps are fine.
    assert apart.mean() < 1
    assert apart.mean() < 0.3 * lost.mean()
    assert np.quantile(apart, 0.98) < 5


@pytest.mark.parametrize("quality", [10, 60, 95])
def test_gray_is_pillows_to_a_level_on_average(quality: int) -> None:
    x = scene(45, 70)[..., 1]
    apart = np.abs(jpeg(x, quality, "4:2:0") - pillow(x, quality, "4:4:4")) * 255
    assert apart.mean() < 0.45
    assert apart.max() <= 12


def test_the_transform_is_orthonormal_and_its_first_term_is_eight_times_the_mean() -> None:
    assert pytest.approx(np.eye(64), abs=1e-12) == DCT64.T @ DCT64
    block = np.random.default_rng(0).random(64)
    assert (block @ DCT64)[0] == pytest.approx(8 * block.mean())


def test_every_coefficient_comes_back_as_a_multiple_of_its_step() -> None:
    plane = np.rint(np.random.default_rng(0).uniform(60, 200, (16, 24)))
    steps = quantiser(LUMINANCE, 20)
    back = requantise(plane, steps)
    # Only the last rounding to whole values stands between the result and exact multiples: it moves a coefficient
    # by no more than its own small share.
    blocks = (back - 128).reshape(2, 8, 3, 8).swapaxes(1, 2).reshape(-1, 64)
    levels = (blocks @ DCT64) / steps
    assert np.abs(levels - np.rint(levels)).max() < 0.25


def test_halving_and_doubling_chroma() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (6, 10)).astype(float)
    means = plane.reshape(3, 2, 5, 2).mean((1, 3))
    assert np.abs(halve(plane) - means).max() <= 0.5
    assert list(halve(np.array([[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]))[0]) == [1, 2]
    slope = np.arange(8.0)[:, None] + np.zeros((8, 6))
    assert double(slope)[1:-1, 3] == pytest.approx(np.arange(14) / 2 + 0.25)


def test_lower_quality_loses_more() -> None:
    x = scene(64, 64)
    losses = [np.square(jpeg(x, q, "4:2:0") - x).mean() for q in (90, 60, 30, 10)]
    assert losses == sorted(losses)


def test_quality_is_bounded() -> None:
    with pytest.raises(UsageError, match=r"quality must lie in \[1, 100\], not 0"):
        Jpeg(quality=0)
    with pytest.raises(UsageError, match=r"quality must be a whole number"):
        Jpeg(quality=50.5)
    with pytest.raises(UsageError, match="subsampling must be one of 4:2:0, 4:4:4, any"):
        Jpeg(subsampling="4:1:1")
