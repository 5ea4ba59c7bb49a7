"""Noise and grain against their variances in closed form."""

import numpy as np
import pytest

from relume.degrade.noise import FilmGrain, GaussianNoise, SensorNoise, clumps
from relume.signal import UsageError

SIDE = 256


def residual(made, level: float, seed: int = 0, colour: bool = False) -> np.ndarray:
    x = np.full((SIDE, SIDE, 3) if colour else (SIDE, SIDE), level)
    return made.apply(x, made.draw(x.shape, np.random.default_rng(seed))) - x


@pytest.mark.parametrize("sigma", [5 / 255, 25 / 255])
def test_gaussian_noise_has_its_deviation_and_no_colour_correlation(sigma: float) -> None:
    noise = residual(GaussianNoise(sigma), 0.5, colour=True)
    # The deviation of a sample deviation of N values is sigma / sqrt(2 N).
    assert noise.std() == pytest.approx(sigma, abs=4 * sigma / np.sqrt(2 * noise.size))
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 4 / SIDE


def test_unclipped_gaussian_noise_leaves_the_range() -> None:
    assert residual(GaussianNoise(0.1, clipped=False), 0.0).min() < 0
    assert residual(GaussianNoise(0.1), 0.0).min() == 0


@pytest.mark.parametrize("level", [0.1, 0.4, 0.7])
def test_sensor_noise_variance_is_shot_times_signal_plus_read_squared(level: float) -> None:
    noise = residual(SensorNoise(shot=0.002, read=0.01), level)
    wanted = 0.002 * level + 0.01**2
    assert noise.var() == pytest.approx(wanted, rel=4 * np.sqrt(2 / noise.size))


@pytest.mark.parametrize("size", [0.0, 0.4, 0.8, 2.0])
def test_clumps_keep_unit_variance_whatever_their_size(size: float) -> None:
    field = clumps((512, 512), size, np.random.default_rng(0))
    # Clumps of this size leave about (512 / (2 sqrt(pi) size))^2 independent values.
    independent = 512**2 / max(1.0, 4 * np.pi * size**2)
    assert field.var() == pytest.approx(1, abs=5 * np.sqrt(2 / independent))


def test_grain_is_strongest_in_the_middle_tones_and_none_at_the_ends() -> None:
    made = FilmGrain(strength=0.05, size=0.5, colour=0.0)
    spread = {level: residual(made, level).std() for level in (0.0, 0.2, 0.5, 0.8, 1.0)}
    assert spread[0.0] == spread[1.0] == 0
    assert spread[0.5] == pytest.approx(0.05, rel=0.05)
    assert spread[0.2] == pytest.approx(2 * 0.05 * np.sqrt(0.2 * 0.8), rel=0.05)


@pytest.mark.parametrize(("colour", "correlation"), [(0.0, 1.0), (0.3, 0.7), (1.0, 0.0)])
def test_grain_colour_is_the_share_that_differs_between_channels(colour: float, correlation: float) -> None:
    noise = residual(FilmGrain(strength=0.05, size=0.0, colour=colour), 0.5, colour=True)
    assert np.corrcoef(noise[..., 0].ravel(), noise[..., 2].ravel())[0, 1] == pytest.approx(correlation, abs=0.03)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GaussianNoise(sigma=2), r"sigma must lie in \[0, 1\], not 2"),
        (lambda: GaussianNoise(sigma=(0.3, 0.1)), "range from 0.3 down to 0.1"),
        (lambda: GaussianNoise(sigma="much"), "sigma must be a number or a range"),
        (lambda: GaussianNoise(sigma=float("nan")), "sigma must lie in"),
        (lambda: GaussianNoise(clipped=1), "clipped must be true or false"),
        (lambda: SensorNoise(shot=-0.1), r"shot must lie in \[0, 1\], not -0.1"),
        (lambda: FilmGrain(size=(1, 2, 3)), "size must be a number or a range"),
    ],
)
def test_parameters_out_of_bounds_are_named_with_their_bound(make, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()
