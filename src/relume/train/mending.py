"""Examples for ``damage-mask`` (find the damage) and ``repair`` (fill it): pictures under painted layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import binary_dilation, gaussian_filter
from torch import Tensor
from torch.nn import functional

from relume.degrade.base import to_luma
from relume.metrics import psnr
from relume.signal import Array
from relume.train.damage_bank import LOST, SCRATCHED, DamageBank, DamageSpec, held_out_damage
from relume.train.picture_bank import PictureBank, centre, tensor
from relume.train.restoration import Example, Restoration, Work

BOTH = {**SCRATCHED, **LOST}
EVERYTHING = DamageSpec(tuple(BOTH), tuple(BOTH.values()))
VISIBLE = 8.0
JUDGED = DamageSpec(("scratches", "folds"), (0.8, 0.6), count=1, seed=11)


@dataclass(frozen=True)
class Detect(Restoration):
    """Where is it damaged? Layers of ``damage`` on pictures that are gray with probability ``gray`` and aged a little.

    Ageing comes before and after the damage: lost contrast, blur, noise. To be found is what the damage visibly
    changes, by ``visible`` (of 255) in any channel: a painted layer has wide skirts that nobody sees, and what is not
    seen is better left alone than painted anew. ``dice`` weighs the Dice loss beside the cross entropy; it looks at
    the whole mask of each crop, so that thin lines are not drowned by the sound pixels, nor a crop with little damage
    by one with much.
    """

    inputs: ClassVar[Mapping[str, int]] = MappingProxyType({"x": 3})
    output = "mask"

    task: str = "detect"
    damage: DamageSpec = field(default_factory=lambda: EVERYTHING)
    gray: float = 0.4
    dice: float = 0.5
    visible: float = VISIBLE

    def work(self, bank: PictureBank) -> Detecting:
        return Detecting(self, bank)


@dataclass(frozen=True)
class Repair(Restoration):
    """What was there? Damaged pictures with the pixels of a mask set to zero, and the mask.

    As in use, the mask holds what a detector would find and no more: what changed by some threshold of up to
    ``visible`` (of 255), grown by 0 to ``grow`` pixels. Fainter damage stays in the picture around the holes; of the
    crops a share of ``noisy`` has noise too, which is not to be painted.
    """

    inputs: ClassVar[Mapping[str, int]] = MappingProxyType({"x": 3, "mask": 1})
    output = "y"

    task: str = "repair"
    damage: DamageSpec = field(default_factory=lambda: EVERYTHING)
    gray: float = 0.3
    grow: int = 2
    visible: float = 24.0
    noisy: float = 0.3

    def work(self, bank: PictureBank) -> Repairing:
        return Repairing(self, bank)


def clean_crops(bank: PictureBank, count: int, gray: float, rng: np.random.Generator) -> Array:
    """Crops (N, side, side, 3) float32 in [0, 1], some of them gray."""
    crops = bank.crops(count, rng).astype(np.float32) / 255
    for crop in crops:
        if rng.random() < gray:
            crop[:] = to_luma(crop)[..., None]
    return crops


def changed(before: Array, after: Array, by: float) -> Array:
    """Where two pictures (H, W, 3) in [0, 1] differ by more than ``by`` (of 255) in any channel: (H, W) bool."""
    red, green, blue = np.moveaxis(np.abs(np.clip(after, 0, 1) - before) > by / 255, -1, 0)
    different: Array = red | green | blue
    return different


def is_gray(picture: Array) -> bool:
    """Whether the three channels of ``picture`` (H, W, 3) are the same."""
    return np.array_equal(picture[..., 0], picture[..., 1]) and np.array_equal(picture[..., 1], picture[..., 2])


class Detecting(Work):
    """Binary cross entropy and Dice of the mask's logits."""

    def __init__(self, recipe: Detect, bank: PictureBank) -> None:
        self.recipe, self.bank, self.damage = recipe, bank, DamageBank(recipe.damage)

    def batch(self, rng: np.random.Generator) -> Example:
        recipe = self.recipe
        x = clean_crops(self.bank, recipe.batch, recipe.gray, rng)
        gain, add, mask = self.damage.cuts(recipe.batch, recipe.patch, rng)
        for i in range(recipe.batch):
            gray = is_gray(x[i])
            low, high = 0.25 * rng.random(), 1 - 0.25 * rng.random()
            sound = low + (high - low) * x[i] if rng.random() < 0.4 else x[i]
            aged = sound * gain[i] + add[i]
            mask[i] &= changed(sound, aged, recipe.visible)
            if gray:
                aged = np.broadcast_to(to_luma(aged)[..., None], aged.shape)
            if rng.random() < 0.3:
                aged = gaussian_filter(aged, (*[0.3 + 0.5 * rng.random()] * 2, 0))
            if rng.random() < 0.5:
                grain = rng.standard_normal((*aged.shape[:2], 1 if gray else 3), np.float32)
                aged = aged + 0.1 * rng.random() ** 2 * grain
            x[i] = np.rint(np.clip(aged, 0, 1) * 255) / 255
        return Example((tensor(x),), tensor(mask[..., None]))

    def loss(self, found: Tensor, example: Example) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits(found, example.truth)
        chance = torch.sigmoid(found)
        common = (chance * example.truth).sum((1, 2, 3))
        total = (chance + example.truth).sum((1, 2, 3))
        return entropy + self.recipe.dice * (1 - (2 * common + 1) / (total + 1)).mean()

    def validate(self, run: Callable[..., Tensor]) -> dict[str, float]:
        """Intersection over union at a probability of 1/2, over all held-out pictures: scratches and folds, and all.

        ``iou``: with what is visibly damaged; ``iou_whole``: with all that the layers touch.
        """
        scores = {}
        for name, spec in (("scratches_folds", JUDGED), ("all", self.recipe.damage)):
            masks: list[Array] = []
            for index, picture in enumerate(self.bank.validation):
                clean = centre(picture, self.recipe.net.multiple).astype(np.float32) / 255
                layer, whole = held_out_damage(spec, clean.shape[:2], index)
                damaged = np.clip(clean * layer.gain + layer.add, 0, 1)
                found = run(tensor(damaged))[0, 0].numpy() > 0
                seen = whole & changed(clean, damaged, self.recipe.visible)
                masks.append(np.stack([found, seen, whole]).reshape(3, -1))
            found, seen, whole = np.concatenate(masks, 1)
            scores[f"iou_{name}"] = float((found & seen).sum() / max(1, (found | seen).sum()))
            scores[f"iou_whole_{name}"] = float((found & whole).sum() / max(1, (found | whole).sum()))
        return scores


