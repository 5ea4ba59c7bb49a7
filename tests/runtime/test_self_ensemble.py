from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from relume.runtime import record as records
from relume.runtime import redo
from relume.runtime.batch import Job, restore_and_record
from relume.runtime.options import Options
from relume.runtime.restore import restore
from relume.runtime.self_ensemble import EIGHT, mean_of
from relume.signal import UsageError


def test_a_network_that_favours_no_side_gives_what_it_gives() -> None:
    x = np.random.default_rng(0).random((5, 7, 3), np.float32)
    found = mean_of(EIGHT, lambda seen: seen.repeat(2, 0).repeat(2, 1), x)
    np.testing.assert_allclose(found, x.repeat(2, 0).repeat(2, 1), atol=1e-6)


def test_what_depends_on_the_side_is_averaged() -> None:
    def shaded(seen: np.ndarray) -> np.ndarray:
        return seen + np.linspace(-1, 1, seen.shape[1], dtype=np.float32)[None, :, None]

    x = np.random.default_rng(1).random((6, 6, 3), np.float32)
    np.testing.assert_allclose(mean_of(EIGHT, shaded, x), x, atol=1e-6)


@pytest.mark.parametrize("bands", [1, 3])
def test_the_result_is_the_same_from_every_side(make: ModuleType, tiny: str, bands: int) -> None:
    x = make.smooth(40, 52, bands, np.float32)

    def up(picture: np.ndarray, eight: bool = True) -> np.ndarray:
        made = restore(picture, scale=2, model=tiny, precision="f32", self_ensemble=eight)
        return np.asarray(made)

    turned = np.ascontiguousarray(np.rot90(x)[:, ::-1])
    assert np.abs(np.rot90(up(x))[:, ::-1] - up(turned)).max() < 1e-5
    assert np.abs(np.rot90(up(x, False))[:, ::-1] - up(turned, False)).max() > 1e-4


def test_it_is_recorded_and_made_again(make: ModuleType, tiny: str, tmp_path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(make.smooth(24, 20, 3, np.uint8)).save(source)
    options = Options(scale=2, model=tiny, self_ensemble=True)
    restore_and_record(Job(source, target, target.parent), options, lambda _: None)
    assert records.read(records.record_path(target)).applied["self_ensemble"] is True
    assert redo.repeat(redo.prepare(records.record_path(target), None, None), lambda _: None).identical


def test_it_is_for_enlarging_alone() -> None:
    with pytest.raises(UsageError, match="self-ensemble is for the task upscale"):
        Options(task="denoise", self_ensemble=True)
