"""Watching a GAN approach its equilibrium: the value V(D, G) in bits, and one definition of the crossing.

Eq. (2) of the survey (after Cheng, Wang and Wu, 2022), lb being the logarithm to base 2 and c the condition:

    min_G max_D V(D, G) = E_{i~p_r}[lb D(i|c)] + E_{n~p_n}[lb(1 - D(G(n|c)))]

At equilibrium D = 1/2 everywhere: each term is -1, V is -2, the critic is right half of the time.

*The crossing.* The two curves are ``critic`` = -V / 2 and ``generator`` = -E lb D(G(n|c)), 1 bit each at equilibrium.
Both are averaged over the last 10 iterations. An untrained critic knows nothing, so the curves start at 1 without
meaning: the crossing counts only after either has left the band 1 +- 0.1. It is the first iteration after which both
stay inside the band for 20 iterations. Curves that never leave the band have no crossing, nor have those that do not
return. A crossing says that *this* critic was fooled, not that the samples are good: for that see the distances.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from relume.signal import Array, ModelError

BAND = 0.1
MEMORY = 10
HOLD = 20
VALUE = -2.0


@dataclass(frozen=True)
class Stand:
    """One iteration of the game, in bits: ``real`` = E lb D(real), ``fake`` = E lb(1 - D(made)), ``generator``."""

    real: float
    fake: float
    generator: float
    accuracy: float

    @property
    def value(self) -> float:
        """V(D, G); -2 at equilibrium."""
        return self.real + self.fake

    @property
    def critic(self) -> float:
        """-V / 2; 1 at equilibrium."""
        return -self.value / 2

    @property
    def distance(self) -> float:
        """How far the farther of the two terms of V is from its equilibrium value -1."""
        return max(abs(self.real + 1), abs(self.fake + 1))


@torch.no_grad()
def stand(real: Tensor, fake: Tensor) -> Stand:
    """The state of the game from the critic's logits on real and on made examples."""
    bits = 1 / math.log(2)
    accuracy = ((real > 0).float().mean() + (fake <= 0).float().mean()) / 2
    return Stand(
        real=-bits * float(functional.softplus(-real).mean()),
        fake=-bits * float(functional.softplus(fake).mean()),
        generator=bits * float(functional.softplus(-fake).mean()),
        accuracy=float(accuracy),
    )


def smoothed(curve: Array) -> Array:
    """The mean of each value and up to nine before it, (n,)."""
    total = np.concatenate([[0.0], np.cumsum(curve)])
    first = np.maximum(np.arange(1, curve.size + 1) - MEMORY, 0)
    return (total[1:] - total[first]) / np.minimum(np.arange(1, curve.size + 1), MEMORY)


def crossing(critic: Array, generator: Array) -> int | None:
    """The iteration, counted from 1, at which the curves (n,) meet at equilibrium, as defined above; None if never."""
    inside = (np.abs(smoothed(critic) - 1) <= BAND) & (np.abs(smoothed(generator) - 1) <= BAND)
    left = np.flatnonzero(~inside)
    if not left.size:
        return None
    run = 0
    for at in range(int(left[0]), inside.size):
        run = run + 1 if inside[at] else 0
        if run == HOLD:
            return at - HOLD + 2
    return None


FIELDS = ("step", "value", "critic", "generator", "accuracy", "distance")


class Curve:
    """The callback: one line of ``equilibrium.csv`` for each iteration; a resumed run continues where it stood."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[list[float]] = []

    def add(self, step: int, at: Stand) -> None:
        """Note iteration ``step`` (from 0)."""
        self.rows.append([step, at.value, at.critic, at.generator, at.accuracy, at.distance])

    def write(self) -> None:
        """Write what has been noted; lines of the file from the first noted step on are replaced."""
        kept = [row for row in read_curve(self.path) if not self.rows or row[0] < self.rows[0][0]] if self.rows else []
        partial = self.path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(FIELDS)
            writer.writerows([int(row[0]), *(f"{value:.6g}" for value in row[1:])] for row in kept + self.rows)
        partial.replace(self.path)


def read_curve(path: Path) -> list[list[float]]:
    """The rows of an ``equilibrium.csv``, in the order of ``FIELDS``; none if there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != FIELDS:
        raise ModelError(f"{path}: not a file of {', '.join(FIELDS)}")
    return [[float(value) for value in row] for row in rows[1:]]
