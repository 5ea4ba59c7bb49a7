"""Degradations made of degradations: in order, in random order, now and then, or one of several.

The draw of a composite is flat: what step 2 drew as ``noise`` is ``2.noise``, on the same side. Besides that, ``mask``
on either side is the union of what its steps damaged, at the size of the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.degrade.base import PictureDegradation, check_span, picture_shape
from relume.signal import Array, Draw, UsageError


def prefixed(draw: Draw, name: str) -> Draw:
    """``draw`` with ``name.`` before each of its keys."""
    return Draw(*({f"{name}.{key}": value for key, value in side.items()} for side in (draw.known, draw.hidden)))


def part(draw: Draw, name: str) -> Draw:
    """What the step ``name`` drew: the inverse of :func:`prefixed`."""
    start = f"{name}."

    def own(side: Mapping[str, Any]) -> dict[str, Any]:
        return {key.removeprefix(start): value for key, value in side.items() if key.startswith(start)}

    return Draw(own(draw.known), own(draw.hidden))


def joined(draws: list[Draw]) -> Draw:
    """One draw with the keys of all, side by side."""
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for draw in draws:
        sides[0].update(draw.known)
        sides[1].update(draw.hidden)
    return Draw(*sides)


def check_steps(owner: object, steps: tuple[PictureDegradation, ...]) -> None:
    """Refuse steps that are not a tuple of degradations."""
    if not isinstance(steps, tuple) or not all(isinstance(step, PictureDegradation) for step in steps):
        raise UsageError(f"{type(owner).__name__}: steps must be a tuple of degradations, not {steps!r}")


@dataclass(frozen=True)
class Sequence(PictureDegradation):
    """Steps that run one after another, in an order that the draw may choose."""

    steps: tuple[PictureDegradation, ...]

    def __post_init__(self) -> None:
        check_steps(self, self.steps)

    def order(self, rng: np.random.Generator) -> list[int] | None:
        """The order of the steps, or None where it is fixed and need not be kept."""
        return None

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Draw every step for the shape that the steps before it leave, and the order where it is random (hidden)."""
        picture_shape(shape)
        order = self.order(rng)
        draws = [] if order is None else [Draw(hidden={"order": np.array(order, int)})]
        masks: list[dict[str, Array]] = [{}, {}]
        for index in range(len(self.steps)) if order is None else order:
            step, drawn = self.steps[index], self.steps[index].draw(shape, rng)
            shape = step.out_shape(shape, drawn)
            for union, side in zip(masks, (drawn.known, drawn.hidden), strict=True):
                union.update({key: step.carry(mask, drawn) for key, mask in union.items()})
                if "mask" in side:
                    union["mask"] = union["mask"] | side["mask"] if "mask" in union else side["mask"]
            draws.append(prefixed(drawn, str(index)))
        return joined([*draws, Draw(*masks)])

    def taken(self, draw: Draw) -> Iterator[tuple[PictureDegradation, Draw]]:
        """Each step with its draw, in the drawn order."""
        for index in draw.hidden.get("order", range(len(self.steps))):
            yield self.steps[int(index)], part(draw, str(int(index)))

    def apply(self, x: Array, draw: Draw) -> Array:
        """Apply every step to ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        for step, drawn in self.taken(draw):
            x = step.apply(x, drawn)
        return x

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """The shape after the last step."""
        for step, drawn in self.taken(draw):
            shape = step.out_shape(shape, drawn)
        return shape

    def carry(self, mask: Array, draw: Draw) -> Array:
        """Carry the mask through every step."""
        for step, drawn in self.taken(draw):
            mask = step.carry(mask, drawn)
        return mask


@dataclass(frozen=True)
class Chain(Sequence):
    """Several degradations, one after another.

    >>> from relume.degrade.damage import Scratches
    >>> from relume.degrade.jpeg import Jpeg
    >>> scan = Chain((Scratches(count=6), Jpeg(quality=70)))
    """


@dataclass(frozen=True)
class RandomOrder(Sequence):
    """Several degradations in an order drawn anew each time."""

    def order(self, rng: np.random.Generator) -> list[int]:
        """A permutation of the steps."""
        return [int(i) for i in rng.permutation(len(self.steps))]


@dataclass(frozen=True)
class OneOf(Sequence):
    """One of several degradations, each as likely as its weight (all alike where ``weights`` is empty)."""

    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.steps:
            raise UsageError("OneOf: give at least one degradation to choose from")
        if self.weights and (len(self.weights) != len(self.steps) or min(self.weights) < 0 or sum(self.weights) <= 0):
            raise UsageError(f"OneOf: {len(self.steps)} steps need as many weights of 0 or more, not {self.weights}")

    def order(self, rng: np.random.Generator) -> list[int]:
        """The one step that was chosen."""
        weights = np.array(self.weights or [1.0] * len(self.steps), float)
        return [int(rng.choice(len(self.steps), p=weights / weights.sum()))]


@dataclass(frozen=True)
class Sometimes(Sequence):
    """Steps that happen together with a probability in [0, 1], and else leave the picture alone."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "probability", 0, 1)

    def order(self, rng: np.random.Generator) -> list[int]:
        """All the steps, or none."""
        return list(range(len(self.steps))) if rng.random() < self.probability else []
