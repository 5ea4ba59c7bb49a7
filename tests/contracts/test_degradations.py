"""What holds for every degradation of pictures; a new one in ``ALL`` is picked up by itself."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.degrade import ALL, from_json, load_draw, save_draw, to_json
from relume.degrade.base import Damage, PictureDegradation, mask_of
from relume.degrade.chain import Chain, OneOf, RandomOrder, Sometimes
from relume.degrade.damage import Dust, Scratches
from relume.degrade.noise import GaussianNoise
from relume.degrade.pixels import Pixelate, Resize
from relume.degrade.presets import AgedRelic, OldPhoto
from relume.signal import Degradation, Draw, UsageError

EXAMPLES: dict[str, PictureDegradation] = {
    **{name: kind() for name, kind in ALL.items()},
    "chain": Chain((Scratches(mask="known"), Resize((0.5, 0.9)), Dust(), GaussianNoise(0.05))),
    "random-order": RandomOrder((Pixelate(3), GaussianNoise(0.05), Scratches())),
    "one-of": OneOf((Pixelate(3), Scratches()), (1.0, 3.0)),
    "sometimes": Sometimes((Dust(), Scratches()), 0.5),
}
COLOUR_ONLY = {"sepia", "old-photo"}
DAMAGES = {name: made for name, made in EXAMPLES.items() if isinstance(made, Damage)}
each = pytest.mark.parametrize("name", EXAMPLES)


def picture(shape: tuple[int, ...], dtype: type = np.float32) -> np.ndarray:
    """A smooth picture with an edge, nowhere quite black or white."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    plane = 0.5 + 0.3 * np.sin(x / 7) * np.cos(y / 5) + 0.15 * (x > shape[1] // 2)
    return (plane if len(shape) == 2 else np.stack([plane, 0.8 * plane, 1 - plane], -1)).astype(dtype)


def same(a: Draw, b: Draw) -> bool:
    return all(
        one.keys() == two.keys() and all(np.array_equal(np.asarray(one[k]), np.asarray(two[k])) for k in one)
        for one, two in ((a.known, b.known), (a.hidden, b.hidden))
    )


@each
def test_the_same_seed_gives_the_same_draw_and_the_same_bits(name: str) -> None:
    made, x = EXAMPLES[name], picture((64, 96, 3))
    draws = [made.draw(x.shape, np.random.default_rng(5)) for _ in range(2)]
    assert same(*draws)
    before = x.copy()
    first, second = (made.apply(x, draw) for draw in draws)
    assert np.array_equal(first, second)
    assert np.array_equal(x, before), "apply changed its input"


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gray", [False, True])
def test_shape_range_and_precision(name: str, dtype: type, gray: bool) -> None:
    made, shape = EXAMPLES[name], (48, 64) if gray else (48, 64, 3)
    if gray and name in COLOUR_ONLY:
        pytest.skip("needs colour")
    x = picture(shape, dtype)
    for seed in range(3):
        draw = made.draw(shape, np.random.default_rng(seed))
        y = made.apply(x, draw)
        assert y.shape == made.out_shape(shape, draw)
        assert y.dtype == dtype
        assert 0 <= y.min() <= y.max() <= 1
        assert np.isfinite(y).all()


@each
def test_another_seed_gives_another_draw_where_anything_is_random(name: str) -> None:
    made, shape = EXAMPLES[name], (64, 96, 3)
    draws = [made.draw(shape, np.random.default_rng(seed)) for seed in range(6)]
    fixed = {"gray", "shrink"}
    assert any(not same(draws[0], other) for other in draws[1:]) == (name not in fixed)


@each
def test_it_is_a_degradation_and_a_frozen_value(name: str) -> None:
    made = EXAMPLES[name]
    assert isinstance(made, Degradation)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, dataclasses.fields(made)[0].name, 1)  # type: ignore[arg-type]


@each
def test_parameters_survive_json(name: str) -> None:
    made = EXAMPLES[name]
    assert from_json(json.loads(json.dumps(to_json(made)))) == made


