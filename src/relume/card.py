"""The model card: what a weight file promises, stored in the file itself (ONNX metadata, key ``relume.card``)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from relume.signal import ModelError

KEY = "relume.card"


@dataclass(frozen=True)
class TrainingSet:
    """A set of pictures or signals that a model learned from, and its terms."""

    name: str
    terms: str


@dataclass(frozen=True)
class ModelCard:
    """What a runtime needs to use a model without knowing its network, and what a reader needs to judge it.

    ``inputs`` maps input names to channel counts and ``outputs`` output names to the factor by which they enlarge
    (1 = same size); all are (N, C, H, W) float32 in ``value_range``. Sides of the input must be multiples of
    ``multiple``; ``radius`` is how many input pixels on each side can influence one output pixel (the overlap of
    tiles). ``fidelity`` says whether the model may invent ("generative") or only estimates ("faithful").
    ``eight_bits`` gives, for a network that can be computed in eight-bit arithmetic, how far what enters each
    convolution reaches, channel by channel, by the name of its weights (:mod:`relume.nets.eight_bit`); the file itself
    holds plain convolutions.
    """

    name: str
    task: str
    outputs: Mapping[str, int]
    radius: int
    parameters: int
    macs_per_pixel: Mapping[str, int]
    licence: str
    data: tuple[TrainingSet, ...]
    recipe: Mapping[str, Any]
    commit: str
    inputs: Mapping[str, int] = field(default_factory=lambda: {"x": 3})
    multiple: int = 1
    value_range: tuple[float, float] = (0.0, 1.0)
    fidelity: str = "faithful"
    scores: Mapping[str, Any] = field(default_factory=dict)
    parity: float | None = None
    description: str = ""
    eight_bits: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors by which this model can enlarge."""
        return tuple(sorted(set(self.outputs.values())))

    def output_for(self, scale: int) -> str:
        """The name of the output that enlarges by ``scale``; an error names what the model can do."""
        for name, factor in self.outputs.items():
            if factor == scale:
                return name
        raise ModelError(f"model {self.name} enlarges by {', '.join(map(str, self.scales))}, not by {scale}")

    @staticmethod
    def training_sets(entries: Iterable[Mapping[str, str]]) -> tuple[TrainingSet, ...]:
        """Training sets from plain ``{"name": ..., "terms": ...}`` entries."""
        return tuple(TrainingSet(**entry) for entry in entries)

    def to_json(self) -> str:
        """The card as one JSON object with sorted keys."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read :meth:`to_json`; a card of another make is an error that names the difference."""
        try:
            raw = json.loads(text)
            raw["data"] = cls.training_sets(raw["data"])
            raw["value_range"] = tuple(raw["value_range"])
            return cls(**raw)
        except (TypeError, KeyError, ValueError) as error:
            raise ModelError(f"not a relume model card: {error}") from error
