import numpy as np
import pytest

pytest.importorskip("colour")

from relume.bench import chart
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
