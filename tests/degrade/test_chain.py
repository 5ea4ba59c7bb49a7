"""Chains, presets and the catalogue."""

import numpy as np
import pytest

from relume.degrade import COMPOSITES, from_json, load_draw, make, parse, to_json
from relume.degrade.base import mask_of
from relume.degrade.blur import GaussianBlur
from relume.degrade.catalogue import ALL, parse_value
from relume.degrade.chain import Chain, OneOf, RandomOrder, Sometimes, part, prefixed
from relume.degrade.damage import Dust, Scratches
from relume.degrade.jpeg import Jpeg
from relume.degrade.noise import GaussianNoise
from relume.degrade.pixels import Pixelate, Resize, Shrink
from relume.degrade.presets import AgedRelic, OldPhoto, RealWorld
from relume.degrade.tone import Gray
from relume.signal import Draw, InputRejected, UsageError

X = np.random.default_rng(0).random((64, 96, 3))


def draws(made, count: int, shape: tuple[int, ...] = X.shape) -> list[Draw]:
    return [made.draw(shape, np.random.default_rng(seed)) for seed in range(count)]


def test_a_chain_is_its_steps_one_after_another() -> None:
    steps = (GaussianBlur(1.0), Resize(0.5), GaussianNoise(0.1))
    chain = Chain(steps)
    rng, y = np.random.default_rng(7), X
    for step in steps:
        y = step.apply(y, step.draw(y.shape, rng))
    assert np.array_equal(chain.apply(X, chain.draw(X.shape, np.random.default_rng(7))), y)


def test_an_empty_chain_changes_nothing() -> None:
    chain = Chain(())
    draw = chain.draw(X.shape, np.random.default_rng(0))
    assert chain.apply(X, draw) is X and mask_of(draw) is None


def test_prefixes_come_off_again() -> None:
    draw = Draw(known={"a": 1}, hidden={"b": 2})
    assert part(prefixed(draw, "3"), "3") == draw
    assert part(prefixed(draw, "13"), "3") == Draw()


def test_a_chain_of_damage_keeps_the_bits_outside_the_union_of_its_masks() -> None:
    chain = Chain((Scratches(mask="known"), Dust(mask="hidden"), Dust(mask="known")))
    for draw in draws(chain, 3):
        union = draw.known["0.mask"] | draw.known["2.mask"]
        assert np.array_equal(draw.known["mask"], union)
        assert np.array_equal(draw.hidden["mask"], draw.hidden["1.mask"])
        everything = mask_of(draw)
        y = chain.apply(X, draw)
        assert np.array_equal(y[~everything], X[~everything])
        assert (y != X).any()


def test_the_mask_has_the_size_of_the_result_and_covers_the_damage() -> None:
    chain = Chain((Scratches(width=3.0, dark=0.0, opacity=1.0), Shrink(4, "area")))
    flat = np.full(X.shape, 0.2)
    for draw in draws(chain, 3):
        y, mask = chain.apply(flat, draw), mask_of(draw)
        assert mask.shape == y.shape[:2] == (16, 24)
        assert y[~mask] == pytest.approx(np.full(y[~mask].shape, 0.2))
        assert (y[mask] > 0.2).all()


def test_random_order_takes_every_order() -> None:
    made = RandomOrder((Pixelate(4), GaussianNoise(0.1), Gray()))
    orders = {tuple(draw.hidden["order"]) for draw in draws(made, 60)}
    assert len(orders) == 6
    first, last = (next(d for d in draws(made, 60) if d.hidden["order"][-1] == k) for k in (0, 1))
    blocky = made.apply(X, first)
    assert (blocky[::4] == blocky[1::4]).all()
    noisy = made.apply(X, last)
    assert not (noisy[::4] == noisy[1::4]).all()


