"""What is told of a picture before it is sent: the same as ``photo`` decides when it restores it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from relume.runtime.arrays import from_object
from relume.runtime.options import Options
from relume.runtime.tasks.findings import find
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.table import planned


def sound(height: int = 192, width: int = 256) -> np.ndarray:
    rng = np.random.default_rng(3)
    soft = gaussian_filter(rng.normal(0, 1, (height, width, 3)), (12, 12, 0))
    return (128 + 70 * soft / np.abs(soft).max()).astype(np.uint8)


def scratched() -> np.ndarray:
    picture = sound()
    for row, column in ((40, 0), (90, 3), (150, 1)):
        for x in range(20, 236):
            picture[row + x * column // 20 - 8 * column : row + x * column // 20 - 8 * column + 3, x] = 250
    return picture


def grainy() -> np.ndarray:
    return (sound() + np.random.default_rng(4).normal(0, 12, (192, 256, 3))).clip(0, 255).astype(np.uint8)


def pixelated() -> np.ndarray:
    squares = np.random.default_rng(5).integers(40, 220, (24, 32, 3), np.uint8)
    return squares.repeat(8, axis=0).repeat(8, axis=1)


def test_each_kind_of_damage_is_told_apart() -> None:
    calm, torn, noisy, squares = (find(make()) for make in (sound, scratched, grainy, pixelated))
    assert not (calm.broken or calm.beyond or calm.grainy or calm.squares or calm.block)
    assert torn.broken and 0.02 < torn.damaged < 0.2 and not torn.grainy
    assert noisy.grainy and noisy.sigma == pytest.approx(12, rel=0.2)
    assert squares.block == 8 and not squares.squares and squares.damaged == 0.0


@pytest.mark.parametrize("make", [sound, scratched, grainy, pixelated])
def test_it_is_what_photo_decides(make) -> None:
    picture = make()
    plan = planned(Request(lambda: from_object(picture), Options(task="photo", scale=1)))
    done = {decision.step: decision.done for decision in plan.decisions}
    found = find(picture)
    assert (found.broken, found.grainy, bool(found.block)) == (done["repair"], done["denoise"], done["depixelate"])


def test_a_detail_tells_of_grain_that_a_small_copy_has_lost() -> None:
    large = grainy()
    small = sound()[::2, ::2]
    assert not find(small).grainy and find(small, large[40:168, 40:168]).grainy


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 9)])
def test_no_size_is_too_small(size: tuple[int, int]) -> None:
    found = find(np.full((*size, 3), 90, np.uint8))
    assert not (found.broken or found.grainy or found.squares or found.block)
