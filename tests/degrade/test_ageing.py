"""Ageing by its closed forms."""

import numpy as np
import pytest

from relume.degrade.ageing import Darken, Fade, Illumination, Varnish
from relume.signal import UsageError


def run(made, x: np.ndarray, seed: int = 0) -> np.ndarray:
    return made.apply(x, made.draw(x.shape, np.random.default_rng(seed)))


X = np.random.default_rng(0).uniform(0.05, 1, (32, 48, 3))


def test_darkening_is_a_gain_and_a_gamma() -> None:
    assert run(Darken(exposure=0.6, gamma=1.5), X) == pytest.approx(0.6 * X**1.5)
    assert run(Darken(exposure=1, gamma=1), X) == pytest.approx(X)


def test_fading_scales_the_density_of_each_channel() -> None:
    made = Fade(keep=(0.4, 0.9), lost=0.0, veil=0.5)
    draw = made.draw(X.shape, np.random.default_rng(1))
    density = np.log(made.apply(X, draw)) / np.log(X)
    assert density.std((0, 1)) == pytest.approx([0, 0, 0], abs=1e-9)
    assert density.mean((0, 1)) == pytest.approx(draw.hidden["keep"])
    assert np.ptp(draw.hidden["keep"]) > 0.01


def test_lost_contrast_falls_to_the_veil() -> None:
    y = run(Fade(keep=1.0, lost=0.4, veil=0.6), X)
    assert y == pytest.approx(0.6 * X + 0.4 * 0.6)
    assert y.std() == pytest.approx(0.6 * X.std())
    assert run(Fade(keep=1.0, lost=1.0, veil=0.6), X) == pytest.approx(np.full(X.shape, 0.6))


def test_varnish_takes_most_blue_and_two_layers_multiply() -> None:
    made = Varnish(yellowing=0.5, uneven=0.0, haze=0.0)
    once = run(made, X)
    kept = (once / X).mean((0, 1))
    assert kept == pytest.approx(1 - 0.5 * np.array([0.06, 0.22, 0.62]))
    assert run(made, once) == pytest.approx(X * kept**2)


def test_haze_lifts_the_blacks_and_leaves_white_in_range() -> None:
    made = Varnish(yellowing=0.0, uneven=0.0, haze=0.05)
    assert run(made, np.zeros((4, 4, 3))) == pytest.approx(np.full((4, 4, 3), 0.05))
    assert run(made, np.ones((4, 4, 3))) == pytest.approx(np.ones((4, 4, 3)))


def test_uneven_varnish_varies_slowly() -> None:
    y = run(Varnish(yellowing=0.8, uneven=0.4, haze=0.0), np.ones((64, 64, 3)))[..., 2]
    assert np.ptp(y) > 0.1
    assert np.abs(np.diff(y, axis=0)).max() < 0.1 * np.ptp(y)


def test_a_vignette_loses_in_the_corners_what_was_asked() -> None:
    y = run(Illumination(vignette=0.4, slope=0.0, blotches=0.0), np.ones((65, 65)))
    assert y[32, 32] == pytest.approx(1)
    assert [y[0, 0], y[0, -1], y[-1, 0], y[-1, -1]] == pytest.approx([0.6] * 4, rel=1e-5)


def test_a_slope_spans_what_was_asked() -> None:
    for seed in range(4):
        y = run(Illumination(vignette=0.0, slope=0.3, blotches=0.0), np.ones((40, 60)), seed)
        assert (y.max(), y.min()) == pytest.approx((1.0, 0.7), rel=1e-5)


@pytest.mark.parametrize("made", [Fade(), Varnish(), Darken(), Illumination()])
def test_gray_pictures_age_as_gray_colour_does_on_average(made) -> None:
    plane = X[..., 0]
    gray = run(made, plane)
    wide = run(made, np.repeat(plane[..., None], 3, -1))
    assert (gray >= wide.min(-1) - 1e-9).all() and (gray <= wide.max(-1) + 1e-9).all()


def test_bounds_are_told() -> None:
    with pytest.raises(UsageError, match=r"Darken: gamma must lie in \[1, 5\], not 0.5"):
        Darken(gamma=0.5)
    with pytest.raises(UsageError, match=r"Illumination: vignette must lie in \[0, 0.95\], not 1"):
        Illumination(vignette=1)
    with pytest.raises(UsageError, match="draw again"):
        Varnish().apply(X, Varnish().draw((10, 10, 3), np.random.default_rng(0)))
