"""A training step of ours and the same step as one would first write it: the sides of a ratio of ``bench speed``.

Same network, batch, patches and loss. Ours is the trainer's own step (bfloat16 autocast, channels last, its optimiser
and clipping), compiled where that is possible; the plain loop is float32 with Adam.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from relume.nets.shape import Shape
from relume.train.data import DataSpec, PairBank, make_pairs
from relume.train.recipe import SuperResolution
from relume.train.steps import Supervised
from relume.train.team import Team


class NoiseBank(PairBank):
    """Pairs of one picture of noise: what a step costs does not depend on what is in them."""

    def __init__(self, scales: tuple[int, ...], side: int) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
        self.spec = DataSpec(())
        self.scales = scales
        self.pairs = [make_pairs(picture, scales, self.spec.shrink)]
        self.weights = np.ones(1)
        self.validation = []


def steps(
    shape: Shape, batch: int = 12, patch: int = 48, *, compiled: bool = False
) -> tuple[Callable[[], object], Callable[[], object]]:
    """(a step of the trainer, ``compiled`` or not; a step of the plain loop) for the last scale of ``shape``."""
    scale = shape.scales[-1]
    bank = NoiseBank(shape.scales, scale * (patch + 8))
    chances = tuple(float(s == scale) for s in shape.scales)
    recipe = SuperResolution("throughput", shape, DataSpec(()), 1000, batch, patch, chances)
    task = Supervised(recipe, shape.build(), bank, Team(), compiled=compiled)
    rng = np.random.default_rng(0)

    net = shape.build()
    adam = torch.optim.Adam(net.parameters(), recipe.optim.lr)

    def plain() -> None:
        low, high = (part.contiguous() for part in bank.batch(scale, batch, patch, rng))
        loss = functional.l1_loss(net(low, (scale,))[scale], high)
        adam.zero_grad()
        loss.backward()
        adam.step()

    return lambda: task.step(0, rng), plain
