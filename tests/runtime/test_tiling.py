import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.runtime.tiling import plan, spans
from relume.signal import UsageError


@given(
    units=st.integers(1, 300),
    tile=st.integers(70, 400),
    radius=st.integers(0, 30),
    multiple=st.sampled_from([1, 2, 4]),
)
def test_spans_own_every_pixel_once_and_keep_the_overlap(units: int, tile: int, radius: int, multiple: int) -> None:
    length = units * multiple
    cut = spans(length, tile, radius, multiple)
    owned = [pixel for span in cut for pixel in range(span.own_start, span.own_stop)]
    assert owned == list(range(length))
    assert len({span.stop - span.start for span in cut}) == 1
    for span in cut:
        assert span.start % multiple == 0 and (span.stop - span.start) % multiple == 0
        assert 0 <= span.start <= span.own_start <= span.own_stop <= span.stop <= length
        assert span.stop - span.start <= max(tile, length if len(cut) == 1 else 0)
        assert span.start == 0 or span.own_start - span.start >= radius
        assert span.stop == length or span.stop - span.own_stop >= radius


def test_a_short_side_is_one_tile() -> None:
    (only,) = spans(50, 64, 16)
    assert (only.start, only.stop, only.own_start, only.own_stop) == (0, 50, 0, 50)


def test_a_tile_without_room_for_its_overlap_is_refused() -> None:
    with pytest.raises(UsageError, match="too small"):
        spans(100, 32, 16)
    with pytest.raises(UsageError, match="multiple"):
        spans(101, 64, 4, 4)


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(2**22, 2**30))
def test_a_plan_keeps_its_budget_or_takes_the_smallest_tile(height: int, width: int, budget: int) -> None:
    cut = plan(height, width, radius=16, multiple=1, tile_bytes=1024, column_bytes=60, budget=budget)
    rows, columns = cut.tile
    used = rows * columns * 1024 + 60 * rows * width
    assert used <= budget or (rows <= 64 and columns <= 64)
    assert cut.rows[-1].own_stop == height and cut.columns[-1].own_stop == width


def test_more_memory_means_less_work() -> None:
    work = [
        plan(2000, 3000, radius=16, multiple=1, tile_bytes=1000, column_bytes=30, budget=mib << 20).pixels
        for mib in (32, 128, 512)
    ]
    assert work[0] > work[1] > work[2] >= 2000 * 3000
