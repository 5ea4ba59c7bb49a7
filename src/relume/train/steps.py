"""What one update does: supervised super-resolution."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from relume.metrics import psnr_y
from relume.nets.shape import luma
from relume.train.data import PairBank, to_tensor
from relume.train.losses import pixel_loss
from relume.train.optim import descend, optimisers
from relume.train.recipe import SuperResolution
from relume.train.team import Team


def can_compile() -> bool:
    """Whether the C++ compiler that torch's compiler calls is there."""
    return shutil.which("g++") is not None


Enlarging = Callable[..., dict[int, Tensor]]


class Supervised:
    """Phase one: each step draws a scale, runs the cascade up to it and minimises the pixel loss.

    ``compiled``: through one compiled graph for each scale, whose sums round in another order (:func:`can_compile`).
    ``teacher``: answers for the patches of every step, where the recipe has its scale ``taught``.
    """

    def __init__(
        self,
        recipe: SuperResolution,
        net: nn.Module,
        bank: PairBank,
        team: Team,
        *,
        compiled: bool = False,
        teacher: nn.Module | None = None,
    ) -> None:
        self.recipe, self.team = recipe, team
        self.net = team.settle(net)
        self.forward: Enlarging = torch.compile(self.net, dynamic=False) if compiled else self.net
        self.teacher: Enlarging | None = None
        if teacher is not None:
            teacher = team.settle(teacher)
            self.teacher = torch.compile(teacher, dynamic=False) if compiled else teacher
        self.bank = bank
        self.optimisers = optimisers(net, recipe.optim.choice, recipe.optim.lr, recipe.optim.betas)
        weights = np.array(recipe.scale_weights, float)
        self.chances = weights / weights.sum()

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net}

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        recipe = self.recipe
        scale = int(rng.choice(recipe.net.scales, p=self.chances))
        low, high = self.bank.batch(scale, recipe.batch, recipe.patch, self.team.own(rng))
        with torch.autocast(self.team.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            low, high = self.team.place(low), self.team.place(high)
            if self.teacher is not None and scale in recipe.taught:
                high = torch.cat([high, self.teacher(low, (scale,))[scale].float()], 1)
            loss = self.loss(low, high, scale, number)
        optim = recipe.optim
        norm = descend(loss, self.optimisers, choice=optim.choice, bound=optim.clip, share=self.team.share)
        return {"loss": loss.item(), "gradient_norm": norm}

    def loss(self, low: Tensor, high: Tensor, scale: int, number: int) -> Tensor:
        """The loss of one batch, of whose ``high`` a teacher's answers may be channels 3 to 6.

        Networks that restore luma are judged on luma.
        """
        restored = self.forward(low, (scale,))[scale].float()
        truth, taught = high[:, :3], high[:, 3:]
        if self.recipe.net.on_luma:
            restored, truth = luma(restored), luma(truth)
        loss = pixel_loss(self.recipe.loss, restored, truth)
        if not taught.shape[1]:
            return loss
        return torch.lerp(loss, pixel_loss(self.recipe.loss, restored, taught), self.recipe.teaching)

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        scores = {}
        for scale in self.recipe.net.scales:
            values = []
            for low, high in self.bank.validate(scale):
                x = self.team.place(to_tensor(low[None]))
                with torch.autocast(self.team.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
                    restored = net(x, (scale,))[scale]
                picture = restored[0].float().permute(1, 2, 0).cpu().numpy()
                values.append(psnr_y(picture, high / 255.0, scale))
            scores[f"psnr_y_x{scale}"] = float(np.mean(values))
        return scores
