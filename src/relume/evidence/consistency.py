"""Consistency: a restoration, degraded again, should give what it was made from.

The restorer measures this while it works and puts it into the record; here it is measured afterwards, from any two
pictures, whoever made them. It says how much of the input the result kept, and not whether what was added is true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relume.runtime.agreement import Agreement
from relume.runtime.arrays import from_object
from relume.runtime.options import DEFAULT_MEMORY, DEFAULT_PIXELS
from relume.runtime.pictures import Source, open_source
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.working import Working
from relume.signal import Array, UsageError

_ROWS = 64


@dataclass(frozen=True, eq=False)
class Consistency:
    """``decibels``: PSNR over all channels of the input against the result shrunk by antialiased bicubic, 120 at most.

    ``heat``: the root mean square disagreement by place, (h, w) float in [0, 1], at most 1024 a side.
    """

    decibels: float
    heat: Array
    scale: int


def of_arrays(low: Array, high: Array) -> Consistency:
    """How well ``high`` agrees with ``low``, whose sides are smaller by one whole factor; samples as in ``restore``."""
    return _measured(from_object(low), from_object(high))


def of_files(source: Path, result: Path, expected: Callable[[Array], Array] | None = None) -> Consistency:
    """The same for two picture files, read in strips; raises InputRejected or UsageError.

    ``expected``: how the working values of the source are to be seen, such as a change of colour; None: as they are.
    """
    low, high = (
        open_source(path, max_pixels=DEFAULT_PIXELS * 16, max_memory=DEFAULT_MEMORY) for path in (source, result)
    )
    return _measured(low, high, expected)


def _measured(low: Source, high: Source, expected: Callable[[Array], Array] | None = None) -> Consistency:
    scale = high.width // low.width
    if scale < 1 or (high.width, high.height) != (low.width * scale, low.height * scale):
        sizes = f"{high.width}x{high.height} is no whole multiple of {low.width}x{low.height}"
        raise UsageError(f"{high.name}: not an enlargement of {low.name}: {sizes}")
    if high.bands != low.bands:
        raise UsageError(f"{high.name}: {high.bands} channels, but {low.name} has {low.bands}")
    working = Working(low.alpha, tone_curve(low.metadata.profile))
    agreement = Agreement(low.height, low.width, scale, working.of, mapped=True, expected=expected)
    for start in range(0, low.height, _ROWS):
        stop = min(start + _ROWS, low.height)
        agreement.add(low.read(start, stop), high.read(start * scale, stop * scale))
    return Consistency(agreement.decibels, agreement.heat(), scale)
