"""Training the colour branch: fresh pictures aged anew in every step, and the table that takes the ageing back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from relume.degrade.chain import Chain
from relume.degrade.noise import GaussianNoise
from relume.degrade.presets import AgedRelic
from relume.degrade.resample import resize, to_bytes
from relume.metrics import delta_e, psnr
from relume.nets.relic_colour import ColourBranch, ColourShape, bend, look_up, seen
from relume.signal import Array, Draw, UsageError
from relume.split import is_test
from relume.train.colour_loss import delta_e94
from relume.train.data import DataSpec, find_pictures, load_rgb, split, to_tensor
from relume.train.loop import Run, train
from relume.train.optim import descend, optimisers
from relume.train.recipe import Optim
from relume.train.start import begun

STEEPEST = 1.6
LEAST = 0.15
"""How steep the line may be that fills a picture's tones, and the least part of an ageing."""


@dataclass(frozen=True)
class RelicColour:
    """The recipe of a colour branch.

    Pictures are kept ``store`` pixels wide or high, whichever is less. ``count`` examples are drawn once: a square of
    one of ``cuts`` pixels, aged, what the branch sees of it, and ``pixels`` of its colours before and after. ``shares``
    says how often each folder is drawn from. The share ``fresh`` of each folder's examples stays as it is, so that the
    branch learns when to do nothing; the rest goes through the ageing of ``AgedRelic`` and a little noise, the share
    ``mild`` of it only a part of the way. ``filled`` says for each folder how much of the range of tones that a picture
    lacks it is given before it stands for its own fresh state: relics have faded before they were photographed.
    The loss is ``pixel`` L1 + ``lab`` dE94 / 100 + ``smooth`` times the curves' squared second differences.
    """

    name: str
    net: ColourShape
    data: DataSpec
    shares: tuple[float, ...]
    fresh: tuple[float, ...]
    filled: tuple[float, ...]
    steps: int
    batch: int = 128
    store: int = 80
    cuts: tuple[int, ...] = (48, 64, 80)
    count: int = 40000
    pixels: int = 192
    noise: float = 0.012
    mild: float = 0.25
    pixel: float = 1.0
    lab: float = 1.0
    smooth: float = 0.05
    optim: Optim = field(default_factory=lambda: Optim(choice="adam", lr=1e-3))
    seed: int = 1
    validate_every: int = 500
    checkpoint_minutes: float = 3.0
    start: str = ""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or not 16 <= min(self.cuts) <= max(self.cuts) <= self.store:
            raise UsageError(f"steps and batch must be at least 1 and cuts between 16 and store: {self}")
        if len(self.shares) != len(self.data.folders) or min(self.shares) <= 0:
            raise UsageError(f"one share above 0 for each folder of {self.data.folders}, not {self.shares}")
        if len(self.fresh) != len(self.shares) or not all(0 <= share <= 1 for share in self.fresh):
            raise UsageError(f"fresh is one share within [0, 1] for each folder, not {self.fresh}")
        if len(self.filled) != len(self.shares) or not all(0 <= part <= 1 for part in (*self.filled, self.mild)):
            raise UsageError(f"filled is one part within [0, 1] for each folder, and mild one, not {self.filled}")
        if self.count < 1 or self.pixels < 1:
            raise UsageError(f"count and pixels must be at least 1: {self}")

    def tiny(self) -> Self:
        """The same experiment in a second or two."""
        return dataclasses.replace(
            self,
            net=self.net.tiny(),
            steps=20,
            batch=4,
            store=32,
            cuts=(24, 32),
            count=40,
            pixels=16,
            start="",
            validate_every=10,
            optim=dataclasses.replace(self.optim, warmup=3, ema=0.9),
            data=dataclasses.replace(self.data, held_out=len(self.data.folders)),
        )


def ageing(noise: float = 0.012) -> Chain:
    """The ageing of ``AgedRelic``, as it looks on a small copy: without its cracks, its blur and most of its noise."""
    aged = AgedRelic(scale=1).chain().steps[:4]
    return Chain((*aged, GaussianNoise((0.0, noise))))


