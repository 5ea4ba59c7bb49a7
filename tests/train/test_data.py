import numpy as np
import pytest
from PIL import Image

from relume.degrade.resample import quantise, resize
from relume.signal import InputRejected, UsageError
from relume.train.data import MARGIN, DataSpec, PairBank, find_pictures, make_pairs, split, toned
from relume.train.run import draw_picture


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "set").mkdir()
    for number in range(5):
        Image.fromarray(draw_picture(rng, 80)).save(tmp_path / "set" / f"p{number}.png")
    return tmp_path


def test_batches_depend_on_the_generator_alone(folder):
    bank = PairBank(DataSpec(("set",), held_out=1), folder, (2, 4), 12)
    for scale in (2, 4):
        one = bank.batch(scale, 3, 12, np.random.default_rng(5))
        two = bank.batch(scale, 3, 12, np.random.default_rng(5))
        assert one[0].shape == (3, 3, 12, 12)
        assert one[1].shape == (3, 3, 12 * scale, 12 * scale)
        assert all(bool((a == b).all()) for a, b in zip(one, two, strict=True))


def test_low_and_high_crops_match(folder):
    bank = PairBank(DataSpec(("set",), held_out=1), folder, (2,), 16)
    low, high = bank.batch(2, 4, 16, np.random.default_rng(1))
    for one, big in zip(low.permute(0, 2, 3, 1).numpy(), high.permute(0, 2, 3, 1).numpy(), strict=True):
        inner = quantise(resize(big.astype(float), 0.5))[4:-4, 4:-4]
        assert np.abs(inner - one[4:-4, 4:-4]).max() <= 1.01 / 255


def test_held_out_pictures_do_not_train(folder):
    training, validation = split(find_pictures(folder, ["set"]), 2)
    assert len(validation) == 2
    assert not set(training) & set(validation)


def test_bad_folders_are_named(folder, tmp_path):
    with pytest.raises(UsageError, match="no training pictures"):
        find_pictures(folder, ["elsewhere"])
    with pytest.raises(UsageError, match="smaller than the patch"):
        PairBank(DataSpec(("set",), held_out=1), folder, (4,), 48)
    (folder / "set" / "zz.png").write_bytes(b"not a picture")
    with pytest.raises(InputRejected, match=r"zz\.png"):
        PairBank(DataSpec(("set",), held_out=0), folder, (2,), 12)


def test_a_fresh_patch_is_what_shrinking_the_whole_picture_gives_there(folder):
    bank = PairBank(DataSpec(("set",), held_out=1, fresh=True), folder, (2,), 12)
    side = 2 * (12 + 2 * MARGIN)  # as large as one patch needs: it can begin nowhere else
    gray = np.random.default_rng(5).integers(0, 256, (side, side, 1), np.uint8)
    pairs = make_pairs(np.repeat(gray, 3, axis=2), (2,), bank.spec.shrink)
    low, high = bank.fresh(pairs, 2, 12, np.random.default_rng(0))
    np.testing.assert_array_equal(low, pairs.low[2][MARGIN:-MARGIN, MARGIN:-MARGIN])
    np.testing.assert_array_equal(high, pairs.high[2][2 * MARGIN : -2 * MARGIN, 2 * MARGIN : -2 * MARGIN])


def test_fresh_patches_change_the_order_of_the_channels_in_both_alike(tmp_path):
    side = 2 * (16 + 2 * MARGIN) + 8
    (tmp_path / "set").mkdir()
    Image.new("RGB", (side, side), (10, 120, 230)).save(tmp_path / "set" / "flat.png")
    bank = PairBank(DataSpec(("set",), held_out=0, fresh=True), tmp_path, (2,), 16)
    low, high = bank.batch(2, 32, 16, np.random.default_rng(1))
    np.testing.assert_array_equal(low.amax((2, 3)), high.amax((2, 3)))
    assert len({tuple(colour.tolist()) for colour in high.amax((2, 3))}) > 3


def test_toned_patches_keep_their_picture_within_the_range(tmp_path):
    side = 2 * (16 + 2 * MARGIN) + 8
    (tmp_path / "set").mkdir()
    ramp = np.repeat(np.linspace(0, 255, side).round().astype(np.uint8)[:, None], side, 1)
    Image.fromarray(np.repeat(ramp[..., None], 3, 2)).save(tmp_path / "set" / "ramp.png")
    bank = PairBank(DataSpec(("set",), held_out=0, fresh=True, tones=True), tmp_path, (2,), 16)
    _, high = bank.batch(2, 64, 16, np.random.default_rng(1))
    spans = high.amax((1, 2, 3)) - high.amin((1, 2, 3))
    full = spans.max()
    assert (spans >= 0.49 * full).all()
    assert 16 < (spans < 0.99 * full).sum() < 48


def test_a_toned_picture_is_an_affine_picture_of_its_tones():
    values = np.arange(0, 256, 5, dtype=np.uint8).reshape(4, 13)[..., None]
    signs = set()
    for seed in range(20):
        made = toned(values, np.random.default_rng(seed)).astype(float).ravel()
        slope, ground = np.polyfit(values.ravel().astype(float), made, 1)
        assert 0.49 <= abs(slope) <= 1.01
        assert np.abs(made - slope * values.ravel() - ground).max() <= 0.6
        signs.add(np.sign(slope))
    assert signs == {-1.0, 1.0}


def test_pictures_that_are_all_held_out_are_no_training(folder):
    with pytest.raises(UsageError, match="all 5 pictures are held out"):
        PairBank(DataSpec(("set",), held_out=12), folder, (2,), 16)


def test_a_picture_too_small_to_be_judged_is_named(folder):
    spec = DataSpec(("set",), held_out=1)
    (small,) = split(find_pictures(folder, ["set"]), 1)[1]
    Image.new("RGB", (9, 9)).save(small)
    with pytest.raises(InputRejected, match=small.name):
        PairBank(spec, folder, (2,), 16)
