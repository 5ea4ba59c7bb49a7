"""Training pictures from free packages: the list, the size, and nothing that looks like a test picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.signal import UsageError
from relume.train import photographs


def write(path: Path, seed: int, size: tuple[int, int] = (320, 240)) -> Path:
    """A picture whose cells differ by ``seed``, enlarged to ``size``."""
    cells = np.random.default_rng(seed).integers(0, 256, (8, 9, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def test_a_folder_without_test_pictures_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    with pytest.raises(UsageError, match="no test pictures"):
        photographs.prepare(tmp_path, tmp_path / "out", tmp_path / "tests", [])
    with pytest.raises(UsageError, match="not a folder"):
        photographs.prepare(tmp_path / "gone", tmp_path / "out", None, [])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", photographs.LISTS)
def test_a_list_names_each_photograph_once(name: str) -> None:
    names = photographs.listed(name)
    assert len(names) == len(set(names)) > 50
    assert all("/usr/share/" in name and not name.startswith("/") for name in names)


@pytest.mark.parametrize(("size", "wanted"), [((3840, 2160), (2040, 1148)), ((1600, 1200), (1000, 750))])
def test_it_is_shrunk_until_it_is_sharp(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert photographs.sharp_size(*size) == wanted


def test_what_looks_like_a_test_picture_is_left_out(tmp_path: Path) -> None:
    names = ["p/a/1.png", "p/b/1.png", "p/seen.png", "p/gone.png"]
    for name, seed in (("a/1", 1), ("b/1", 2), ("seen", 3)):
        write(tmp_path / "in" / "p" / f"{name}.png", seed)
    test = write(tmp_path / "tests" / "known.png", 3, (160, 120))
    with Image.open(test) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(test)
    told = photographs.prepare(tmp_path / "in", tmp_path / "out", tmp_path / "tests", names)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["p-a-1.png", "p-b-1.png"]
    assert len(told) == 2
    assert "known.png" in told[0] and "seen.png" in told[0]
    assert "gone.png" in told[1] and "dpkg -x" in told[1]
