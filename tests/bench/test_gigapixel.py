import numpy as np
import pyvips

from relume.bench import gigapixel
from relume.runtime.lut import Lut, write_cube


def test_one_table_for_all_of_a_mural(tmp_path) -> None:
    cube = tmp_path / "a.cube"
    cube.touch()
    write_cube(Lut((Lut.identity(9).table ** 0.7).astype(np.float32)), cube, "a")
    row = gigapixel.measure(300, 1 << 28, cube, tmp_path)
    assert row["seam_of_65535"] == 0
    assert 50 << 20 < row["peak_bytes"] < 1 << 30
    assert [path.name for path in tmp_path.iterdir()] == ["a.cube"]


def test_a_seam_is_seen(tmp_path) -> None:
    x = np.full((40, 30, 3), 30000, np.uint16)
    y = x.copy()
    y[20:] += 7
    for name, picture in (("x", x), ("y", y)):
        image = pyvips.Image.new_from_array(picture).copy(interpretation="rgb16")
        image.write_to_file(str(tmp_path / f"{name}.tif"))
    assert gigapixel.seam(tmp_path / "x.tif", tmp_path / "y.tif", Lut.identity(2)) == 7
