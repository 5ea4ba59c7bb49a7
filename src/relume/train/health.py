"""Whether an adversarial training is still alive: divergence and collapse are named, and the last good weights kept."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

import torch
from torch import nn

from relume.signal import RelumeError
from relume.train.equilibrium import Stand
from relume.train.loop import Diverged

PATIENCE = 200
KEEP_EVERY = 100
WON = 0.995
FLAT = 0.02
HOPELESS = 50.0


class Collapsed(RelumeError):
    """The generator has stopped to produce variety, or the critic has won for good."""

    code = "collapsed"


@dataclass(frozen=True)
class Pulse:
    """How one game stands at one step; ``variety``: variance of the made examples over that of the real ones."""

    at: Stand
    variety: float

    @property
    def ill(self) -> bool:
        """Whether this step alone gives reason for worry."""
        return self.at.accuracy > WON or self.variety < FLAT


class Health:
    """Watches the games of a training, each by itself; ``good.pt`` in ``folder`` is its last checkpoint in good health.

    Ill health is a number that is not finite (at once), or, over the last 200 steps, a critic that was right more than
    99.5 % of the time or gave the made examples less than 2^-50 of a chance (medians of E lb D; not asked of a
    Wasserstein critic, which gives no chances), or an output whose median variance is under 2 % of the samples'.
    ``good.pt`` holds the generator where a checkpoint holds the averaged one, so whatever reads a checkpoint's weights
    reads it too; training cannot resume from it. ``recipe``: the recipe as plain values.
    """

    def __init__(self, folder: Path, recipe: dict[str, Any]) -> None:
        self.path, self.recipe = folder / "good.pt", recipe
        self.kept: int | None = None
        self.past: dict[str, deque[Pulse]] = {}

    def check(self, step: int, net: nn.Module, games: Mapping[str, Pulse], logged: Mapping[str, float]) -> None:
        """Look at ``step``, counted from 0: at all that was logged, and at each game by its name."""
        varieties = {f"{name} variety": pulse.variety for name, pulse in games.items()}
        broken = [name for name, value in (dict(logged) | varieties).items() if not math.isfinite(value)]
        if broken:
            raise Diverged(f"step {step}: '{broken[0]}' is not a number; stopped, {self.last()}; lower optim.lr")
        well = True
        for name, pulse in games.items():
            past = self.past.setdefault(name, deque(maxlen=PATIENCE))
            past.append(pulse)
            why = complaint(past, self.recipe.get("game") != "wasserstein")
            if why and len(past) == PATIENCE:
                raise Collapsed(
                    f"step {step}: the {name} has collapsed: over the last {PATIENCE} steps {why}; "
                    f"stopped, {self.last()}"
                )
            well = well and not why and not pulse.ill
        if well and step % KEEP_EVERY == 0:
            self.keep(step + 1, net)

    def keep(self, done: int, net: nn.Module) -> None:
        """Write ``good.pt`` after ``done`` steps."""
        state = {"step": done, "recipe": self.recipe, "average": net.state_dict(), "modules": {}, "optimisers": []}
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)
        self.kept = done

    def last(self) -> str:
        """Where the last good weights are, in words."""
        if self.kept is not None:
            return f"last good weights: {self.path} (step {self.kept})"
        return f"last good weights, of an earlier start: {self.path}" if self.path.exists() else "no good weights yet"


def complaint(past: deque[Pulse], gives_chances: bool) -> str:
    """What is wrong with a stretch of a game, in words; empty if nothing is."""
    variety = median(pulse.variety for pulse in past)
    if variety < FLAT:
        return f"the output's variance was {variety:.2g} of the samples'"
    right = fmean(pulse.at.accuracy for pulse in past)
    if gives_chances and right > WON:
        return f"the critic was right {100 * right:.1f} % of the time"
    doubt = median(pulse.at.generator for pulse in past)
    if gives_chances and doubt > HOPELESS:
        return f"the critic gave what was made 2^-{doubt:.0f} of a chance"
    return ""
