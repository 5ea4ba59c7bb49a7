"""Pairs of the second-order chain: drawn by content, the same in every run."""

import dataclasses

import numpy as np
from PIL import Image

from relume.degrade.resample import resize
from relume.recipes import find
from relume.train.data import PairBank, make_pairs
from relume.train.real import RealSpec
from relume.train.run import draw_picture

SPEC = RealSpec(("set",), held_out=0)


def test_each_patch_has_its_own_draw_and_keeps_it() -> None:
    picture = draw_picture(np.random.default_rng(0), 96)
    one, two, other = (make_pairs(p, (2, 4), SPEC.shrink) for p in (picture, picture.copy(), picture[::-1]))
    for scale in (2, 4):
        assert one.low[scale].shape == (96 // scale, 96 // scale, 3)
        np.testing.assert_array_equal(one.low[scale], two.low[scale])
        assert (one.low[scale] != other.low[scale][::-1]).mean() > 0.5


def test_the_low_picture_is_the_same_scene_and_not_clean() -> None:
    picture = draw_picture(np.random.default_rng(1), 240)
    low = SPEC.shrink(picture.astype(np.float32) / 255, 4)
    clean = resize(picture / 255, 0.25)
    assert np.abs(low.mean((0, 1)) - clean.mean((0, 1))).max() < 0.03
    assert 0.005 < np.abs(low - clean).mean() < 0.15


def test_a_bank_of_them_trains(tmp_path) -> None:
    (tmp_path / "set").mkdir()
    Image.fromarray(draw_picture(np.random.default_rng(0), 100)).save(tmp_path / "set" / "a.png")
    bank = PairBank(SPEC, tmp_path, (2, 3, 4), 8)
    assert len(bank.pairs) == 1
    low, high = bank.batch(4, 3, 8, np.random.default_rng(0))
    assert (low.shape, high.shape) == ((3, 3, 8, 8), (3, 3, 32, 32))


def test_fresh_patches_come_from_whole_pictures_and_begin_anywhere_in_a_square_of_jpeg(tmp_path) -> None:
    spec = dataclasses.replace(SPEC, clean=1.0)
    (tmp_path / "set").mkdir()
    picture = draw_picture(np.random.default_rng(0), 100)
    Image.fromarray(picture).save(tmp_path / "set" / "a.png")
    bank = PairBank(spec, tmp_path, (2,), 12)
    assert [pairs.high[2].shape for pairs in bank.pairs] == [(100, 100, 3)]
    assert {spec.lead(np.random.default_rng(seed)) for seed in range(60)} == set(range(8))
    for seed in range(8):  # wherever it begins, what is shrunk belongs to what it was shrunk from
        low, high = bank.fresh(bank.pairs[0], 2, 12, np.random.default_rng(seed))
        assert (low.shape, high.shape) == ((12, 12, 3), (24, 24, 3))
        again = resize(high / 255, 0.5).clip(0, 1)
        assert np.abs(again - low / 255)[2:-2, 2:-2].max() < 0.01


def test_a_share_is_shrunk_and_nothing_else() -> None:
    picture = draw_picture(np.random.default_rng(0), 96).astype(np.float32) / 255
    spec, pictures = dataclasses.replace(SPEC, clean=0.4), [np.roll(picture, shift, 0) for shift in range(40)]
    alike = [np.array_equal(spec.shrink(p, 2), resize(p, 0.5)) for p in pictures]
    assert 8 <= sum(alike) <= 24
    assert not np.array_equal(SPEC.shrink(picture, 2), resize(picture, 0.5))


def test_the_recipe_stands_on_freely_licensed_pictures_alone() -> None:
    recipe = find("cascade_real")
    assert (recipe.name, recipe.start, recipe.data.folders) == (
        "cascade-real",
        "",
        ("sr-train/photos", "photographs", "photographs-more"),
    )
    assert not any("research" in entry.terms for entry in recipe.data.terms)
