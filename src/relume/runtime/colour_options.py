"""How the colour of a relic is to be restored: plain values, which a record keeps as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from relume.signal import UsageError

Patch = tuple[float, float, float, float, float, float, float]
"""x0, y0, x1, y1 in pixels of the upright picture, and L*, a*, b* (D50) of what is there"""


@dataclass(frozen=True)
class ColourOptions:
    """``strength``: from 0 (colours as they are) to 1. ``lock_neutral``: what is gray stays gray.

    ``chart``: the box of a 24-patch ColorChecker, x0, y0, x1, y1. ``patches``: reference patches of known colour.
    ``lut``: the path of a ``.cube`` to apply, and ``lut_sha256`` the hash that its file must have (None: any). At most
    one of these three; with none of them the shipped network estimates the transform. ``fill``: fill cracks and losses,
    which are detected unless a mask is given.
    """

    strength: float = 1.0
    lock_neutral: bool = False
    chart: tuple[int, int, int, int] | None = None
    patches: tuple[Patch, ...] = ()
    lut: str | None = None
    lut_sha256: str | None = None
    fill: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise UsageError(f"color-strength must be between 0 (no change) and 1 (all of it), not {self.strength}")
        if sum((self.chart is not None, bool(self.patches), self.lut is not None)) > 1:
            raise UsageError("a transform comes from a chart, from reference patches or from a .cube: give one of them")
        if self.chart is not None:
            x0, y0, x1, y1 = self.chart
            if not (0 <= x0 < x1 and 0 <= y0 < y1):
                raise UsageError(f"a chart's box is X0,Y0,X1,Y1 with X0 < X1 and Y0 < Y1, not {x0},{y0},{x1},{y1}")

    @property
    def given(self) -> bool:
        """Whether the change of colour is measured or given, and not estimated by the network."""
        return self.chart is not None or bool(self.patches) or self.lut is not None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """From the JSON of a record; raises TypeError for what is not known here."""
        chart = plain.get("chart")
        patches = tuple(tuple(patch) for patch in plain.get("patches", ()))
        return cls(**{**plain, "chart": None if chart is None else tuple(chart), "patches": patches})
