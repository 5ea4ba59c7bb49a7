"""What was seen in a picture before it is sent, in words for people, and the task that is made for it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # the page tells what was seen without ever loading what sees
    from relume.runtime.tasks.findings import Findings

CLEAR = 0.01
"""The share of damage from which a task is suggested: less of it is seen in sound pictures too, now and then."""
COARSE = 15.0
"""Noise from which a picture is called very grainy, in 255ths."""


@dataclass(frozen=True)
class Sight:
    """``words``: what to tell, never empty; ``task``: what to suggest, empty where nothing calls for it."""

    words: tuple[str, ...]
    task: str

    @classmethod
    def read(cls, said: bytes) -> Self:
        """Of the JSON that :meth:`tell` gives."""
        found = json.loads(said)
        return cls(tuple(found["words"]), found["task"])

    def tell(self) -> bytes:
        """As JSON."""
        return json.dumps(dataclasses.asdict(self)).encode()


def in_words(found: Findings) -> Sight:
    """Tell of ``found``. Colours are never suggested: they would be invented."""
    words = []
    if found.broken:
        words.append(f"looks scratched or folded on about {_percent(found.damaged)} of the picture")
    if found.beyond:
        words.append("so much looks damaged that it cannot be told apart: mark it")
    if found.grainy:
        words.append("very grainy" if found.sigma >= COARSE else "grainy")
    if found.squares:
        words.append("JPEG’s squares can be seen")
    if found.block:
        return Sight((f"pixelated, in squares of {found.block} pixels",), "depixelate")
    clear = found.broken and found.damaged >= CLEAR
    return Sight(tuple(words) or ("looks sound",), "photo" if clear or found.grainy else "")


def _percent(share: float) -> str:
    """``4 %``, and below one percent a tenth more: ``0.3 %``."""
    return f"{100 * share:.0f} %" if share >= 0.00995 else f"{max(0.1, 100 * share):.1f} %"
