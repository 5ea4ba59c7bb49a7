"""How a photograph is to be restored: plain values, which a record keeps as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from relume.signal import UsageError

Hint = tuple[int, int, str]
"""x, y in pixels of the upright picture, and the colour wanted there as ``#rrggbb``"""
MOST_SIGMA = 100.0
_SPELLED = re.compile(r"\s*(\d+)\s*,\s*(\d+)\s*=\s*(#[0-9a-fA-F]{6})\s*")


class BadHint(UsageError):
    """A colour hint that makes no sense, or lies outside the picture."""

    code = "hint"


@dataclass(frozen=True)
class PhotoOptions:
    """``strength``: from 0 (the picture as it is) to 1, None for the task's own; it blends with the original.

    ``mask``: the path of a picture of the same size, bright where the picture is damaged; else the damage is detected.
    ``mask_sha256``: the hash that its file must have, None for any. ``sigma``: standard deviation of the noise in
    8-bit levels, else estimated. ``block``: side of the squares of a pixelated picture, else detected. ``hints``:
    colours that are known. ``colour``: whether the task photo may give a gray picture colours.
    """

    strength: float | None = None
    mask: str | None = None
    mask_sha256: str | None = None
    sigma: float | None = None
    block: int | None = None
    hints: tuple[Hint, ...] = ()
    colour: bool = False

    def __post_init__(self) -> None:
        if self.strength is not None and not 0 <= self.strength <= 1:
            raise UsageError(f"strength must be between 0 (the original) and 1, not {self.strength}")
        if self.sigma is not None and not 0 < self.sigma <= MOST_SIGMA:
            raise UsageError(f"sigma must be above 0 and at most {MOST_SIGMA:g} (8-bit levels), not {self.sigma}")
        if self.block is not None and self.block not in range(2, 65):
            raise UsageError(f"block must be a whole number from 2 to 64, not {self.block}")
        for x, y, colour in self.hints:
            if x < 0 or y < 0 or not re.fullmatch("#[0-9a-fA-F]{6}", colour):
                raise BadHint(f"a hint is X,Y=#RRGGBB, not {x},{y}={colour}")

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """From the JSON of a record; raises TypeError for what is not known here."""
        hints = tuple((int(x), int(y), str(colour)) for x, y, colour in plain.get("hints", ()))
        return cls(**{**plain, "hints": hints})


def read_hints(hints: Iterable[str | tuple[int, int, str]]) -> tuple[Hint, ...]:
    """Hints from ``X,Y=#RRGGBB`` or ``(x, y, "#rrggbb")``; raises BadHint.

    >>> read_hints(["12,40=#AA3322"])
    ((12, 40, '#aa3322'),)
    """
    found = []
    for hint in hints:
        text = hint if isinstance(hint, str) else "{},{}={}".format(*hint) if len(hint) == 3 else str(hint)
        match = _SPELLED.fullmatch(text)
        if match is None:
            raise BadHint(f"a hint is X,Y=#RRGGBB, such as 120,48=#8a5a3c, not {text!r}")
        found.append((int(match[1]), int(match[2]), match[3].lower()))
    return tuple(found)


def colour_of(hint: Hint) -> tuple[float, float, float]:
    """The sRGB of a hint's colour, in [0, 1].

    >>> colour_of((0, 0, "#ff0000"))
    (1.0, 0.0, 0.0)
    """
    red, green, blue = (int(hint[2][at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
