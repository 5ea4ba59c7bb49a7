"""What errors stand for, and what a batch's status is: the parts of a batch that need no picture."""

import errno
from pathlib import Path

import pytest

from relume.runtime.batch import Outcome, Problem, exit_status, explain, pixel_key
from relume.runtime.options import Options
from relume.signal import InputRejected, ModelError, OutputRefused, UsageError


def outcome(status: int) -> Outcome:
    problem = Problem("code", "message", status) if status else None
    return Outcome("a.png", None, "failed" if status else "ok", problem, "upscale", 4, None, 0.0)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], 0),
        ([0], 0),
        ([0, 0], 0),
        ([4], 4),
        ([4, 4], 4),
        ([5, 5], 5),
        ([1], 1),
        ([0, 4], 3),
        ([4, 5], 3),
        ([6, 6, 0], 3),
    ],
)
def test_the_status_of_a_batch(statuses: list[int], expected: int) -> None:
    assert exit_status([outcome(status) for status in statuses]) == expected


@pytest.mark.parametrize(
    ("error", "status", "code", "exit_with"),
    [
        (InputRejected("i"), "rejected", "input", 4),
        (OutputRefused("o"), "rejected", "output", 5),
        (ModelError("m"), "failed", "model", 6),
        (UsageError("u"), "failed", "usage", 2),
        (MemoryError(), "failed", "memory", 1),
        (OSError(errno.ENOSPC, "No space left on device"), "rejected", "unwritable", 5),
        (OSError(errno.EIO, "I/O error"), "failed", "internal", 1),
        (ZeroDivisionError("z"), "failed", "internal", 1),
        (RecursionError("deep"), "failed", "internal", 1),
    ],
)
def test_what_errors_stand_for(error: Exception, status: str, code: str, exit_with: int) -> None:
    found, problem = explain(error, Path("a.png"))
    assert (found, problem.code, problem.exit_status) == (status, code, exit_with)


def test_only_what_changes_pixels_changes_the_key() -> None:
    plain = pixel_key(Options())
    assert {
        pixel_key(Options(threads=2)),
        pixel_key(Options(max_memory=1 << 30)),
        pixel_key(Options(max_pixels=9)),
    } == {plain}
    others = [Options(scale=2), Options(model="bicubic"), Options(precision="f32"), Options(consistent=True)]
    assert plain not in {pixel_key(options) for options in others}
    assert len({pixel_key(options) for options in others}) == len(others)
