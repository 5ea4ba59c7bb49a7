"""What can be asked for: the tasks, scales and models that the installed runtime has, with words for the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from relume.runtime import zoo
from relume.signal import UsageError

AUTO = "auto"


@dataclass(frozen=True)
class Choice:
    """A model by name, what it is good for in a few words, and the scales that it has."""

    name: str
    text: str
    scales: tuple[int, ...]


@dataclass(frozen=True)
class Offer:
    """One task: its name in the runtime, a title, a sentence, the scales and the models that it has."""

    task: str
    title: str
    text: str
    scales: tuple[int, ...]
    scale: int
    models: tuple[Choice, ...]


@dataclass(frozen=True)
class Wish:
    """What is asked for; checked against the offers."""

    task: str = "upscale"
    scale: int = 4
    model: str = AUTO
    consistent: bool = False
    strip: bool = False

    def __post_init__(self) -> None:
        offer = next((offer for offer in offers() if offer.task == self.task), None)
        if offer is None:
            raise UsageError(f"there is no task '{self.task[:40]}'; there are {', '.join(o.task for o in offers())}")
        if self.scale not in offer.scales:
            raise UsageError(f"scale {self.scale} is not offered; there are {', '.join(map(str, offer.scales))}")
        able = {AUTO: offer.scales} | {choice.name: choice.scales for choice in offer.models}
        if self.model not in able:
            raise UsageError(f"there is no model '{self.model[:40]}'; there are {', '.join(able)}")
        if self.scale not in able[self.model]:
            names = ", ".join(name for name, scales in able.items() if self.scale in scales)
            raise UsageError(f"{self.model} does not enlarge by {self.scale}; for that there are {names}")


@cache
def offers() -> tuple[Offer, ...]:
    """The tasks that the runtime has models for."""
    cards = [zoo.find(name).card for name in zoo.names()]
    found = []
    for task, (title, text) in _WORDS.items():
        own = [card for card in cards if card.task == task]
        if own:
            scales = tuple(sorted({scale for card in own for scale in card.outputs.values()}))
            models = tuple(Choice(card.name, card.description or card.name, card.scales) for card in own)
            found.append(Offer(task, title, text, scales, max(scales), models))
    return tuple(found)


_WORDS = {
    "upscale": ("Enlarge", "More pixels, drawn by a network that has learned what pictures look like."),
}