def test_one_of_follows_its_weights_and_sometimes_its_probability() -> None:
    picks = [int(d.hidden["order"][0]) for d in draws(OneOf((Gray(), Pixelate(), Jpeg()), (1.0, 3.0, 0.0)), 200)]
    assert 2 not in picks and np.mean(picks) == pytest.approx(0.75, abs=0.1)
    taken = [len(d.hidden["order"]) for d in draws(Sometimes((Gray(), Jpeg()), 0.3), 200)]
    assert set(taken) == {0, 2} and np.mean(taken) == pytest.approx(0.6, abs=0.2)
    assert not any(len(d.hidden["order"]) for d in draws(Sometimes((Gray(),), 0.0), 20))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Chain([Gray()]), "steps must be a tuple of degradations"),
        (lambda: Chain(("gray",)), "steps must be a tuple of degradations"),
        (lambda: OneOf(()), "at least one degradation"),
        (lambda: OneOf((Gray(), Jpeg()), (1.0,)), "2 steps need as many weights"),
        (lambda: Sometimes((Gray(),), 1.5), r"probability must lie in \[0, 1\], not 1.5"),
        (lambda: RealWorld(scale=0), r"scale must lie in \[1, 16\], not 0"),
        (lambda: AgedRelic(scale=2.5), "scale must be a whole number"),
        (lambda: OldPhoto(tone="blue"), "tone must be one of gray, sepia, faded, any"),
    ],
)
def test_what_makes_no_sense_is_refused(build, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        build()


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_real_degradation_has_a_fixed_scale(scale: int) -> None:
    made = RealWorld(scale=scale)
    for draw in draws(made, 4, (48, 72, 3)):
        y = made.apply(X[:48, :72], draw)
        assert y.shape == (48 // scale, 72 // scale, 3)
        assert (draw.known["scale"], draw.known["size"]) == (scale, (48 // scale, 72 // scale))
    with pytest.raises(UsageError, match="crop the picture first"):
        RealWorld(scale=4).draw((50, 72, 3), np.random.default_rng(0))


def test_the_real_degradation_keeps_the_picture_recognisable() -> None:
    y, x = np.mgrid[:96, :96] / 95
    clean = np.stack([x, y, 1 - x], -1)
    for draw in draws(RealWorld(scale=2), 8, clean.shape):
        out = RealWorld(scale=2).apply(clean, draw)
        assert np.abs(out.mean((0, 1)) - clean.mean((0, 1))).max() < 0.05
        assert np.corrcoef(out[..., 0].ravel(), clean[::2, ::2, 0].ravel())[0, 1] > 0.9


def test_an_undamaged_old_photo_has_no_mask_and_no_colour() -> None:
    made = OldPhoto(tone="gray", damage=0.0)
    for draw in draws(made, 4):
        assert mask_of(draw) is None
    y = made.apply(X, draws(OldPhoto(tone="gray", damage=0.0, quality=100), 1)[0])
    assert np.ptp(y, axis=-1).mean() < 0.1


def test_an_old_photo_in_gray_says_that_it_cannot_be_toned() -> None:
    for seed in range(4):
        with pytest.raises(UsageError, match="set tone to gray or faded"):
            OldPhoto().draw((32, 32), np.random.default_rng(seed))
        made = OldPhoto(tone="faded")
        assert made.apply(X[:32, :32, 0], made.draw((32, 32), np.random.default_rng(seed))).shape == (32, 32)


def test_a_relic_that_did_not_age_is_only_smaller() -> None:
    made = AgedRelic(scale=2, age=0.0, noise=0.0)
    flat = np.full((32, 32, 3), 0.5)
    y = made.apply(flat, made.draw(flat.shape, np.random.default_rng(0)))
    assert y.shape == (16, 16, 3) and np.abs(y.mean() - 0.5) < 0.01


def test_names_and_values_are_read() -> None:
    assert parse("scratches") == Scratches()
    assert parse("scratches:count=4..8, dark=0.1,mask=known") == Scratches(count=(4, 8), dark=0.1, mask="known")
    assert parse("gaussian-noise:sigma=0.1,clipped=false") == GaussianNoise(0.1, clipped=False)
    assert parse("jpeg:subsampling=4:4:4,quality=30") == Jpeg(30, "4:4:4")
    assert [parse_value(v) for v in ("3", "-0.5", "1e-3", "2..5", "0.1..3", "true", "any", "a..b")] == [
        3, -0.5, 1e-3, (2, 5), (0.1, 3), True, "any", "a..b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no degradation is called ''; there are scratches, overlay"),
        ("scratch", "no degradation is called 'scratch'"),
        ("jpeg:level=3", "jpeg has no parameter 'level'; it has quality, subsampling"),
        ("jpeg:quality", "'quality' is not param=value"),
        ("jpeg:quality=", "'quality=' is not param=value"),
        ("jpeg:quality=3,quality=4", "quality is given twice"),
        ("jpeg:quality=9..3", "range from 9 down to 3"),
        ("jpeg:quality=high", "quality must be a whole number"),
        ("chain", "made of other degradations"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], {}, {"name": 3}, {"name": "nothing"}, {"name": "jpeg", "x": 1}])
def test_json_of_nothing_known_is_refused(value) -> None:
    with pytest.raises(UsageError):
        from_json(value)


def test_only_the_catalogue_can_be_stored() -> None:
    class Own(Gray):
        pass

    with pytest.raises(UsageError, match="Own is not in the catalogue"):
        to_json(Own())


def test_the_catalogue_names_each_class_once() -> None:
    kinds = [*ALL.values(), *COMPOSITES.values()]
    assert len(set(kinds)) == len(kinds)
    assert make("pixelate", {"block": 4}) == Pixelate(4)


def test_a_file_that_is_no_draw_is_refused(tmp_path) -> None:
    path = tmp_path / "draw.npz"
    for content in (b"", b"PK\x03\x04 not a zip", b"text"):
        path.write_bytes(content)
        with pytest.raises(InputRejected, match="not a stored draw"):
            load_draw(path)
    np.savez(path.open("wb"), other=np.zeros(3))
    with pytest.raises(InputRejected, match="not a stored draw"):
        load_draw(path)