class Repairing(Work):
    """L1 inside the mask, where alone the answer is used."""

    def __init__(self, recipe: Repair, bank: PictureBank) -> None:
        self.recipe, self.bank, self.damage = recipe, bank, DamageBank(recipe.damage)

    def batch(self, rng: np.random.Generator) -> Example:
        recipe = self.recipe
        truth = clean_crops(self.bank, recipe.batch, recipe.gray, rng)
        gain, add, mask = self.damage.cuts(recipe.batch, recipe.patch, rng)
        x = truth * gain + add
        for i in range(recipe.batch):
            if is_gray(truth[i]):
                x[i] = to_luma(x[i])[..., None]
            mask[i] &= changed(truth[i], x[i], recipe.visible * rng.random())
            grow = int(rng.integers(recipe.grow + 1))
            if grow:
                mask[i] = binary_dilation(mask[i], iterations=grow)
            if rng.random() < recipe.noisy:
                x[i] += 0.1 * rng.random() * rng.standard_normal((*x.shape[1:3], 1), np.float32)
        holes = mask[..., None].astype(np.float32)
        return Example((tensor(np.clip(x, 0, 1) * (1 - holes)), tensor(holes)), tensor(truth), tensor(holes))

    def loss(self, found: Tensor, example: Example) -> Tensor:
        weight = example.weight if example.weight is not None else torch.ones(())
        return ((found - example.truth).abs() * weight).sum() / (3 * weight.sum() + 1)

    def validate(self, run: Callable[..., Tensor]) -> dict[str, float]:
        """PSNR over R, G and B in dB of the pictures filled where they are visibly damaged, and of the damaged ones."""
        filled, given = [], []
        for index, picture in enumerate(self.bank.validation):
            clean = centre(picture, self.recipe.net.multiple).astype(np.float32) / 255
            layer, mask = held_out_damage(JUDGED, clean.shape[:2], index)
            damaged = np.clip(clean * layer.gain + layer.add, 0, 1)
            holes = (mask & changed(clean, damaged, VISIBLE))[..., None].astype(np.float32)
            found = run(tensor(damaged * (1 - holes)), tensor(holes))[0].permute(1, 2, 0).numpy()
            filled.append(psnr(np.where(holes > 0, np.clip(found, 0, 1), damaged), clean))
            given.append(psnr(damaged, clean))
        return {"psnr_visible_mask": float(np.mean(filled)), "psnr_input": float(np.mean(given))}
