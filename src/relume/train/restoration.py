"""Training of the small restorers: what their recipes share, and the one update that all of them make."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from relume.nets.restorer import RestorerShape
from relume.signal import UsageError
from relume.train.loop import Run, train
from relume.train.optim import descend, optimisers
from relume.train.picture_bank import PictureBank, PictureSpec
from relume.train.recipe import Optim
from relume.train.start import begun


@dataclass(frozen=True)
class Example:
    """A batch: what the network is given, what it should give, and how much each pixel of that counts (or alike)."""

    inputs: tuple[Tensor, ...]
    truth: Tensor
    weight: Tensor | None = None


class Work(ABC):
    """A kind of restoration as training sees it: it makes examples, judges answers and keeps score."""

    @abstractmethod
    def batch(self, rng: np.random.Generator) -> Example:
        """One training batch, of ``rng`` alone."""

    @abstractmethod
    def loss(self, found: Tensor, example: Example) -> Tensor:
        """What the network minimises; ``found`` is its float32 answer to ``example.inputs``."""

    @abstractmethod
    def validate(self, run: Callable[..., Tensor]) -> dict[str, float]:
        """Scores on held-out training pictures with fixed damage; ``run`` is the network on float32 planes."""


@dataclass(frozen=True)
class Restoration(ABC):
    """What every restorer's recipe has. A subclass says its task, its inputs and its output, and how examples come.

    ``patch`` is the side of a training crop in pixels; ``start`` a checkpoint or an exported model to go on from.
    """

    inputs: ClassVar[Mapping[str, int]]
    output: ClassVar[str]

    name: str
    net: RestorerShape
    data: PictureSpec
    steps: int
    batch: int = 16
    patch: int = 64
    optim: Optim = field(default_factory=lambda: Optim("muon", 1e-3, warmup=100, final=0.01, ema=0.995))
    precision: Literal["bf16", "f32"] = "bf16"
    seed: int = 1
    validate_every: int = 500
    checkpoint_minutes: float = 3.0
    start: str = ""
    task: str = ""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise UsageError(f"steps and batch must be at least 1, not {self.steps} and {self.batch}")
        if self.patch < 8 or self.patch % self.net.multiple:
            raise UsageError(f"patch must be a multiple of {self.net.multiple} from 8 on, not {self.patch}")
        if self.net.inputs != sum(self.inputs.values()):
            raise UsageError(
                f"{self.task} gives its network {sum(self.inputs.values())} channels, not {self.net.inputs}"
            )

    @abstractmethod
    def work(self, bank: PictureBank) -> Work:
        """How examples are made of the pictures of ``bank``."""

    def tiny(self) -> Self:
        """The same experiment, small enough for a test."""
        return dataclasses.replace(
            self,
            net=self.net.tiny(),
            steps=6,
            batch=2,
            patch=32,
            start="",
            optim=dataclasses.replace(self.optim, warmup=2, ema=0.5),
            validate_every=3,
            data=dataclasses.replace(self.data, held_out=2),
        )


class Restore:
    """One network, one loss, one optimiser: plugs into the loop."""

    def __init__(self, recipe: Restoration, net: nn.Module, work: Work) -> None:
        self.recipe, self.work = recipe, work
        self.net: nn.Module = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optim = recipe.optim
        self.optimisers = optimisers(self.net, optim.choice, optim.lr, optim.betas)

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net}

    def run(self, net: nn.Module, *planes: Tensor) -> Tensor:
        """The network's answer in float32, computed in the recipe's precision."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            found: Tensor = net(*(plane.contiguous(memory_format=torch.channels_last) for plane in planes))
        return found.float()

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        example = self.work.batch(rng)
        loss = self.work.loss(self.run(self.net, *example.inputs), example)
        optim = self.recipe.optim
        norm = descend(loss, self.optimisers, choice=optim.choice, bound=optim.clip)
        return {"loss": loss.item(), "gradient_norm": norm}

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        return self.work.validate(lambda *planes: self.run(net, *planes))


def run_restoration(recipe: Restoration, data: Path, run: Run) -> nn.Module:
    """Train ``recipe`` and return the averaged network."""
    torch.manual_seed(recipe.seed)
    net = begun(recipe.net.build(), recipe.start)
    return train(Restore(recipe, net, recipe.work(PictureBank(recipe.data, data, recipe.patch))), run)
