"""Gray, sepia and halftone."""

import numpy as np
import pytest

from relume import colour
from relume.degrade.tone import Gray, Halftone, Sepia, screen
from relume.signal import UsageError


def run(made, x: np.ndarray, seed: int = 0) -> np.ndarray:
    return made.apply(x, made.draw(x.shape, np.random.default_rng(seed)))


def test_gray_is_the_luma_in_all_channels() -> None:
    x = np.random.default_rng(0).random((9, 7, 3))
    y = run(Gray(), x)
    assert y == pytest.approx(np.repeat(colour.gray(x)[..., None], 3, -1))
    plane = x[..., 0]
    assert np.array_equal(run(Gray(), plane), plane)


def test_orthochromatic_film_is_blind_to_red() -> None:
    red, blue = (np.zeros((2, 2, 3)) for _ in "ab")
    red[..., 0] = blue[..., 2] = 1
    film = Gray("orthochromatic")
    assert run(film, red).max() < 0.05 < 0.4 < run(film, blue).min()


def test_sepia_is_warm_rises_with_luma_and_forgets_the_colour() -> None:
    ramp = np.linspace(0, 1, 50)[None, :, None] * np.ones((2, 1, 3))
    y = run(Sepia(strength=1.0, warmth=1.0), ramp)
    assert (np.diff(y, axis=1) > 0).all()
    assert (y[..., 0] > y[..., 1]).all() and (y[..., 1] > y[..., 2]).all()
    pair = np.array([[[0.5, 0.2, 0.1], [0.0, 0.0, 0.0]]])
    pair[0, 1] = colour.gray(pair[0, 0])
    toned = run(Sepia(strength=1.0), pair)
    assert toned[0, 0] == pytest.approx(toned[0, 1], abs=2e-3)


def test_sepia_of_no_strength_changes_nothing_and_gray_pictures_are_refused() -> None:
    x = np.random.default_rng(0).random((5, 5, 3))
    assert run(Sepia(strength=0.0), x) == pytest.approx(x)
    with pytest.raises(UsageError, match="needs a colour picture"):
        run(Sepia(), x[..., 0])


@pytest.mark.parametrize("degrees", [0, 15, 45])
def test_screen_thresholds_are_uniform(degrees: float) -> None:
    level = screen((400, 400), 7.3, np.deg2rad(degrees), np.array([0.3, 1.1]))
    assert np.quantile(level, [0.1, 0.25, 0.5, 0.75, 0.9]) == pytest.approx([0.1, 0.25, 0.5, 0.75, 0.9], abs=0.02)


@pytest.mark.parametrize("level", [0.0, 0.05, 0.3, 0.5, 0.8, 0.97, 1.0])
def test_halftone_keeps_the_mean_of_each_gray(level: float) -> None:
    y = run(Halftone(period=6.0, softness=1.0), np.full((240, 240), level))
    assert y.mean() == pytest.approx(level, abs=0.015)


def test_halftone_of_a_colour_keeps_about_its_mean_and_has_little_but_full_ink() -> None:
    x = np.ones((240, 240, 3)) * [0.8, 0.4, 0.2]
    y = run(Halftone(period=8.0, softness=0.5), x)
    assert y.mean((0, 1)) == pytest.approx([0.8, 0.4, 0.2], abs=0.04)
    assert ((y < 0.02) | (y > 0.98)).mean() > 0.6
