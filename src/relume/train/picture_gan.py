"""GANs that make pictures: the plain one on 8x8 digits, the DCGAN on faces."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from relume.degrade.resample import resize, to_bytes
from relume.nets.dcgan_pictures import DcganShape
from relume.nets.gan import GanShape
from relume.signal import Array, UsageError
from relume.split import is_test
from relume.train.data import DataSpec, find_pictures, load_rgb
from relume.train.equilibrium import Curve, stand
from relume.train.health import Health, Pulse
from relume.train.loop import Run, train
from relume.train.losses import Game, critic_loss, generator_loss, gradient_penalty, r1
from relume.train.optim import descend, optimisers
from relume.train.recipe import Optim, plain


@dataclass(frozen=True)
class PictureGan:
    """A generator of small pictures; without folders in ``data`` it learns the 8x8 digits that scikit-learn brings.

    ``mirror``: pictures are mirrored at random. ``r1`` is taken every ``r1_every`` steps and scaled up accordingly.
    """

    name: str
    net: GanShape | DcganShape
    data: DataSpec = field(default_factory=lambda: DataSpec(folders=()))
    steps: int = 1000
    batch: int = 64
    game: Game = "bce"
    r1: float = 0.0
    r1_every: int = 4
    penalty: float = 0.0
    critic_lr: float = 1.0
    mirror: bool = False
    optim: Optim = field(default_factory=lambda: Optim("adam", 1e-3, (0.5, 0.9), 10, 0.1, 100.0, 0.99))
    seed: int = 1
    validate_every: int = 250
    checkpoint_minutes: float = 3.0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch - 1, self.r1_every) < 1 or min(self.r1, self.penalty) < 0:
            raise UsageError(
                f"steps and r1_every must be at least 1, batch at least 2, r1 and penalty at least 0: {self}"
            )

    def tiny(self) -> Self:
        """The same game in a second."""
        optim = dataclasses.replace(self.optim, warmup=2, ema=0.5)
        return dataclasses.replace(self, net=self.net.tiny(), steps=6, batch=8, validate_every=3, optim=optim)


def pictures(recipe: PictureGan, data: Path, *, test: bool = False) -> Array:
    """All pictures of the training (or the test) part, (n, channels, side, side) uint8."""
    if not recipe.data.folders:
        return digits(recipe.net.side, test=test)
    side, found = recipe.net.side, []
    for path in find_pictures(data, recipe.data.folders, recipe.data.exclude):
        if is_test(path.stem) == test:
            picture = load_rgb(path).astype(np.float32) / 255
            height, width = picture.shape[:2]
            square = min(height, width)
            top, left = (height - square) // 2, (width - square) // 2
            found.append(to_bytes(resize(picture[top : top + square, left : left + square], size=(side, side))))
    if not found:
        raise UsageError(f"no {'test' if test else 'training'} pictures in {data}; give the data root with --data")
    return np.stack(found).transpose(0, 3, 1, 2)


def digits(side: int, *, test: bool = False) -> Array:
    """The handwritten digits of scikit-learn (UCI, Alpaydin and Kaynak 1998, CC BY 4.0), (n, 1, 8, 8) uint8."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise UsageError("the 8x8 digits come with scikit-learn: pip install scikit-learn") from error
    if side != 8:
        raise UsageError(f"the digits are 8x8, not {side}x{side}")
    every = np.clip(load_digits().images * 16, 0, 255).astype(np.uint8)[:, None]
    part: Array = every[np.arange(len(every)) % 5 == 0] if test else every[np.arange(len(every)) % 5 != 0]
    return part


