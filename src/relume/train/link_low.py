"""Training of the levels that a learned link sends where its code cannot be read: Gray labels, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from relume.comm import theory
from relume.nets.link import WindowEncoder
from relume.signal import UsageError

GRAY = (-3.0, -1.0, 3.0, 1.0)
LABELS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
FADES = {"awgn": False, "rayleigh": True}


@dataclass(frozen=True)
class LevelRecipe:
    """Four levels for two bits on each axis, for a range of Eb/N0 in dB over either channel; no memory.

    A step draws ``draws`` operating points of each channel and ``batch`` values for each.
    """

    name: str
    awgn: tuple[float, float]
    rayleigh: tuple[float, float]
    m: int = 2
    memory: int = 0
    bits_per_use: int = 4
    steps: int = 600
    draws: int = 8
    batch: int = 2000
    lr: float = 5e-3
    seed: int = 1

    def __post_init__(self) -> None:
        if (self.m, self.memory, self.bits_per_use) != (2, 0, 4):
            raise UsageError(f"these levels carry 2 bits on each axis and have no memory: {self}")
        if self.steps < 1 or self.batch < 2 or self.draws < 1:
            raise UsageError(f"steps and draws of at least 1 and a batch of at least 2 are needed: {self}")

    def tiny(self) -> Self:
        """The same experiment in a second."""
        return replace(self, steps=3, batch=50)


def train_levels(recipe: LevelRecipe, report: Callable[[str], None] = print) -> WindowEncoder:
    """Lower the bit errors of the MAP rule, relative to Gray 16QAM's at every operating point; start at Gray 16QAM."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    encoder = WindowEncoder(torch.tensor(GRAY)[:, None] / 10**0.5, recipe.m)
    average = encoder.residual.detach().clone()
    optimiser = torch.optim.Adam(encoder.parameters(), lr=recipe.lr)
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * (1 - step / recipe.steps)
        loss = torch.zeros(())
        for channel, (low, high) in (("awgn", recipe.awgn), ("rayleigh", recipe.rayleigh)):
            for ebn0 in rng.uniform(low, high, recipe.draws).tolist():
                errors = expected_errors(encoder.table(), ebn0, channel, recipe.batch)
                loss = loss + errors / theory.ber("16qam", channel, ebn0) / (2 * recipe.draws)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            average.lerp_(encoder.residual, 1 / (1 + step / 2))
        if step % 100 == 0:
            report(f"step {step} errors {loss.item():.4f} times those of 16QAM")
    with torch.no_grad():
        encoder.residual.copy_(average)
    return encoder


def expected_errors(table: Tensor, ebn0_db: float, channel: str, count: int) -> Tensor:
    """Bit error rate of the MAP rule for levels (4, 1), over ``count`` uses of an axis: the mean of min(p, 1 - p)."""
    energy = torch.empty(count, 1).exponential_().clamp_min(1e-4) if FADES[channel] else torch.ones(count, 1)
    precision = energy * 10 ** (ebn0_db / 10) * 4
    received = table[torch.randint(0, 4, (count,))] + torch.randn(count, 1) * (0.5 / precision).sqrt()
    one = torch.softmax(-precision * (received - table.T).square(), dim=1) @ torch.tensor(LABELS)
    return torch.minimum(one, 1 - one).mean()
