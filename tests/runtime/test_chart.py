import numpy as np
import pytest

pytest.importorskip("colour")

from relume.metrics import ciede2000
from relume.runtime import chart
from relume.runtime.chart import ChartRejected
from relume.runtime.glance import glance
from relume.runtime.pictures import colours
from relume.runtime.pictures.colours import BadProfile

BOX = (30, 20, 270, 180)


def photograph(turns: int = 0) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A gray picture with a ColorChecker in it, turned by quarters, float32, and the chart's box."""
    patches = colours.from_lab(chart.checker(BOX)[0], b"").reshape(4, 6, 3)
    fields = np.rot90(patches, turns).repeat(40, axis=0).repeat(40, axis=1)
    picture = np.full((320, 320, 3), 0.4)
    picture[20 : 20 + fields.shape[0], 30 : 30 + fields.shape[1]] = fields
    return picture.astype(np.float32), (30, 20, 30 + fields.shape[1], 20 + fields.shape[0])


def measured(picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    from relume.runtime.arrays import from_object

    return colours.to_lab(glance(from_object(picture), 64, chart.fields(box)).means, b"")


def faded(x: np.ndarray) -> np.ndarray:
    return (0.12 + 0.6 * x * np.array([1.0, 0.9, 0.75])).astype(np.float32)


@pytest.mark.parametrize("turns", range(4))
def test_a_chart_takes_fading_back_however_it_lies(turns: int) -> None:
    picture, box = photograph(turns)
    fit = chart.of_checker(measured(faded(picture), box), box, "a.png")
    assert fit.before > 10
    assert fit.after < 2
    mended = chart.table(fit, b"")(faded(picture))
    inside = [measured(p, box) for p in (picture, mended)]
    assert ciede2000(*inside).mean() < 2.5
    assert fit.plain()["delta_e_left_out"] >= fit.plain()["delta_e_after"] - 0.5


def test_a_right_chart_is_left_alone() -> None:
    picture, box = photograph()
    assert chart.of_checker(measured(picture, box), box, "a.png").method == "no change"


def test_no_chart_is_told(make) -> None:
    with pytest.raises(ChartRejected, match="look alike"):
        chart.of_checker(np.full((24, 3), 50.0), BOX, "a.png")
    wrong = np.random.default_rng(0).normal((50, 0, 0), (25, 20, 20), (24, 3))
    with pytest.raises(ChartRejected, match="no ColorChecker in the box 30,20,270,180"):
        chart.of_checker(wrong, BOX, "a.png")
    with pytest.raises(ChartRejected, match="too small"):
        chart.fields((0, 0, 20, 12))


def test_tables_of_patches(tmp_path) -> None:
    path = tmp_path / "patch.csv"
    path.write_text("x0,y0,x1,y1,r,g,b\n" + "".join(f"{i},0,{i + 1},9,{40 * i},128,9\n" for i in range(6)))
    found = chart.read_patches(path)
    assert len(found) == 6
    np.testing.assert_allclose(colours.from_lab(np.array([found[1][4:]]), b"") * 255, [[40, 128, 9]], atol=0.6)
    for text, message in (
        ("x0,y0,x1,y1,L,a,b\n" + "0,0,1,1,50,0,0\n" * 5, "5 patches; a transform needs at least 6"),
        ("x0,y0,L,a,b\n", "needs the columns"),
        ("x0,y0,x1,y1,L,a,b\n" + "0,0,1,1,50,0,zero\n" * 6, "line 2"),
        ("x0,y0,x1,y1,L,a,b\n" + "0,0,0,1,50,0,0\n" * 6, "no box"),
    ):
        path.write_text(text)
        with pytest.raises(ChartRejected, match=message):
            chart.read_patches(path)


def test_a_profile_that_cannot_be_inverted(make) -> None:
    sound = make.rgb_profile()
    values = np.random.default_rng(0).random((24, 3))
    colours.check_invertible(values, sound)
    singular = bytearray(sound)
    start = singular.index(b"XYZ ", 200)
    singular[start + 8 : start + 20] = singular[start + 28 : start + 40]  # two primaries are one
    with pytest.raises(BadProfile):
        colours.check_invertible(values, bytes(singular))
    with pytest.raises(BadProfile, match="damaged"):
        colours.to_lab(values, sound[:200])
