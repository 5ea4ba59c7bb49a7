import numpy as np
import pytest

pytest.importorskip("colour")

from relume.bench import chart, moved, tables
from relume.bench.sets import Picture


def test_a_chart_puts_a_wrong_light_right() -> None:
    y, x = np.mgrid[0:320, 0:320]
    waves = np.stack([0.5 + 0.4 * np.sin(x / 20 + c) * np.cos(y / (30 + c)) for c in range(3)], 2)
    picture = Picture("waves", np.rint(waves * 255).astype(np.uint8))
    rows = {row["model"]: row for row in chart.measure([picture], "test", seed=1)}
    assert rows["as taken"]["delta_e"] > 6
    assert rows["chart"]["delta_e"] < 3
    assert rows["chart"]["below_5"] == 1.0
    assert "| test (1) | chart |" in chart.table(list(rows.values()))


def test_how_far_relics_are_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).integers(60, 160, (40, 40, 3), dtype=np.uint8)
    monkeypatch.setattr(moved, "RIVALS", {"none": lambda x: x, "levels": moved.auto_levels})
    none, levels = moved.measure([Picture("a", x), Picture("b", x[:30])])
    assert (none["delta_e"], none["still"], none["colourfulness_ratio"]) == (0.0, 1.0, 1.0)
    assert levels["delta_e"] > 5 and levels["still"] == 0.0 and levels["colourfulness_ratio"] > 1.5
    assert "2 relics as they are" in tables.moved([none, levels])
