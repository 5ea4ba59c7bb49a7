"""The conditional GAN's update: discriminator, then generator, then the numbers that are logged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.metrics import psnr
from relume.nets.vgg import Vgg16, read_weights
from relume.signal import Array
from relume.train.adversarial import find_weights
from relume.train.conditional_recipe import ConditionalGan
from relume.train.curves import plot_losses
from relume.train.loop import Run, train
from relume.train.losses import critic_loss, generator_loss
from relume.train.optim import descend, optimisers
from relume.train.photo_pairs import MadePairs, PhotoPairs, StoredPairs
from relume.train.picture_bank import PictureBank, tensor
from relume.train.picture_gan import save_grid

SHOWN = 6


class Conditional:
    """Generator against a discriminator that sees the input too; plugs into the loop."""

    def __init__(self, recipe: ConditionalGan, pairs: PhotoPairs, features: nn.Module | None, folder: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.pairs, self.features, self.folder = recipe, pairs, features, folder
        self.net: nn.Module = recipe.net.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.critic: nn.Module = recipe.critic.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optim = recipe.optim
        self.for_net = optimisers(self.net, optim.choice, optim.lr, optim.betas)
        self.for_critic = optimisers(self.critic, optim.choice, optim.lr, optim.betas)
        self.optimisers = self.for_net + self.for_critic

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net, "critic": self.critic}

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        recipe, weights = self.recipe, self.recipe.weights
        x, y = (part.contiguous(memory_format=torch.channels_last) for part in self.pairs.batch(recipe.batch, rng))
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
            made = self.net(x)

            self.critic.requires_grad_(True)
            real, fake = self.critic(x, y)[-1], self.critic(x, made.detach())[-1]
            for_critic = critic_loss(recipe.game, real.float(), fake.float())
        descend(for_critic, self.for_critic)

        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16"):
            self.critic.requires_grad_(False)
            *found, fake = self.critic(x, made)
            with torch.no_grad():
                *wanted, real = self.critic(x, y)
            parts = {
                "adversarial": generator_loss(recipe.game, real.float(), fake.float()),
                "pixel": functional.l1_loss(made.float(), y),
                "features": alike(found, wanted),
                "perceptual": self.perceptual(made, y),
            }
            loss = torch.stack([getattr(weights, name) * part for name, part in parts.items()]).sum()
        descend(loss, self.for_net)
        numbers = parts | {"loss": loss, "critic": for_critic}
        return {name: float(value.detach()) for name, value in numbers.items()}

    def perceptual(self, made: Tensor, y: Tensor) -> Tensor:
        """The mean L1 between VGG16's features of pictures in [-1, 1]; 0 where the recipe has none."""
        if self.features is None:
            return torch.zeros(())
        with torch.no_grad():
            wanted = self.features((y + 1) / 2)
        return alike(self.features((made + 1) / 2), wanted)

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        """PSNR in dB of held-out pictures and of their inputs; writes ``samples.png`` (input, made, truth) anew."""
        scores: dict[str, list[float]] = {"psnr": [], "psnr_input": []}
        rows: list[Array] = []
        for x, y in self.pairs.validation():
            made = net(tensor(x * 2 - 1))[0].float().permute(1, 2, 0).numpy() / 2 + 0.5
            scores["psnr"].append(psnr(np.clip(made, 0, 1), y))
            scores["psnr_input"].append(psnr(x, y))
            if len(rows) < 3 * SHOWN:
                rows += [x, np.clip(made, 0, 1), y]
        save_grid(np.stack(rows).transpose(0, 3, 1, 2), self.folder / "samples.png", columns=3)
        plot_losses(self.folder / "log.jsonl", self.folder / "losses.png")
        return {name: float(np.mean(values)) for name, values in scores.items()}


def alike(found: list[Tensor], wanted: list[Tensor]) -> Tensor:
    """The mean over layers of the mean absolute difference of features."""
    pairs = zip(found, wanted, strict=True)
    return torch.stack([functional.l1_loss(a.float(), b.float().detach()) for a, b in pairs]).mean()


def run_conditional(recipe: ConditionalGan, data: Path, run: Run) -> nn.Module:
    """Train ``recipe``: checkpoint of both networks, log, samples, loss curves; the averaged generator."""
    features = None
    if recipe.weights.perceptual:
        features = Vgg16(recipe.weights.depths, read_weights(find_weights(recipe.vgg, data)))
        features = features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pairs: PhotoPairs
    if recipe.paired:
        pairs = StoredPairs(data / recipe.data.folders[0], recipe.patch, recipe.data.held_out)
    else:
        pairs = MadePairs(recipe, PictureBank(recipe.data, data, recipe.patch))
    run.folder.mkdir(parents=True, exist_ok=True)
    made = train(Conditional(recipe, pairs, features, run.folder), run)
    plot_losses(run.folder / "log.jsonl", run.folder / "losses.png")
    return made
