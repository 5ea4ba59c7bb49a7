"""DRCN's training: recursive supervision, then the ensemble (Kim et al., CVPR 2016, eqs. 6 to 8).

    L = alpha l_1 + (1 - alpha) l_2,   l_1 = mean over d of l(x, y_d),   l_2 = l(x, sum_d w_d y_d)

l is the recipe's pixel loss on luma; alpha starts at ``supervision`` and falls linearly to 0 over the
training (the paper decays it by steps). Deviation: beta ||theta||^2 is left out; the schedule and the average of
weights stand for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from relume.nets.shape import luma
from relume.signal import UsageError
from relume.train.losses import pixel_loss
from relume.train.recipe import SuperResolution
from relume.train.steps import Supervised


@dataclass(frozen=True)
class RecursiveSuperResolution(SuperResolution):
    """A supervised recipe whose network shows every recursion (``lumas``); ``supervision`` is alpha at step 0."""

    supervision: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.supervision <= 1:
            raise UsageError(f"supervision (alpha) must be between 0 and 1, not {self.supervision}")


class RecursivelySupervised(Supervised):
    """Supervised training of a DRCN."""

    recipe: RecursiveSuperResolution

    def loss(self, low: Tensor, high: Tensor, scale: int, number: int) -> Tensor:
        """alpha l_1 + (1 - alpha) l_2."""
        alpha = self.recipe.supervision * (1 - number / self.recipe.steps)
        ensemble, outputs = self.net.lumas(low)  # type: ignore[operator]
        truth = luma(high)
        each = torch.stack([pixel_loss(self.recipe.loss, y.float(), truth) for y in outputs])
        return alpha * each.mean() + (1 - alpha) * pixel_loss(self.recipe.loss, ensemble.float(), truth)