@each
def test_a_stored_draw_gives_the_same_bits(name: str, tmp_path) -> None:
    made, x = EXAMPLES[name], picture((64, 64, 3))
    draw = made.draw(x.shape, np.random.default_rng(1))
    save_draw(tmp_path / "draw.npz", draw)
    assert np.array_equal(made.apply(x, load_draw(tmp_path / "draw.npz")), made.apply(x, draw))


@each
@pytest.mark.parametrize("shape", [(8,), (8, 8, 1), (8, 8, 4), (1, 8, 8, 3), (0, 8)])
def test_what_is_no_picture_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        EXAMPLES[name].draw(shape, np.random.default_rng(0))


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n not in {"sometimes"}])
def test_bytes_are_refused(name: str) -> None:
    made = EXAMPLES[name]
    draw = made.draw((64, 64, 3), np.random.default_rng(0))
    with pytest.raises(UsageError, match="uint8"):
        made.apply(np.zeros((64, 64, 3), np.uint8), draw)


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("side", ["known", "hidden"])
@pytest.mark.parametrize("shape", [(96, 128, 3), (96, 128), (300, 200, 3)])
def test_outside_its_mask_damage_leaves_every_bit(name: str, side: str, shape: tuple[int, ...]) -> None:
    made = dataclasses.replace(DAMAGES[name], mask=side)
    x = picture(shape)
    for seed in range(4):
        draw = made.draw(shape, np.random.default_rng(seed))
        mask = (draw.known if side == "known" else draw.hidden)["mask"]
        assert mask.shape == shape[:2] and mask.dtype == bool
        assert "mask" not in (draw.hidden if side == "known" else draw.known)
        y = made.apply(x, draw)
        assert np.array_equal(y[~mask], x[~mask])


@pytest.mark.parametrize("name", DAMAGES)
def test_inside_its_mask_damage_changes_the_picture(name: str) -> None:
    made, shape = DAMAGES[name], (128, 128, 3)
    seen = 0
    for seed in range(8):
        draw = made.draw(shape, np.random.default_rng(seed))
        mask = mask_of(draw)
        seen += int(mask.sum())
        # Ink can hit its own colour on one picture, not on both of these.
        light, dark = np.full(shape, 0.9, np.float32), np.full(shape, 0.1, np.float32)
        changed = (made.apply(light, draw) != light).any(-1) | (made.apply(dark, draw) != dark).any(-1)
        assert np.array_equal(changed, mask)
        assert mask.mean() < 0.98
    assert seen > 0, "eight draws without any damage"


@pytest.mark.parametrize("name", DAMAGES)
def test_a_draw_for_another_size_is_refused(name: str) -> None:
    made = DAMAGES[name]
    draw = made.draw((64, 64, 3), np.random.default_rng(0))
    for wrong in ((64, 65, 3), (64, 64)):
        with pytest.raises(UsageError, match="draw again"):
            made.apply(picture(wrong), draw)


@pytest.mark.parametrize("made", [OldPhoto(damage=1.0, mask="known"), AgedRelic(losses=1.0, mask="known")])
def test_a_preset_can_show_its_mask(made: PictureDegradation) -> None:
    masks = []
    for seed in range(6):
        draw = made.draw((96, 128, 3), np.random.default_rng(seed))
        assert "mask" not in draw.hidden
        if "mask" in draw.known:
            masks.append(draw.known["mask"])
            assert masks[-1].shape == made.out_shape((96, 128, 3), draw)[:2]
    assert masks and max(mask.mean() for mask in masks) > 0.001


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(set(EXAMPLES) - {"real", "aged-relic", "shrink"})),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    colour=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_size_down_to_one_pixel(name: str, height: int, width: int, colour: bool, seed: int) -> None:
    shape = (height, width, 3) if colour or name in COLOUR_ONLY else (height, width)
    made, x = EXAMPLES[name], picture(shape)
    draw = made.draw(shape, np.random.default_rng(seed))
    y = made.apply(x, draw)
    assert y.shape == made.out_shape(shape, draw)
    assert np.isfinite(y).all() and y.min() >= 0 and y.max() <= 1
