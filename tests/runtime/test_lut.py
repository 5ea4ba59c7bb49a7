import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from relume.runtime.lut import BadLut, Lut, read_cube, write_cube
from relume.signal import UsageError


def wild(size: int = 9) -> Lut:
    rng = np.random.default_rng(1)
    return Lut(np.clip(Lut.identity(size).table ** 0.7 + rng.normal(0, 0.05, (size,) * 3 + (3,)), 0, 1).astype("f4"))


def test_the_identity_changes_no_sample() -> None:
    x = np.random.default_rng(0).random((40, 50, 3), dtype=np.float32)
    assert np.abs(Lut.identity(17)(x) - x).max() < 1e-6


def test_nodes_are_met_and_a_linear_table_is_interpolated_exactly() -> None:
    lut = wild()
    nodes = Lut.identity(9).table.reshape(9, 81, 3)
    np.testing.assert_allclose(lut(nodes), lut.table.reshape(9, 81, 3), atol=1e-5)
    axis = np.linspace(0, 1, 9)
    mix = np.array([[0.5, 0.2, 0.1], [0.1, 0.6, 0.1], [0.2, 0.1, 0.7]])
    linear = Lut((Lut.identity(9).table @ mix).astype(np.float32))
    x = np.random.default_rng(2).random((30, 30, 3), dtype=np.float32)
    reference = RegularGridInterpolator((axis,) * 3, linear.table)(x)
    np.testing.assert_allclose(linear(x), reference, atol=1e-6)


def test_a_network_counts_channels_first_and_red_last() -> None:
    output = np.zeros((3, 2, 2, 2), np.float32)
    output[0, :, :, 1] = 1  # red out where red is in
    lut = Lut.of_network(output)
    np.testing.assert_array_equal(lut(np.array([[[1, 0, 0], [0, 1, 1]]], np.float32)), [[[1, 0, 0], [0, 0, 0]]])


def test_locked_neutrals_stay_gray_to_the_bit() -> None:
    gray = np.repeat(np.linspace(0, 1, 301, dtype=np.float32)[None, :, None], 3, axis=2)
    assert np.ptp(wild()(gray), axis=2).max() > 0.01
    assert np.ptp(wild().neutral()(gray), axis=2).max() == 0
    one = wild().neutral()(gray[..., :1])
    np.testing.assert_allclose(one[..., 0], wild().neutral()(gray)[..., 1], atol=1e-5)


def test_strength_goes_from_nothing_to_all() -> None:
    x = np.random.default_rng(3).random((8, 8, 3), dtype=np.float32)
    lut = wild()
    np.testing.assert_allclose(lut.at(0.5)(x), (x + lut(x)) / 2, atol=1e-5)
    with pytest.raises(UsageError, match="color-strength"):
        lut.at(1.5)


def test_a_cube_is_read_back_to_the_bit_and_counts_red_fastest(tmp_path) -> None:
    lut = wild(5)
    path = tmp_path / "a.cube"
    path.touch()
    write_cube(lut, path, 'mural "1"')
    np.testing.assert_array_equal(read_cube(path).table, lut.table)
    second = path.read_text().splitlines()[5]
    np.testing.assert_allclose([float(v) for v in second.split()], lut.table[1, 0, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LUT_3D_SIZE 3\n" + "0 0 0\n" * 26, "26 rows, but LUT_3D_SIZE 3 needs 27"),
        ("LUT_3D_SIZE 500\n", "between 2 and"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1\n", "one-dimensional"),
        ("LUT_3D_SIZE 2\nDOMAIN_MAX 2 2 2\n" + "0 0 0\n" * 8, "domain"),
        ("LUT_3D_SIZE 2\n" + "0 nan 0\n" * 8, "line 2"),
        ("hello\n", "line 1"),
        ("", "LUT_3D_SIZE"),
    ],
)
def test_a_bad_cube_is_one_clear_line(tmp_path, text: str, message: str) -> None:
    path = tmp_path / "bad.cube"
    path.write_text(text)
    with pytest.raises(BadLut, match=message):
        read_cube(path)
