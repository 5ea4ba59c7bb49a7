"""The listed test part is that of the rule."""

from collections import Counter
from pathlib import Path

import pytest

from relume.split import is_test

LIST = Path(__file__).parent.parent / "docs" / "test-part.txt"


def test_every_listed_file_tests() -> None:
    if not LIST.is_file():
        pytest.skip("not a checkout")
    names = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    assert Counter(name.split("/")[0] for name in names) == {"faces": 256, "landscapes": 138, "relics": 34}
    assert len(set(names)) == len(names)
    assert all(is_test(name.split("/")[1]) for name in names)


def test_a_cave_is_on_one_side() -> None:
    assert len({is_test(f"dunhuang_cave017_{number:02}") for number in range(20)}) == 1
    assert {is_test(f"cave017_{number:02}") for number in range(20)} == {True, False}