class PictureTask:
    """The game; plugs into the loop."""

    def __init__(self, recipe: PictureGan, bank: Array, folder: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.bank, self.folder = recipe, bank, folder
        self.net, self.critic = recipe.net.build(), recipe.net.critic()
        optim = recipe.optim
        self.for_net = optimisers(self.net, optim.choice, optim.lr, optim.betas)
        self.for_critic = optimisers(self.critic, optim.choice, optim.lr, optim.betas)
        for optimiser in self.for_critic:
            for group in optimiser.param_groups:
                group["lr_scale"] = recipe.critic_lr
        self.optimisers = self.for_net + self.for_critic
        self.curve, self.health = Curve(folder / "equilibrium.csv"), Health(folder, plain(recipe))

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net, "critic": self.critic}

    def batch(self, rng: np.random.Generator) -> Tensor:
        """Random training pictures in [0, 1]."""
        chosen = self.bank[rng.integers(0, len(self.bank), self.recipe.batch)]
        if self.recipe.mirror:
            flip = rng.random(len(chosen)) < 0.5
            chosen = np.where(flip[:, None, None, None], chosen[..., ::-1], chosen)
        return torch.from_numpy(np.ascontiguousarray(chosen)).float() / 255

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        recipe = self.recipe
        real, made = self.batch(rng), self.net(torch.randn(recipe.batch, recipe.net.latent))

        on_real, on_made = self.critic(real), self.critic(made.detach())
        at = stand(on_real, on_made)
        loss = critic_loss(recipe.game, on_real, on_made)
        if recipe.r1 and number % recipe.r1_every == 0:
            loss = loss + recipe.r1 * recipe.r1_every * r1(self.critic, real)
        if recipe.penalty:
            loss = loss + recipe.penalty * gradient_penalty(self.critic, real, made, torch.rand(recipe.batch, 1, 1, 1))
        descend(loss, self.for_critic, bound=recipe.optim.clip)

        against = generator_loss(recipe.game, on_real.detach(), self.critic(made))
        norm = descend(against, self.for_net, bound=recipe.optim.clip)

        self.curve.add(number, at)
        variety = float(made.detach().var(0).mean() / real.var(0).mean())
        logged = {"value": at.value, "critic": at.critic, "generator": at.generator, "accuracy": at.accuracy}
        logged |= {"variety": variety, "gradient_norm": norm}
        self.health.check(number, self.net, {"generator": Pulse(at, variety)}, logged)
        return logged

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        """Writes ``samples.png``; the distance of the mean pictures, in code values."""
        self.curve.write()
        made = sample(net, self.recipe.net.latent, 64, seed=0)
        save_grid(made, self.folder / "samples.png")
        gap = made.mean(0) - self.bank.mean(0) / 255
        return {"mean_picture_error": float(np.sqrt(np.square(gap).mean()) * 255)}


@torch.no_grad()
def sample(net: nn.Module, latent: int, count: int, seed: int) -> Array:
    """``count`` pictures (count, channels, side, side) float32 in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randn(count, latent, generator=generator)
    made: Array = torch.cat([net(part) for part in codes.split(64)]).numpy()
    return made


@torch.no_grad()
def interpolate(net: nn.Module, latent: int, rows: int, columns: int, seed: int) -> Array:
    """``rows`` walks of ``columns`` pictures from one latent code to another, along the sphere that both lie on."""
    generator = torch.Generator().manual_seed(seed)
    first, last = torch.randn(2, rows, 1, latent, generator=generator)
    angle = torch.acos(nn.functional.cosine_similarity(first, last, dim=-1).clamp(-1, 1))[..., None]
    along = torch.linspace(0, 1, columns)[None, :, None]
    codes = (torch.sin((1 - along) * angle) * first + torch.sin(along * angle) * last) / torch.sin(angle)
    made: Array = net(codes.reshape(-1, latent)).numpy()
    return made


def save_grid(made: Array, path: Path, columns: int = 8) -> None:
    """Write pictures (n, channels, side, side) in [0, 1] as one PNG, ``columns`` a row; small ones enlarged."""
    side, channels = made.shape[-1], made.shape[1]
    grow = max(1, 64 // side)
    rows = -(-len(made) // columns)
    sheet = np.full((rows * (side + 1) - 1, columns * (side + 1) - 1, channels), 255, np.uint8)
    for index, picture in enumerate(to_bytes(made.transpose(0, 2, 3, 1))):
        top, left = (index // columns) * (side + 1), (index % columns) * (side + 1)
        sheet[top : top + side, left : left + side] = picture
    sheet = sheet.repeat(grow, 0).repeat(grow, 1)
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(path)


def run_pictures(recipe: PictureGan, data: Path, run: Run) -> nn.Module:
    """Train ``recipe`` and return the averaged generator."""
    bank = pictures(recipe, data)
    run.folder.mkdir(parents=True, exist_ok=True)
    task = PictureTask(recipe, bank, run.folder)
    try:
        return train(task, run)
    finally:
        task.curve.write()
