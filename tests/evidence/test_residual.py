from pathlib import Path

import numpy as np
import pytest
import pyvips

from relume.degrade.resample import resize
from relume.evidence import residual
from relume.signal import UsageError


def saved(path: Path, x: np.ndarray) -> Path:
    space = "rgb16" if x.dtype == np.uint16 else "srgb"
    pyvips.Image.new_from_array(x).copy(interpretation=space).write_to_file(str(path))
    return path


def read(path: Path) -> np.ndarray:
    return pyvips.Image.new_from_file(str(path)).numpy()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_original_and_layer_are_the_result_to_the_bit(tmp_path, monkeypatch, dtype, scale) -> None:
    monkeypatch.setattr(residual, "_BAND_BYTES", 20_000)
    rng, white = np.random.default_rng(scale), np.iinfo(dtype).max
    low = rng.integers(0, white + 1, (31, 23, 3)).astype(dtype)
    high = rng.integers(0, white + 1, (31 * scale, 23 * scale, 3)).astype(dtype)
    original, result = saved(tmp_path / "a.png", low), saved(tmp_path / "b.png", high)
    layer, again, none, half = (tmp_path / f"{name}.tif" for name in ("layer", "again", "none", "half"))
    said = residual.write(original, result, layer)
    residual.rebuild(original, layer, again, 8 * low.itemsize)
    np.testing.assert_array_equal(read(again), high)
    residual.rebuild(original, layer, none, 8 * low.itemsize, strength=0.0)
    base = np.clip(np.floor(resize(low.astype(np.float64), scale) + 0.5), 0, white)
    np.testing.assert_array_equal(read(none), base)
    residual.rebuild(original, layer, half, 8 * low.itemsize, strength=0.5)
    assert np.abs(read(half) - (base + high) / 2).max() <= 0.5
    assert said.largest == pytest.approx(np.abs(high - base).max() / white)


def test_pictures_that_do_not_belong_together(tmp_path) -> None:
    original = saved(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    other = saved(tmp_path / "b.png", np.zeros((8, 9, 3), np.uint8))
    with pytest.raises(UsageError, match="9x8 is not 8x8 times 1, 2, 4"):
        residual.write(original, other, tmp_path / "layer.tif")
    assert not (tmp_path / "layer.tif").exists()
