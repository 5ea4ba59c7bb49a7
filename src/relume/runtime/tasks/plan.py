"""What a task is asked for and what it answers with: which picture, by which steps, and what must be told about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relume.runtime.engine import FINER_FIRST
from relume.runtime.flow import Step
from relume.runtime.options import Decision, Options, Progress
from relume.runtime.pictures import Source
from relume.runtime.realism import Dial
from relume.runtime.tasks.steps import Net
from relume.signal import Array


@dataclass(frozen=True)
class Request:
    """``open`` gives the picture anew each time, to be read from the top; ``mask``: (H, W), where it is no file.

    ``dry``: only the cost is asked for; what would have to be looked for is taken to be everywhere.
    """

    open: Callable[[], Source]
    options: Options
    progress: Callable[[Progress], None] | None = None
    mask: Array | None = None
    dry: bool = False


@dataclass
class Plan:
    """How one picture is restored: ``step`` streams over ``source``.

    ``dtype``: of the result's samples, None for the source's. ``before``: networks that took part in looking at it.
    ``crop``: row and column of the step's result where the result proper begins, and ``size`` its (height, width), None
    for all of it. ``mask``: (H, W) bool, what was filled. ``compared``: whether the result made small again should be
    the input, seen through ``expected`` (a step of scale 1 that looks at single pixels; None: as it is).
    ``decisions``: what was decided, and why.
    """

    source: Source
    step: Step
    source_type: str
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    before: tuple[Net, ...] = ()
    mask: Array | None = None
    crop: tuple[int, int] = (0, 0)
    size: tuple[int, int] | None = None
    compared: bool = True
    expected: Step | None = None
    dial: Dial | None = None
    dtype: np.dtype[Any] = None  # type: ignore[assignment]  # settled below
    made_of: tuple[Net, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.made_of = (*self.before, *self.step.nets)
        self.dtype = self.source.dtype if self.dtype is None else self.dtype

    @property
    def network_seconds(self) -> float:
        """Spent in networks so far."""
        return sum(net.seconds for net in self.made_of)

    @property
    def shaper(self) -> Net | None:
        """The network that shaped the result most: the last one; None where none took part."""
        return self.made_of[-1] if self.made_of else None

    @property
    def precision(self) -> str:
        """The coarsest that a network of it computes in: asked for again, it gives each the one that it had."""
        return max((net.network.precision for net in self.made_of), key=FINER_FIRST.index, default="f32")

    @property
    def models(self) -> dict[str, str | None]:
        """All that took part, name to sha256."""
        return {net.model.name: net.model.sha256 for net in self.made_of}

    @property
    def height(self) -> int:
        """Rows of the result."""
        return self.size[0] if self.size else self.source.height * self.step.scale

    @property
    def width(self) -> int:
        """Columns of the result."""
        return self.size[1] if self.size else self.source.width * self.step.scale

    @property
    def bands(self) -> int:
        """Bands of the result."""
        return self.step.bands(self.source.bands)
