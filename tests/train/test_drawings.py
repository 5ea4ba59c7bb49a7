"""Drawn pages: the same for the same seed, test drawings apart, and clear words where packages are missing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from relume.signal import UsageError
from relume.split import is_test
from relume.train import drawings

CIRCLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><circle cx="20" cy="10" r="9" fill="{}"/></svg>'
)


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Two drawings and two fonts on either side of the split, and a drawing that is none."""
    root, font = tmp_path / "unpacked", ImageFont.load_default(12).font_bytes  # type: ignore[union-attr]
    root.mkdir()
    for test in (False, True):
        names = [name for name in map(str, range(100)) if is_test(name) == test]
        for name, hue in zip(names[:2], ("teal", "#fd3"), strict=True):
            (root / f"{name}.svg").write_text(CIRCLE.format(hue))
            (root / f"{name}.ttf").write_bytes(font)
        (root / f"{names[2]}.svg").write_text("no drawing")
    return root


def test_pages_are_the_same_for_the_same_seed(unpacked: Path, tmp_path: Path) -> None:
    for out in ("a", "b", "c"):
        drawings.draw(unpacked, tmp_path / out, 2, seed=2 if out == "c" else 1)
    pages = {out: [np.asarray(Image.open(tmp_path / out / f"page00{k}.png")) for k in (0, 1)] for out in "abc"}
    assert pages["a"][0].shape == (drawings.SIDE, drawings.SIDE, 3)
    assert all(np.array_equal(a, b) for a, b in zip(pages["a"], pages["b"], strict=True))
    assert not np.array_equal(pages["a"][0], pages["a"][1])
    assert not np.array_equal(pages["a"][0], pages["c"][0])


def test_what_tests_does_not_train(unpacked: Path) -> None:
    training, test = drawings.sources(unpacked, False), drawings.sources(unpacked, True)
    for ours, theirs in zip(training, test, strict=True):
        assert ours
        assert theirs
        assert not set(ours) & set(theirs)


def test_a_drawing_has_the_size_asked_for_and_a_broken_one_is_left_out(unpacked: Path) -> None:
    good, bad = sorted(unpacked.glob("*.svg"), key=lambda path: path.stat().st_size, reverse=True)[::5]
    drawn = drawings.drawing(good, 90)
    assert drawn is not None
    assert (drawn.size, drawn.mode) == ((90, 45), "RGBA")
    assert drawings.drawing(bad, 90) is None


def test_missing_packages_are_an_error_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no drawings"):
        drawings.draw(tmp_path, tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
