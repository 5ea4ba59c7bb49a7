"""What one update of phase two does: the critic, then the generator, then the numbers that are logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relume.metrics import psnr_y
from relume.nets.lpips import VGG_DEPTHS, Lpips
from relume.nets.vgg import Vgg16, read_weights
from relume.signal import ModelError
from relume.train.adversarial_recipe import AdversarialSuperResolution
from relume.train.data import PairBank, to_tensor
from relume.train.losses import Content, ContentLoss, critic_loss, generator_loss, l_lattice, l_total, r1
from relume.train.optim import descend, optimisers
from relume.train.team import Team


class Adversarial:
    """Generator against critic; each step draws a scale, as in phase one.

    ``compiled``: generator and content loss through one compiled graph each for each scale.
    """

    def __init__(
        self,
        recipe: AdversarialSuperResolution,
        net: nn.Module,
        bank: PairBank,
        content: nn.Module,
        lpips: Lpips | None,
        team: Team,
        *,
        compiled: bool = False,
    ) -> None:
        self.recipe, self.bank, self.team = recipe, bank, team
        content = content.to(team.device)
        self.content: Callable[..., Any] = torch.compile(content, dynamic=False) if compiled else content
        self.lpips = None if lpips is None else lpips.to(team.device)
        self.net = team.settle(net)
        self.forward: Callable[..., Any] = torch.compile(self.net, dynamic=False) if compiled else self.net
        self.critic = team.settle(recipe.critic.build())
        optim = recipe.optim
        self.for_net = optimisers(self.net, optim.choice, optim.lr, optim.betas)
        self.for_critic = optimisers(self.critic, "adam", optim.lr, optim.betas)
        for optimiser in self.for_critic:
            for group in optimiser.param_groups:
                group["lr_scale"] = recipe.critic_lr
        self.optimisers = self.for_net + self.for_critic
        weights = np.array(recipe.scale_weights, float)
        self.chances = weights / weights.sum()

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net, "critic": self.critic}

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        recipe = self.recipe
        scale = int(rng.choice(recipe.net.scales, p=self.chances))
        low, high = self.bank.batch(scale, recipe.batch, recipe.patch, self.team.own(rng))
        low, high = self.team.place(low), self.team.place(high)
        with torch.autocast(self.team.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            restored = self.forward(low, (scale,))[scale]
        if recipe.shifted:
            restored, high = from_any_pixel(restored, high, scale, rng)

        game = self.judge(high, restored.detach(), number) if recipe.adversarial else {}

        with torch.autocast(self.team.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            for_net, parts = self.content(restored.float(), high)
            if recipe.lattice:
                parts["lattice"] = l_lattice(restored.float(), high, scale)
                for_net = for_net + recipe.lattice * parts["lattice"]
            if recipe.adversarial:
                self.critic.requires_grad_(False)
                parts["adversarial"] = generator_loss(
                    recipe.game, self.critic(high).float(), self.critic(restored).float()
                )
                for_net = l_total(for_net, parts["adversarial"], recipe.adversarial)
        norm = descend(for_net, self.for_net, bound=recipe.optim.clip, share=self.team.share)

        numbers = {"loss": for_net} | game | parts
        return {name: float(value.detach()) for name, value in numbers.items()} | {"gradient_norm": norm}

    def judge(self, high: Tensor, restored: Tensor, number: int) -> dict[str, Tensor]:
        """One update of the critic on originals and restorations, both (N, 3, H, W); what it is logged by."""
        recipe = self.recipe
        self.critic.requires_grad_(True)
        with torch.autocast(self.team.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            real, fake = self.critic(high).float(), self.critic(restored).float()
            loss = critic_loss(recipe.game, real, fake)
        if recipe.r1 and number % recipe.r1_every == 0:
            loss = loss + recipe.r1 * recipe.r1_every * r1(self.critic, high)
        descend(loss, self.for_critic, bound=recipe.optim.clip, share=self.team.share)
        return {"critic": loss, "real": real.mean(), "fake": fake.mean()}

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        scores: dict[str, list[float]] = {}
        for scale in self.recipe.net.scales:
            for low, high in self.bank.validate(scale):
                with torch.autocast(self.team.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
                    restored = net(self.team.place(to_tensor(low[None])), (scale,))[scale].float()
                truth = high / 255.0
                picture = restored[0].permute(1, 2, 0).cpu().numpy()
                scores.setdefault(f"psnr_y_x{scale}", []).append(psnr_y(picture, truth, scale))
                if self.lpips is not None and scale == max(self.recipe.net.scales):
                    with torch.autocast(self.team.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
                        distance = self.lpips(restored.clamp(0, 1), self.team.place(to_tensor(high[None])))
                    scores.setdefault(f"lpips_vgg_x{scale}", []).append(float(distance))
        return {name: float(np.mean(values)) for name, values in scores.items()}


def from_any_pixel(restored: Tensor, high: Tensor, scale: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Both (N, 3, sH, sW) less one input pixel a side, from any pixel within it on: (N, 3, s (H - 1), s (W - 1)).

    The pooling of VGG and of the critic then begins anywhere in an input pixel, so that neither sees its sub-pixels
    apart in the same way at every step, and teaches each something of its own.
    """
    shifts = (int(shift) for shift in rng.integers(0, scale, 2))
    rows, columns = (slice(s, s + side - scale) for s, side in zip(shifts, high.shape[2:], strict=True))
    return restored[..., rows, columns], high[..., rows, columns]


def find_weights(name: str, data: Path) -> Path:
    """The weight file ``name``: itself if absolute, else below ``data`` or below the folder that holds ``data``."""
    for path in (Path(name), data / name, data.resolve().parent / name):
        if path.is_file():
            return path
    raise ModelError(f"no weight file {name} below {data} or the folder that holds it; name it with --set vgg=FILE")


def content_of(choice: Content, recipe: AdversarialSuperResolution, data: Path) -> tuple[ContentLoss, Lpips | None]:
    """The content loss of a recipe, and LPIPS (VGG) for its validation where the weight file has the heads."""
    if not recipe.vgg:
        if choice.depths or choice.perceptual:
            raise ModelError("the content loss wants VGG16 features, and the recipe names no file: --set vgg=FILE")
        return ContentLoss(choice, recipe.loss), None
    path = find_weights(recipe.vgg, data)
    weights = read_weights(path)
    features = Vgg16(choice.depths, weights).to(memory_format=torch.channels_last) if choice.depths else None  # type: ignore[call-overload]
    lpips = None
    if "lin4.weight" in weights:
        lpips = Lpips(Vgg16(VGG_DEPTHS, weights), [weights[f"lin{k}.weight"].float() for k in range(5)])
        lpips = lpips.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    elif choice.perceptual:
        raise ModelError(f"{path}: holds no LPIPS heads, which perceptual={choice.perceptual} wants")
    return ContentLoss(choice, recipe.loss, features, lpips if choice.perceptual else None), lpips