class ColourBank:
    """Examples of ageing, in memory: what a branch sees, and colours before and after. The test part is left out."""

    def __init__(self, recipe: RelicColour, root: Path) -> None:
        self.recipe = recipe
        self.chain = ageing(recipe.noise)
        self.folders: list[list[tuple[Array, Array]]] = []
        self.validation: list[Array] = []
        for folder, part in zip(recipe.data.folders, recipe.filled, strict=True):
            paths = [p for p in find_pictures(root, (folder,), recipe.data.exclude) if not is_test(p.stem)]
            training, validation = split(paths, recipe.data.held_out // len(recipe.data.folders))
            if not training:
                raise UsageError(f"{root / folder}: no picture is left to train on")
            pictures = [small(load_rgb(path), recipe.store) for path in training]
            self.folders.append([(picture, filled(picture, part)) for picture in pictures])
            self.validation += [small(load_rgb(path), recipe.store) for path in validation]
        rng = np.random.default_rng([recipe.seed, recipe.count])
        parts = [self.examples(min(64, recipe.count - at), rng) for at in range(0, recipe.count, 64)]
        self.features, self.aged, self.fresh = (torch.cat(column) for column in zip(*parts, strict=True))

    def examples(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """``count`` squares of one size: features (N, F), and aged and fresh colours (N, 3, pixels) as bytes."""
        side, shares = int(rng.choice(self.recipe.cuts)), np.array(self.recipe.shares)
        aged, fresh = [], []
        for folder in rng.choice(len(self.folders), count, p=shares / shares.sum()):
            pictures = self.folders[folder]
            picture, whole = pictures[int(rng.integers(len(pictures)))]
            top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
            turn = slice(None, None, -1 if rng.integers(2) else 1)
            cut, best = (x[top : top + side, left : left + side][:, turn] for x in (picture, whole))
            fresh.append(best)
            aged.append(cut if rng.random() < self.recipe.fresh[folder] else self.age(cut, rng, self.recipe.mild))
        at = rng.integers(0, side * side, size=self.recipe.pixels)
        colours = [np.stack(cuts).reshape(count, -1, 3)[:, at].transpose(0, 2, 1) for cuts in (aged, fresh)]
        before, after = (torch.from_numpy(np.ascontiguousarray(values)) for values in colours)
        return seen(to_tensor(np.stack(aged)), self.recipe.net), before, after

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Features, and aged and fresh colours (N, 3, pixels) float32 in [0, 1]."""
        at = torch.from_numpy(rng.integers(0, len(self.features), size=self.recipe.batch))
        return self.features[at], self.aged[at].float() / 255, self.fresh[at].float() / 255

    def age(self, picture: Array, rng: np.random.Generator, mild: float = 0.0) -> Array:
        """``picture`` (H, W, 3) uint8, aged by a draw of its own; with the chance ``mild`` only a part of the way."""
        x = picture.astype(np.float32) / 255
        drawn: Draw = self.chain.draw(x.shape, rng)
        part = rng.uniform(LEAST, 1) if rng.random() < mild else 1.0
        return to_bytes(x + np.float32(part) * (self.chain.apply(x, drawn) - x))


def filled(picture: Array, part: float) -> Array:
    """``picture`` (H, W, 3) uint8 with ``part`` of the range of tones that it lacks, all channels by one line.

    The line takes the darkest and the brightest of its values, but for one in 200 each, to 0 and 1; it is no steeper
    than 1.6, and what is missing then stays missing at both ends as it was. Gray stays gray.
    """
    x = picture.astype(np.float32) / 255
    low, high = np.percentile(x.min(2), 0.5), np.percentile(x.max(2), 99.5)
    steep = min(STEEPEST, 1 / max(float(high - low), 1e-3))
    start = (1 - steep * (high - low)) * low / max(low + 1 - high, 1e-3)
    return to_bytes(x + np.float32(part) * (start + (x - low) * np.float32(steep) - x)) if part else picture


def small(picture: Array, shorter: int) -> Array:
    """``picture`` (H, W, 3) uint8 shrunk or enlarged so that its shorter side is ``shorter`` pixels."""
    height, width = picture.shape[:2]
    factor = shorter / min(height, width)
    size = (max(shorter, round(height * factor)), max(shorter, round(width * factor)))
    return to_bytes(resize(picture.astype(np.float32) / 255, size=size))


class ColourTask:
    """One update of the colour branch, and its scores on held-out training pictures."""

    def __init__(self, recipe: RelicColour, net: ColourBranch, bank: ColourBank) -> None:
        self.recipe, self.net, self.bank = recipe, net, bank
        self.optimisers = optimisers(net, recipe.optim.choice, recipe.optim.lr, recipe.optim.betas)

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net}

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        recipe = self.recipe
        features, aged, fresh = self.bank.batch(rng)
        curves, mix = self.net.change(features)
        found = bend(curves, mix, aged)
        pixel = (found - fresh).abs().mean()
        lab = delta_e94(found[..., None], fresh[..., None])
        rough = (curves.diff(dim=2).diff(dim=2) * (curves.shape[2] - 1)).square().mean()
        loss = recipe.pixel * pixel + recipe.lab * lab / 100 + recipe.smooth * rough
        norm = descend(loss, self.optimisers, choice=recipe.optim.choice, bound=recipe.optim.clip)
        numbers = {"loss": loss, "pixel": pixel, "delta_e94": lab, "rough": rough}
        return {name: float(value.detach()) for name, value in numbers.items()} | {"gradient_norm": norm}

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        """CIEDE2000 and PSNR of aged pictures before and after, and how much fresh ones are changed."""
        columns: dict[str, list[float]] = {}
        for number, picture in enumerate(self.bank.validation):
            aged = self.bank.age(picture, np.random.default_rng([7, number]))
            truth, before = picture / 255.0, aged / 255.0
            after, kept = (restored(net, x) for x in (aged, picture))
            found = {
                "delta_e_aged": delta_e(before, truth),
                "delta_e_restored": delta_e(after, truth),
                "delta_e_fresh": delta_e(kept, truth),
                "psnr_aged": psnr(before, truth),
                "psnr_restored": psnr(after, truth),
            }
            for name, value in found.items():
                columns.setdefault(name, []).append(value)
        return {name: float(np.mean(values)) for name, values in columns.items()}


def restored(net: nn.Module, picture: Array) -> Array:
    """``picture`` (H, W, 3) uint8 through its own table; (H, W, 3) float32 in [0, 1]."""
    x = to_tensor(picture[None])
    found: Array = look_up(net(x).clamp(0, 1), x)[0].permute(1, 2, 0).numpy()
    return found


def run_colour(recipe: RelicColour, data: Path, run: Run) -> nn.Module:
    """Train ``recipe`` and return the averaged branch."""
    torch.manual_seed(recipe.seed)
    net = begun(recipe.net.build(), recipe.start)
    return train(ColourTask(recipe, net, ColourBank(recipe, data)), run)
