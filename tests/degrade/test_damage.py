"""What each kind of damage looks like, in numbers."""

import numpy as np
import pytest
from scipy import ndimage

from relume.degrade.base import FLOOR, LUMA, Layer, cover, mask_of, stain, trim
from relume.degrade.damage import Dust, Folds, Overlay, Scratches, sheet
from relume.degrade.fields import Stroke, cells, fractal, rasterise, smooth, spots, wander
from relume.degrade.missing import Corners, Craquelure, Flaking, Holes
from relume.degrade.stains import Foxing, Stains
from relume.signal import UsageError

SHAPE = (256, 256, 3)


def damaged(made, level: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A flat gray picture, damaged; and the mask."""
    draw = made.draw(SHAPE, np.random.default_rng(seed))
    return made.apply(np.full(SHAPE, level), draw), mask_of(draw)


def test_a_layer_over_another_is_the_one_map_after_the_other() -> None:
    rng = np.random.default_rng(0)
    first, second = cover(rng.random((5, 6)), rng.random(3)), stain(rng.random((5, 6)), rng.random(3))
    x = rng.random((5, 6, 3))
    both = first.under(second)
    assert x * both.gain + both.add == pytest.approx((x * first.gain + first.add) * second.gain + second.add, abs=1e-6)


def test_gray_damage_is_the_luma_of_colour_damage_on_gray() -> None:
    layer = cover(np.random.default_rng(0).random((5, 6)), np.array([0.9, 0.5, 0.1]))
    gray = layer.of_gray()
    x = np.full((5, 6), 0.4)
    assert x * gray.gain + gray.add == pytest.approx((x[..., None] * layer.gain + layer.add) @ LUMA, abs=1e-6)
    untouched = Layer(np.ones((3, 3, 3), np.float32), np.zeros((3, 3, 3), np.float32)).of_gray()
    assert (untouched.gain == 1).all() and (untouched.add == 0).all()


def test_trimming_leaves_nothing_invisible_and_makes_no_step() -> None:
    alpha = np.linspace(0, 1, 1001)
    trimmed = trim(alpha)
    assert (trimmed[alpha <= FLOOR] == 0).all() and trimmed[-1] == 1
    assert np.diff(trimmed).max() < 1.1e-3


def test_a_straight_stroke_has_its_width_and_opacity() -> None:
    count = 400
    line = Stroke(np.full(count, 20.0), np.linspace(0, 60, count), np.full(count, 2.0), np.full(count, 0.7))
    canvas = rasterise((40, 60), [line])
    assert canvas[:, 30].sum() == pytest.approx(0.7 * 4, rel=0.05)
    assert canvas.max() == pytest.approx(0.7)
    assert not rasterise((40, 60), []).any()


def test_a_wandering_line_has_its_length() -> None:
    y, x = wander((0.0, 0.0), 0.3, 120.0, np.random.default_rng(0), bend=0.5, jitter=0.2)
    assert np.hypot(np.diff(y), np.diff(x)).sum() == pytest.approx(120, rel=0.02)


def test_a_round_spot_has_the_area_of_its_radius() -> None:
    area = spots(
        (80, 80), np.array([[40.0, 40.0]]), np.array([15.0]), np.array([1.0]), np.random.default_rng(0), 0.1, 0.0
    )
    assert area.sum() == pytest.approx(np.pi * 15**2, rel=0.03)


@pytest.mark.parametrize("field", [lambda r: smooth((128, 160), 12, r), lambda r: fractal((128, 160), 8, 4, r)])
def test_fields_are_about_standard_and_smooth(field) -> None:
    drawn = np.stack([field(np.random.default_rng(seed)) for seed in range(6)])
    assert drawn.dtype == np.float32
    assert abs(drawn.mean()) < 0.2 and 0.5 < drawn.std() < 1.2
    assert np.abs(np.diff(drawn, axis=2)).max() < drawn.std()


def test_cells_are_as_large_as_asked_and_their_borders_are_the_value_changes() -> None:
    cut = cells((200, 200), 20.0, np.random.default_rng(0), warp=0.0)
    assert len(np.unique(cut.value)) == pytest.approx(100, rel=0.35)
    change = np.zeros((200, 200), bool)
    change[:, 1:] = cut.value[:, 1:] != cut.value[:, :-1]
    assert np.quantile(cut.border[change], 0.98) * 20 < 1.2
    change[1:] |= cut.value[1:] != cut.value[:-1]
    inside = ndimage.binary_erosion(~change, iterations=3)
    assert np.quantile(cut.border[inside], 0.01) * 20 > 1.5


def test_beside_their_borders_cells_tell_true_distances() -> None:
    cut = cells((120, 120), 30.0, np.random.default_rng(3), warp=0.0)
    # The distance to a line grows by one pixel per pixel; corners, where three cells meet, are the exception.
    beside = (cut.border * 30 > 1) & (cut.border * 30 < 5)
    slope = np.hypot(*np.gradient(cut.border * 30))[beside]
    assert np.median(slope) == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(slope - 1) < 0.1) > 0.75


def test_more_scratches_cover_more() -> None:
    few, many = (np.mean([damaged(Scratches(count=n), 0.5, s)[1].mean() for s in range(4)]) for n in (2, 20))
    assert 0 < few < many < 0.4
    assert not damaged(Scratches(count=0), 0.5, 0)[1].any()


@pytest.mark.parametrize(("dark", "sign"), [(0.0, 1), (1.0, -1)])
@pytest.mark.parametrize("kind", [Scratches, Dust])
def test_white_damage_lightens_and_dark_damage_darkens(kind, dark: float, sign: int) -> None:
    y, mask = damaged(kind(dark=dark), 0.5, 1)
    assert mask.any() and (sign * (y[mask] - 0.5) > 0).all()


def test_scratches_are_thin_and_long() -> None:
    _, mask = damaged(Scratches(count=1, hairs=0, breaks=0, length=0.8, width=1.5), 0.5, 4)
    rows, cols = np.nonzero(mask)
    assert np.hypot(np.ptp(rows), np.ptp(cols)) > 80
    assert ndimage.distance_transform_edt(mask).max() < 4


def test_damage_grows_with_the_picture() -> None:
    made = Scratches(count=6, hairs=0)
    shares = []
    for side in (128, 512):
        draws = [made.draw((side, side), np.random.default_rng(seed)) for seed in range(8)]
        shares.append(np.mean([mask_of(draw).mean() for draw in draws]))
    assert shares[1] == pytest.approx(shares[0], rel=0.5)


def test_a_fold_runs_through_with_a_bright_and_a_dark_flank() -> None:
    y, mask = damaged(Folds(count=1, width=5, depth=0.5, crack=0.0), 0.5, 2)
    rows, cols = np.nonzero(mask)
    assert max(np.ptp(rows), np.ptp(cols)) > 240
    assert y.max() > 0.54 and y.min() < 0.46


def test_a_cracked_fold_shows_paper() -> None:
    whole, cracked = (damaged(Folds(count=1, depth=0.2, crack=c), 0.3, 2)[0] for c in (0.0, 1.0))
    assert whole.max() < 0.6 < 0.85 < cracked.max()


def test_sheets_are_made_once_and_kept_as_they_are() -> None:
    assert sheet("worn", 1) is sheet("worn", 1)
    assert not np.array_equal(sheet("worn", 1), sheet("worn", 2))
    with pytest.raises(ValueError, match="read-only"):
        sheet("worn", 1)[0, 0] = 1


def test_ones_own_texture_is_laid_over_and_keeps_its_coverage() -> None:
    texture = np.zeros((64, 64))
    texture[:, 20:28] = 1
    made = Overlay(opacity=1.0, scale=1.0)
    draw = made.lay(texture, SHAPE, np.random.default_rng(0))
    y = made.apply(np.full(SHAPE, 0.3), draw)
    assert (y[mask_of(draw)] > 0.3).all()
    assert (y[..., 0] > 0.6).mean() == pytest.approx(8 / 64, abs=0.03)
    with pytest.raises(UsageError, match="sides of 8 or more"):
        made.lay(np.zeros((64, 4)), SHAPE, np.random.default_rng(0))


@pytest.mark.parametrize("kind", [Stains, Foxing])
def test_stains_darken_and_turn_brown(kind) -> None:
    y, mask = damaged(kind(), 0.8, 3)
    assert (y[mask].mean(0) < 0.8).all()
    red, green, blue = y[mask].mean(0)
    assert red > green > blue


def test_a_stain_is_darkest_at_its_tide_line() -> None:
    y, mask = damaged(Stains(count=1, size=0.3, tides=1, strength=0.6, ragged=0.1), 0.8, 1)
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    inner = y[..., 2][depth > 25]
    rim = y[..., 2][(depth > 0.5) & (depth < 4)]
    assert len(inner) and np.quantile(rim, 0.2) < inner.mean() - 0.05


def test_torn_corners_are_corners() -> None:
    y, mask = damaged(Corners(count=4, size=0.2, backing="black"), 0.5, 0)
    assert all(mask[r, c] and y[r, c].max() < 0.15 for r in (0, -1) for c in (0, -1))
    assert not mask[100:156, 100:156].any()
    assert y.max() > 0.8, "no paper rim"


@pytest.mark.parametrize(("backing", "level"), [("white", 0.97), ("black", 0.04)])
def test_holes_show_the_backing(backing: str, level: float) -> None:
    y, mask = damaged(Holes(count=2, size=0.1, backing=backing), 0.5, 3)
    assert mask.any()
    assert np.median(y[mask]) == pytest.approx(level, abs=0.06)


def test_craquelure_is_a_dark_net_of_thin_lines() -> None:
    y = damaged(Craquelure(size=25, width=1.0, opacity=0.9, spread=1.0), 0.6, 0)[0]
    dark = y[..., 0] < 0.45
    assert 0.01 < dark.mean() < 0.25
    assert ndimage.distance_transform_edt(dark).max() < 5
    assert ndimage.label(~dark)[1] > 15


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_flaking_loses_the_share_that_was_asked(share: float) -> None:
    covered = [damaged(Flaking(share=share), 0.5, seed)[1].mean() for seed in range(4)]
    assert share < np.mean(covered) < 2.2 * share
    assert not damaged(Flaking(share=0.0), 0.5, 0)[1].any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scratches(count=-1), r"Scratches: count must lie in \[0, 1000\], not -1"),
        (lambda: Scratches(count=2.5), "count must be a whole number"),
        (lambda: Scratches(mask="seen"), "mask must be one of known, hidden, not 'seen'"),
        (lambda: Corners(count=5), r"count must lie in \[0, 4\], not 5"),
        (lambda: Corners(backing="green"), "backing must be one of white, black, card, any"),
        (lambda: Overlay(kind="torn"), "kind must be one of"),
        (lambda: Flaking(share=(0.5, 1.5)), r"share must lie in \[0, 1\]"),
        (lambda: Dust(dark=True), "dark must be a number"),
    ],
)
def test_parameters_out_of_bounds_are_named_with_their_bound(make, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make()
