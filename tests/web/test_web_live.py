"""The picture that lights up: whatever the tiles, it ends as the result made small."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("flask", reason="the page needs the [web] extra")

from relume.runtime.pictures import views
from relume.web import live


@pytest.mark.parametrize("side", [1000, 3001, 4000])
def test_tiles_of_any_cut_make_the_small_picture(monkeypatch, tmp_path, side: int) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 1e9)
    y, x = np.mgrid[0 : side // 4, 0:side] / side
    result = np.stack([x, 2 * y, 1 - x], axis=2).astype(np.float32)
    views.write_array(np.zeros((8, 32, 3), np.uint8), tmp_path / "start.jpg")
    canvas = live.Live(tmp_path / "start.jpg", tmp_path / "live.jpg", side, side // 4)
    for top in range(0, side // 4, 333):
        for left in range(0, side, 517):
            canvas.paste(top, left, result[top : top + 333, left : left + 517])
    canvas.write()
    rows, columns = views.read_small(tmp_path / "live.jpg", 40, 10).shape[:2]
    small = views.read_small(tmp_path / "live.jpg", columns, rows).astype(float) / 255
    wanted = np.stack(np.broadcast_arrays(*(lambda v, u: (u, v / 2, 1 - u))(*np.mgrid[0.05:1:0.1, 0.0125:1:0.025])), 2)
    assert abs(small - wanted).max() < 0.03
