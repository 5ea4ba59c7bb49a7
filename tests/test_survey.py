"""What a damaged picture shows of its damage."""

import numpy as np
import pytest

from relume.degrade.jpeg import jpeg
from relume.degrade.pixels import block_means
from relume.survey import Grid, find_grid, jpeg_steps, noise_sigma


def waves(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 0.5 + 0.2 * np.sin(x / 9) * np.cos(y / 7) + 0.1 * (x > width // 2)


@pytest.mark.parametrize("sigma", [2.0, 10.0, 25.0, 50.0])
def test_noise_is_measured_within_a_tenth(sigma: float) -> None:
    x = waves(160, 200)
    noisy = np.clip(x + np.random.default_rng(3).normal(0, sigma / 255, x.shape), 0, 1)
    assert 255 * noise_sigma(noisy) == pytest.approx(sigma, rel=0.12)
    colour = np.repeat(x[..., None], 3, 2)
    colour = colour + np.random.default_rng(4).normal(0, sigma / 255, colour.shape)
    assert 255 * noise_sigma(colour) == pytest.approx(sigma, rel=0.12)


def test_clean_pictures_have_none() -> None:
    assert 255 * noise_sigma(waves(120, 120)) < 0.3 and noise_sigma(np.zeros((64, 64))) == 0
    assert noise_sigma(np.zeros((4, 4))) == 0


def test_a_grid_is_found_where_it_is_and_nowhere_else() -> None:
    x = waves(120, 140) + 0.1 * np.random.default_rng(0).random((120, 140))
    down, across = (np.abs(np.diff(x, axis=a)).mean(axis=1 - a) for a in (0, 1))
    assert find_grid(down, across) is None
    squares = block_means(x, 6)[2:, 5:]
    down, across = (np.abs(np.diff(squares, axis=a)).mean(axis=1 - a) for a in (0, 1))
    assert find_grid(down, across) == Grid(6, 4, 1)


def test_squares_of_jpeg_are_seen_where_they_are() -> None:
    x = waves(128, 160) + 0.05 * np.random.default_rng(0).random((128, 160))
    coarse = jpeg(x, 8, "4:4:4")
    plain, pressed = (jpeg_steps(*(np.abs(np.diff(p, axis=a)).mean(axis=1 - a) for a in (0, 1))) for p in (x, coarse))
    assert plain == pytest.approx(1, abs=0.1) and pressed > 1.25
