import numpy as np
import pytest
from PIL import Image

from relume.degrade.resample import quantise, resize
from relume.signal import InputRejected, UsageError
from relume.train.data import DataSpec, PairBank, find_pictures, split
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
        PairBank(DataSpec(("set",)), folder, (4,), 48)
    (folder / "set" / "zz.png").write_bytes(b"not a picture")
    with pytest.raises(InputRejected, match=r"zz\.png"):
        PairBank(DataSpec(("set",), held_out=0), folder, (2,), 12)
