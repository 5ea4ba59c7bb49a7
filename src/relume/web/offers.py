"""What can be asked for: the tasks, scales, dials and models that the installed runtime has, with words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from relume.runtime import zoo
from relume.runtime.photo_options import Hint
from relume.runtime.realism import PARTNERS
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
    """One task: its name in the runtime, a title, a sentence, its scales, and the models and dials that it has."""

    task: str
    title: str
    text: str
    scales: tuple[int, ...]
    scale: int
    models: tuple[Choice, ...]
    dials: tuple[str, ...]

    @property
    def keeps_size(self) -> bool:
        """Whether the result is as large as the source."""
        return self.scales == (1,)


@dataclass(frozen=True)
class Wish:
    """What is asked for; checked against the offers. ``scale`` None is the task's own; ``mask`` a PNG's bytes."""

    task: str = "upscale"
    scale: int = None  # type: ignore[assignment]  # settled below
    model: str = AUTO
    consistent: bool = False
    strip: bool = False
    realism: float = 0.0
    strength: float | None = None
    hints: tuple[Hint, ...] = ()
    colour: bool = False
    mask: bytes | None = None

    def __post_init__(self) -> None:
        offer = offer_of(self.task)
        if self.scale is None:
            object.__setattr__(self, "scale", offer.scale)
        if self.scale not in offer.scales:
            raise UsageError(f"scale {self.scale} is not offered; there are {', '.join(map(str, offer.scales))}")
        able = {AUTO: offer.scales} | {choice.name: choice.scales for choice in offer.models}
        if self.model not in able:
            raise UsageError(f"there is no model '{self.model[:40]}'; there are {', '.join(able)}")
        if self.scale not in able[self.model]:
            names = ", ".join(name for name, scales in able.items() if self.scale in scales)
            raise UsageError(f"{self.model} does not enlarge by {self.scale}; for that there are {names}")
        for name in ("realism", "strength", "hints", "colour", "mask"):
            if getattr(self, name) not in (None, 0, ()) and name not in offer.dials:
                raise UsageError(
                    f"{name} is no dial of the task {self.task}; it has {', '.join(offer.dials) or 'none'}"
                )
        if self.realism and self.model not in (AUTO, *PARTNERS):
            raise UsageError(f"realism is a dial of {', '.join(PARTNERS)}, not of {self.model}")


def offer_of(task: str) -> Offer:
    """The offer of that task; raises UsageError where there is none."""
    for offer in offers():
        if offer.task == task:
            return offer
    raise UsageError(f"there is no task '{task[:40]}'; there are {', '.join(offer.task for offer in offers())}")


def having(dial: str, scale: int | None = None) -> str:
    """The names of the tasks that have ``dial`` (and that ``scale``), with spaces between."""
    able = (offer for offer in offers() if dial in offer.dials and (scale is None or scale in offer.scales))
    return " ".join(offer.task for offer in able)


@cache
def offers() -> tuple[Offer, ...]:
    """The tasks that the runtime has models for."""
    return tuple(offer for kind in _KINDS if (offer := kind.offer()) is not None)


@dataclass(frozen=True)
class _Kind:
    """A task that may be offered: where all models of ``needs`` ship, and one of ``any_of`` if it names some."""

    task: str
    title: str
    text: str
    dials: tuple[str, ...]
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    scales: tuple[int, ...] = (1,)

    def offer(self) -> Offer | None:
        """The offer, or None where its models are not there."""
        ships = zoo.SHIPPED
        if not all(name in ships for name in self.needs) or (
            self.any_of and not any(name in ships for name in self.any_of)
        ):
            return None
        models = _models(self.task) if "model" in self.dials else ()
        scales = self.scales or tuple(sorted({scale for choice in models for scale in choice.scales}))
        dials = tuple(name for name in self.dials if name != "realism" or any(p in ships for p in PARTNERS.values()))
        return Offer(self.task, self.title, self.text, scales, max(scales) if models else scales[0], models, dials)


def _models(task: str) -> tuple[Choice, ...]:
    cards: Iterable = (zoo.find(name).card for name in zoo.names())  # type: ignore[type-arg]
    return tuple(Choice(card.name, card.description or card.name, card.scales) for card in cards if card.task == task)


_KINDS = (
    _Kind(
        "upscale",
        "Enlarge",
        "More pixels, drawn by a network that has learned what pictures look like.",
        ("scale", "model", "realism", "consistent"),
        scales=(),
    ),
    _Kind(
        "photo",
        "Old photograph",
        "Looks at it and does what it needs, gently: squares undone, damage filled, noise taken away.",
        ("scale", "colour", "strength", "hints", "mask"),
        any_of=("repair", "denoise", "depixelate", "colorize"),
        scales=(1, 2, 3, 4),
    ),
    _Kind(
        "repair",
        "Mend damage",
        "Finds scratches, folds and holes, or takes what you mark, and fills them. Nothing else changes.",
        ("strength", "mask"),
        needs=("repair", "damage-mask"),
    ),
    _Kind(
        "colorize",
        "Add colour",
        "Gives a gray picture colours. They are invented, but for those that you set.",
        ("strength", "hints"),
        needs=("colorize",),
    ),
    _Kind("denoise", "Remove noise", "Takes noise and grain away.", ("strength",), needs=("denoise",)),
    _Kind(
        "depixelate",
        "Undo pixelation",
        "Undoes the squares of a pixelated picture.",
        ("strength",),
        needs=("depixelate",),
    ),
    _Kind(
        "relic",
        "Relic",
        "Brings back the colour of a dark, faded or yellowed painting, the same all over the picture.",
        ("scale", "realism"),
        needs=("relic-colour",),
        scales=(1, 2, 4),
    ),
)
