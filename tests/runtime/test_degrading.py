"""Picture files degraded on purpose: samples, alpha, mask, seeds, and nothing left behind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.degrade.base import mask_of
from relume.degrade.chain import Chain
from relume.degrade.damage import Dust, Scratches
from relume.degrade.noise import GaussianNoise
from relume.degrade.pixels import Pixelate, Shrink
from relume.degrade.tone import Sepia
from relume.runtime.degrading import degrade_file, sheet_file
from relume.signal import InputRejected, OutputRefused, UsageError

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (48, 64, 3), np.uint8)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(RGB).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_outside_the_mask_the_file_has_the_inputs_bytes(photo: Path, tmp_path: Path) -> None:
    made = Chain((Scratches(), Dust()))
    result = degrade_file(photo, tmp_path / "out.png", made, 3, tmp_path / "mask.png")
    out, mask = (np.asarray(Image.open(tmp_path / name)) for name in ("out.png", "mask.png"))
    assert set(np.unique(mask)) == {0, 255}
    assert np.array_equal(out[mask == 0], RGB[mask == 0])
    assert (out[mask == 255] != RGB[mask == 255]).any()
    assert result.damaged == pytest.approx((mask == 255).mean())
    assert np.array_equal(mask == 255, mask_of(made.draw(RGB.shape, np.random.default_rng(3))))


def test_the_same_seed_gives_the_same_bytes(photo: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        degrade_file(photo, tmp_path / f"{name}.png", GaussianNoise(0.1), seed)
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_samples_and_alpha_keep_their_kind(mode: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    if mode == "I;16":
        Image.fromarray(RNG.integers(0, 65536, (48, 64), np.uint16)).save(source)
    else:
        Image.fromarray(RNG.integers(0, 256, (48, 64, 4), np.uint8), "RGBA").convert(mode).save(source)
    degrade_file(source, target, Pixelate(4), 0)
    before, after = Image.open(source), Image.open(target)
    assert (after.mode, after.size) == (before.mode, before.size)
    if mode in ("LA", "RGBA"):
        assert np.array_equal(np.asarray(after)[..., -1], np.asarray(before)[..., -1])
    block = np.asarray(after, float)[:4, :4]
    wanted = np.asarray(before, float)[:4, :4].mean((0, 1))
    colours = {"LA": 1, "RGBA": 3}.get(mode)
    assert np.ravel(block[0, 0])[:colours] == pytest.approx(np.ravel(wanted)[:colours], abs=0.5)


def test_alpha_shrinks_with_its_picture(tmp_path: Path) -> None:
    Image.fromarray(RNG.integers(0, 256, (48, 64, 4), np.uint8), "RGBA").save(tmp_path / "in.png")
    result = degrade_file(tmp_path / "in.png", tmp_path / "out.png", Shrink(4), 0)
    assert (result.width, result.height, result.damaged) == (16, 12, None)
    assert Image.open(tmp_path / "out.png").size == (16, 12)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "tif"])
def test_other_formats_are_written(photo: Path, tmp_path: Path, suffix: str) -> None:
    degrade_file(photo, tmp_path / f"out.{suffix}", GaussianNoise(0.01), 0)
    assert np.abs(np.asarray(Image.open(tmp_path / f"out.{suffix}"), float) - RGB).mean() < 40


def test_a_sheet_has_a_panel_for_each_and_the_original_first(photo: Path, tmp_path: Path) -> None:
    result = sheet_file(photo, tmp_path / "sheet.png", [Shrink(4), Sepia(1.0, 1.0)], 0)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (192, 3 * 192 + 8, 3) and (result.width, result.height) == sheet.shape[1::-1]
    second = sheet[:, 196:388]
    assert np.array_equal(second[::4, ::4], second[3::4, 3::4])
    assert (sheet[:, 392:, 0] >= sheet[:, 392:, 2]).all()


@pytest.mark.parametrize("taken", ["out.png", "mask.png"])
def test_nothing_is_overwritten(photo: Path, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(OutputRefused, match="exists already"):
        degrade_file(photo, tmp_path / "out.png", Scratches(), 0, tmp_path / "mask.png")
    assert (tmp_path / taken).read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["photo.png", taken])


def test_failures_leave_nothing_behind(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    Image.fromarray(RGB[..., 0]).save(tmp_path / "gray.png")
    before = sorted(tmp_path.iterdir())
    out, mask = tmp_path / "out.png", tmp_path / "mask.png"
    with pytest.raises(InputRejected):
        degrade_file(tmp_path / "text.png", out, Scratches(), 0, mask)
    with pytest.raises(InputRejected):
        degrade_file(tmp_path / "missing.png", out, Scratches(), 0, mask)
    with pytest.raises(UsageError, match="no mask to write"):
        degrade_file(photo, out, GaussianNoise(), 0, mask)
    with pytest.raises(UsageError, match="colour picture"):
        degrade_file(tmp_path / "gray.png", out, Sepia(), 0)
    with pytest.raises(UsageError, match="names of their own"):
        degrade_file(photo, out, Scratches(), 0, out)
    with pytest.raises(UsageError, match="cannot write"):
        degrade_file(photo, tmp_path / "out.gif", Scratches(), 0)
    with pytest.raises(OutputRefused):
        degrade_file(photo, tmp_path / "no" / "out.png", Scratches(), 0, mask)
    assert sorted(tmp_path.iterdir()) == before
