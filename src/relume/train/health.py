"""Whether an adversarial training is still alive: divergence and collapse are named, and the last good weights kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from relume.signal import RelumeError
from relume.train.equilibrium import Stand
from relume.train.loop import Diverged

PATIENCE = 200
KEEP_EVERY = 100
WON = 0.995
FLAT = 0.02


class Collapsed(RelumeError):
    """The generator has stopped to produce variety, or the critic has won for good."""

    code = "collapsed"


class Health:
    """Watches a game; ``good.pt`` in ``folder`` holds the generator as it last was in good health.

    Ill health is a number that is not finite (at once), or, for 200 steps on end, a critic that is right more than
    99.5 % of the time or an output whose variance is under 2 % of the samples'.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "good.pt"
        self.kept: int | None = None
        self.ill = 0

    def check(self, step: int, net: nn.Module, at: Stand, variety: float, more: dict[str, float]) -> None:
        """Look at ``step``; ``variety``: variance of the made examples over that of the real ones."""
        numbers = {"value": at.value, "generator": at.generator, "variety": variety} | more
        broken = [name for name, value in numbers.items() if not math.isfinite(value)]
        if broken:
            raise Diverged(f"step {step}: '{broken[0]}' is not a number; stopped, {self.last()}; lower optim.lr")
        lost, flat = at.accuracy > WON, variety < FLAT
        self.ill = self.ill + 1 if lost or flat else 0
        if self.ill >= PATIENCE:
            why = f"the output's variance is {variety:.2g} of the samples'" if flat else "the critic is always right"
            raise Collapsed(f"step {step}: collapsed: {why} for {PATIENCE} steps; stopped, {self.last()}")
        if not self.ill and step % KEEP_EVERY == 0:
            self.keep(step, net.state_dict)

    def keep(self, step: int, state: Callable[[], dict[str, torch.Tensor]]) -> None:
        """Write ``good.pt``."""
        partial = self.path.with_suffix(".partial")
        torch.save({"step": step, "net": state()}, partial)
        partial.replace(self.path)
        self.kept = step

    def last(self) -> str:
        """Where the last good weights are, in words."""
        return "no good weights yet" if self.kept is None else f"last good weights: {self.path} (step {self.kept})"
