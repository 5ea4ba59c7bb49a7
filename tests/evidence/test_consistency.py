from pathlib import Path

import numpy as np
import pytest

from relume.degrade.resample import resize
from relume.evidence.consistency import of_arrays, of_files
from relume.runtime.options import Options
from relume.runtime.restore import restore_file
from relume.signal import UsageError


def picture(height: int, width: int, bands: int = 3) -> np.ndarray:
    rng = np.random.default_rng(5)
    coarse = rng.random((height // 4 + 2, width // 4 + 2, bands))
    return (resize(coarse, 4.0)[:height, :width].clip(0, 1) * 255).round().astype(np.uint8)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_it_is_the_psnr_of_the_reference_degradation(scale: int) -> None:
    rng = np.random.default_rng(0)
    low = picture(53, 41)
    high = np.repeat(np.repeat(low, scale, 0), scale, 1)
    high = (high.astype(int) + rng.integers(-20, 20, high.shape)).clip(0, 255).astype(np.uint8)
    again = resize(high / 255, 1 / scale).clip(0, 1)
    expected = -10 * np.log10(np.mean((again - low / 255) ** 2))
    found = of_arrays(low, high)
    assert found.decibels == pytest.approx(expected, abs=1e-3)
    assert found.heat == pytest.approx(np.sqrt(((again - low / 255) ** 2).mean(2)), abs=1e-5)


def test_it_falls_where_the_result_was_changed() -> None:
    low = picture(60, 60)
    high = (resize(low / 255, 4.0).clip(0, 1) * 255).round().astype(np.uint8)
    sound = of_arrays(low, high)
    high[80:120, 40:80] = 255 - high[80:120, 40:80]
    found = of_arrays(low, high)
    assert found.decibels < sound.decibels - 6
    assert found.heat[20:30, 10:20].mean() > 20 * sound.heat.mean()
    assert found.heat[40:, 40:] == pytest.approx(sound.heat[40:, 40:])


def test_transparent_pixels_have_no_colour_to_disagree_about() -> None:
    low = picture(20, 20, 4)
    low[:, :10, 3] = 0
    high = np.repeat(np.repeat(low, 2, 0), 2, 1)
    other = high.copy()
    other[:, :16, :3] = 99
    assert of_arrays(low, other).decibels == of_arrays(low, high).decibels


def test_afterwards_from_the_files_it_is_what_the_restorer_measured(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    pyvips = pytest.importorskip("pyvips")
    pyvips.Image.new_from_array(picture(70, 90)).write_to_file(str(source))
    result = restore_file(source, target, Options(scale=3, model="bicubic"))
    assert of_files(source, target).decibels == pytest.approx(result.consistency_db, abs=1e-3)


def test_pictures_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UsageError, match="no whole multiple"):
        of_arrays(picture(10, 10), picture(25, 20))
    with pytest.raises(UsageError, match="channels"):
        of_arrays(picture(10, 10), picture(20, 20, 4))
