"""The one training loop: steps by seed and number, EMA, validation, a log, checkpoints, exact resumption.

Everything random in step n is drawn from ``(seed, n)``, so a resumed run equals an unbroken one bit for bit.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import nn

from relume.signal import ModelError, RelumeError, UsageError
from relume.train.journal import Journal
from relume.train.recipe import Optim, plain

LOG_EVERY = 100


class Diverged(RelumeError):
    """The loss is no longer a number; the last good checkpoint is kept."""

    code = "diverged"


class Task(Protocol):
    """What a kind of training plugs into the loop."""

    net: nn.Module
    optimisers: list[torch.optim.Optimizer]

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        """One update of all networks; returns what is logged."""
        ...

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Scores of ``net`` on held-out training pictures."""
        ...

    def modules(self) -> dict[str, nn.Module]:
        """Every trained network by name, for the checkpoint."""
        ...


class Recipe(Protocol):
    """What every recipe says about its run; a recipe is a frozen dataclass."""

    @property
    def steps(self) -> int: ...
    @property
    def optim(self) -> Optim: ...
    @property
    def seed(self) -> int: ...
    @property
    def validate_every(self) -> int: ...
    @property
    def checkpoint_minutes(self) -> float: ...


def learning_rate(step: int, steps: int, optim: Optim) -> float:
    """Linear warm-up, then half a cosine from ``lr`` to ``final * lr``."""
    if step < optim.warmup:
        return optim.lr * (step + 1) / optim.warmup
    progress = min(1.0, (step - optim.warmup) / max(1, steps - optim.warmup))
    return optim.lr * (optim.final + (1 - optim.final) * 0.5 * (1 + math.cos(math.pi * progress)))


@dataclasses.dataclass
class Run:
    """A folder with ``checkpoint.pt`` and ``log.jsonl``, and how it is run; see :func:`train`.

    ``resume``: go on from the checkpoint, where there is one; ``report`` gets a line of JSON now and then;
    ``stop_after`` ends early after that many steps, with a checkpoint, as an interruption would; ``device`` is
    ``auto``, ``cpu`` or ``cuda``, for trainings that several processes can share; ``compiled``: through torch's
    compiler, for super-resolution.
    """

    folder: Path
    steps: int
    optim: Optim
    seed: int
    recipe: dict[str, Any]
    validate_every: int = 1000
    checkpoint_minutes: float = 3.0
    resume: bool = False
    report: Callable[[str], None] = print
    stop_after: int | None = None
    device: str = "auto"
    compiled: bool = False

    @classmethod
    def of(cls, recipe: Recipe, folder: Path, *, resume: bool = False, **how: Any) -> Self:
        """The run of ``recipe`` in ``folder``; a checkpoint that is there already must be resumed.

        ``how``: ``report``, ``stop_after``, ``device`` and ``compiled``.
        Raises UsageError where a checkpoint is not resumed.
        """
        run = cls(
            folder=folder,
            steps=recipe.steps,
            optim=recipe.optim,
            seed=recipe.seed,
            recipe=plain(recipe),
            validate_every=recipe.validate_every,
            checkpoint_minutes=recipe.checkpoint_minutes,
            resume=resume,
            **how,
        )
        if run.checkpoint.exists() and not resume:
            raise UsageError(f"{run.checkpoint} exists; continue it with --resume or train into another folder")
        return run

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"


def train(task: Task, run: Run, *, leads: bool = True) -> nn.Module:
    """Train ``task`` for ``run.steps`` steps and return the averaged network.

    Of several processes only the one that ``leads`` validates, logs and saves.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    average = copy.deepcopy(task.net).eval().requires_grad_(False)
    first = _load(task, average, run) if run.resume and run.checkpoint.exists() else 0
    last = run.steps if run.stop_after is None else min(run.steps, first + run.stop_after)
    saved = time.monotonic()
    with Journal(run.folder, first, last, run.report, leads) as journal:
        for step in range(first, last):
            torch.manual_seed((run.seed * 1_000_003 + step) % 2**63)
            _set_learning_rate(task, learning_rate(step, run.steps, run.optim))
            logged = task.step(step, np.random.default_rng([run.seed, step]))
            if not all(math.isfinite(value) for value in logged.values()):
                kept = f"last good weights: {run.checkpoint}" if run.checkpoint.exists() else "nothing was saved yet"
                raise Diverged(f"step {step}: the loss is not a number; {kept}")
            _follow(average, task.net, min(run.optim.ema, (1 + step) / (10 + step)))
            journal.add(logged)
            done = step + 1
            if leads and (done % run.validate_every == 0 or done == run.steps):
                journal.write(done, task.validate(average))
            elif done % LOG_EVERY == 0:
                journal.write(done, {})
            if leads and (time.monotonic() - saved > 60 * run.checkpoint_minutes or done == last):
                _save(task, average, run, done)
                saved = time.monotonic()
    return average


def _set_learning_rate(task: Task, rate: float) -> None:
    for optimiser in task.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate * group.get("lr_scale", 1.0)


@torch.no_grad()
def _follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Exponential moving average: average <- decay average + (1 - decay) net; buffers are copied."""
    for kept, new in zip(average.parameters(), net.parameters(), strict=True):
        kept.lerp_(new.detach(), 1 - decay)
    for kept_buffer, new_buffer in zip(average.buffers(), net.buffers(), strict=True):
        kept_buffer.copy_(new_buffer)


def _save(task: Task, average: nn.Module, run: Run, step: int) -> None:
    state = {
        "step": step,
        "recipe": run.recipe,
        "average": average.state_dict(),
        "modules": {name: module.state_dict() for name, module in task.modules().items()},
        "optimisers": [optimiser.state_dict() for optimiser in task.optimisers],
    }
    partial = run.checkpoint.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(run.checkpoint)


PARTS: Mapping[str, Callable[[Any], Any]] = {
    "step": int,
    "recipe": dict,
    "average": dict,
    "modules": dict,
    "optimisers": list,
}
"""What a checkpoint holds, and as what."""


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; a truncated or foreign file is an error that names it."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {key: kind(state[key]) for key, kind in PARTS.items()}
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such checkpoint") from error
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ModelError(f"{path}: not a readable relume checkpoint ({type(error).__name__})") from error


def load_weights(net: nn.Module, state: dict[str, Any], where: str) -> None:
    """Load ``state`` into ``net``; weights of another shape are an error that names the first difference."""
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        detail = str(error).split("\n")[1].strip() if "\n" in str(error) else str(error)
        raise ModelError(f"{where}: these weights do not fit the recipe's network: {detail}") from error


def _load(task: Task, average: nn.Module, run: Run) -> int:
    state = load_checkpoint(run.checkpoint)
    if state["recipe"] != run.recipe:
        changed = sorted(k for k in run.recipe if state["recipe"].get(k) != run.recipe[k])
        raise ModelError(
            f"{run.checkpoint}: was made by another recipe (differs in {', '.join(changed)}); cannot resume"
        )
    load_weights(average, state["average"], str(run.checkpoint))
    for name, module in task.modules().items():
        load_weights(module, state["modules"][name], str(run.checkpoint))
    for optimiser, saved in zip(task.optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(saved)
    return int(state["step"])
