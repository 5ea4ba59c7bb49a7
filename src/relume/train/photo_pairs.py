"""Pairs of a damaged and a clean photograph: stored in two folders, or made on the fly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor

from relume.degrade.base import to_luma
from relume.degrade.resample import resize, to_bytes
from relume.signal import Array
from relume.train.conditional_recipe import ConditionalGan
from relume.train.damage_bank import DamageBank, held_out_damage
from relume.train.data import load_rgb, split
from relume.train.paired import find_pairs
from relume.train.picture_bank import PictureBank, centre, tensor


class PhotoPairs(ABC):
    """Damaged and clean pictures of one side."""

    @abstractmethod
    def batch(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Damaged and clean, (N, 3, side, side) in [-1, 1], of ``rng`` alone."""

    @abstractmethod
    def validation(self) -> Iterator[tuple[Array, Array]]:
        """Damaged and clean held-out pictures, (side, side, 3) in [0, 1], always the same."""


class StoredPairs(PhotoPairs):
    """The pairs of ``root/gray`` and ``root/color``, resized to squares and kept in memory."""

    def __init__(self, root: Path, side: int, held_out: int) -> None:
        pairs = find_pairs(root)
        chosen, judged = split([clean for _, clean in pairs], held_out)
        partner = {clean: damaged for damaged, clean in pairs}
        self.training, self.judged = (
            [np.concatenate([square(partner[p], side), square(p, side)], -1) for p in part] for part in (chosen, judged)
        )

    def batch(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        chosen = [self.training[i] for i in rng.integers(0, len(self.training), count)]
        both = np.stack([pair[:, ::-1] if rng.integers(2) else pair for pair in chosen])
        return tensor(both[..., :3] / 127.5 - 1), tensor(both[..., 3:] / 127.5 - 1)

    def validation(self) -> Iterator[tuple[Array, Array]]:
        for pair in self.judged:
            yield pair[..., :3] / 255, pair[..., 3:] / 255


class MadePairs(PhotoPairs):
    """Clean pictures made gray, scratched and noisy: the damage that the paper's set has."""

    def __init__(self, recipe: ConditionalGan, bank: PictureBank) -> None:
        self.recipe, self.bank, self.damage = recipe, bank, DamageBank(recipe.damage)

    def batch(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        clean = self.bank.crops(count, rng).astype(np.float32) / 255
        gain, add, _ = self.damage.cuts(count, self.recipe.patch, rng)
        made = [self.age(*parts, rng) for parts in zip(clean, gain, add, strict=True)]
        return tensor(np.stack(made) * 2 - 1), tensor(clean * 2 - 1)

    def validation(self) -> Iterator[tuple[Array, Array]]:
        for number, picture in enumerate(self.bank.validation):
            clean = centre(picture, self.recipe.patch, self.recipe.patch).astype(np.float32) / 255
            layer, _ = held_out_damage(self.recipe.damage, clean.shape[:2], number)
            yield self.age(clean, layer.gain, layer.add, np.random.default_rng([self.recipe.seed, number])), clean

    def age(self, clean: Array, gain: Array, add: Array, rng: np.random.Generator) -> Array:
        """Gray, under the layer, with gray noise, rounded to 8 bits: (side, side, 3) in [0, 1]."""
        gray = to_luma(clean)[..., None] * gain + add
        gray = to_luma(gray)[..., None] + rng.random() * self.recipe.sigma / 255 * rng.standard_normal(
            (*clean.shape[:2], 1), np.float32
        )
        return np.broadcast_to(to_bytes(gray) / np.float32(255), clean.shape)


def square(path: Path, side: int) -> Array:
    """The picture of ``path`` resized to (side, side, 3) uint8."""
    picture = load_rgb(path)
    if picture.shape[:2] == (side, side):
        return picture
    return to_bytes(resize(picture.astype(np.float32) / 255, size=(side, side)))
