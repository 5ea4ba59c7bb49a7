"""The counterparts of Figures 8, 9 and 10 (Cheng, Wang and Wu, 2022): how fast GAN, CGAN and DCGAN reach equilibrium.

All three play the same game on the same samples of one channel with the same batches, step sizes and penalties, with
equal numbers of parameters (within 10 %), several seeds each; the learning rate does not decay, and no least-squares
fit is given (``regress`` is off): the game has to find everything. What is compared is the emission: the networks'
fading parts play no role here.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from relume.comm.laboratory import Samples
from relume.nets.channel import Kind
from relume.signal import Array
from relume.train.channel_gan import ChannelTask
from relume.train.channel_recipe import ChannelGan
from relume.train.equilibrium import crossing, smoothed
from relume.train.export import count_parameters

FIGURE = {"gan": 8, "cgan": 9, "dcgan": 10}


@dataclass(frozen=True)
class Race:
    """The curves of one kind: ``critic`` and ``generator`` (seeds, iterations) in bits, and the crossings."""

    kind: Kind
    parameters: int
    critic_parameters: int
    critic: Array
    generator: Array
    crossings: list[int | None]
    scores: list[dict[str, float]]

    def row(self) -> dict[str, Any]:
        """One row of the results file; a seed without a crossing counts as later than all that have one."""
        met = [c for c in self.crossings if c is not None]
        late = self.critic.shape[1] + 1
        middle = median(c if c is not None else late for c in self.crossings)
        return {
            "model": self.kind,
            "parameters": self.parameters,
            "critic_parameters": self.critic_parameters,
            "crossings": self.crossings,
            "crossed": len(met),
            "median_crossing": middle if middle < late else None,
            "final_value_distance": float(np.median(np.abs(smoothed_rows(self.critic)[:, -1] - 1))) * 2,
        } | {key: float(np.median([score[key] for score in self.scores])) for key in self.scores[0]}


def smoothed_rows(curves: Array) -> Array:
    """The moving average of every row."""
    return np.stack([smoothed(curve) for curve in curves])


def race(
    recipe: ChannelGan, samples: Samples, seeds: int, iterations: int, report: Callable[[str], None] = print
) -> Race:
    """Play ``iterations`` of the game of ``recipe`` with ``seeds`` seeds."""
    critic, generator = np.zeros((2, seeds, iterations))
    scores = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            task = ChannelTask(dataclasses.replace(recipe, seed=seed + 1, regress=False), samples, Path(folder))
            for optimiser in task.optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = recipe.optim.lr * group.get("lr_scale", 1.0)
            for step in range(iterations):
                torch.manual_seed(1_000_003 * (seed + 1) + step)
                _, logged = task.step_emission(step, np.random.default_rng([seed + 1, step]))
                critic[seed, step], generator[seed, step] = logged["critic"], logged["generator"]
            found = task.validate(task.net)
            scores.append({key: found[key] for key in ("ks_amplitude", "sliced_w2")})
            report(f"{recipe.net.kind} seed {seed + 1}: crossing {crossing(critic[seed], generator[seed])}")
    kind = recipe.net.kind
    crossings = [crossing(*pair) for pair in zip(critic, generator, strict=True)]
    sizes = count_parameters(task.net), count_parameters(task.critics)
    return Race(kind, *sizes, critic, generator, crossings, scores)


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """Whether dcgan < cgan < gan, the order of the survey (20, 150 and 290 iterations), reproduces; in one sentence."""
    middle = {row["model"]: row["median_crossing"] for row in rows}
    said = ", ".join(f"{name} {'never' if middle[name] is None else f'{middle[name]:g}'}" for name in middle)
    if any(value is None for value in middle.values()):
        return f"the order is open: not every model has met its equilibrium (median iterations: {said})"
    ordered = middle["dcgan"] < middle["cgan"] < middle["gan"]
    return f"dcgan < cgan < gan {'reproduces' if ordered else 'does not reproduce'} (median iterations: {said})"


def draw(races: Sequence[Race], path: Path) -> None:
    """The figures as one picture: median and range over the seeds of both curves, and the median crossing."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(races), figsize=(4.6 * len(races), 3.4), sharey=True, squeeze=False)
    for axis, one in zip(axes[0], races, strict=True):
        for name, curves, colour in (("critic, -V/2", one.critic, "#1b6ca8"), ("generator", one.generator, "#c8553d")):
            rows = smoothed_rows(curves)
            steps = np.arange(1, rows.shape[1] + 1)
            axis.plot(steps, np.median(rows, 0), color=colour, label=name)
            axis.fill_between(steps, rows.min(0), rows.max(0), color=colour, alpha=0.2, linewidth=0)
        axis.axhline(1, color="0.5", linewidth=0.8, linestyle="--")
        middle = one.row()["median_crossing"]
        if middle is not None:
            axis.axvline(middle, color="0.3", linewidth=0.8)
        told = "no crossing" if middle is None else f"crossing {middle:g}"
        axis.set_title(f"{one.kind.upper()} ({one.parameters} parameters): {told}", fontsize=9)
        axis.set_xlabel("iteration")
    axes[0][0].set_ylabel("loss in bits (1 at equilibrium)")
    axes[0][0].legend(fontsize=8)
    low, high = 0.4, 2.0
    axes[0][0].set_ylim(low, high)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
