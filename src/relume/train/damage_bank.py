"""Damage drawn once and cut many times: banks of painted layers with their masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relume.degrade.base import Damage, Layer
from relume.degrade.catalogue import ALL
from relume.signal import Array, UsageError


@dataclass(frozen=True)
class DamageSpec:
    """``kinds[i]`` of the catalogue happens with probability ``chances[i]``; ``count`` layers are drawn from ``seed``.

    ``sides``: the picture sides that layers are painted for, in turn; the larger, the coarser the damage on a crop.
    """

    kinds: tuple[str, ...]
    chances: tuple[float, ...]
    count: int = 240
    sides: tuple[int, ...] = (256, 256, 400)
    seed: int = 7

    def __post_init__(self) -> None:
        if len(self.kinds) != len(self.chances) or not all(0 <= chance <= 1 for chance in self.chances):
            raise UsageError(f"one chance within [0, 1] for each kind of damage: {self.kinds} and {self.chances}")
        for kind in self.kinds:
            if not issubclass(ALL.get(kind, object), Damage):
                raise UsageError(f"'{kind}' is no damage that has a mask")
        if self.count < 1:
            raise UsageError(f"count must be at least 1, not {self.count}")

    def paint(self, side: int, rng: np.random.Generator) -> Layer:
        """Damage of some of the kinds, at least one of them, for a picture of ``side`` x ``side``."""
        happens = rng.random(len(self.kinds)) < self.chances
        if not happens.any():
            happens[int(rng.integers(len(happens)))] = True
        layer = Layer(np.ones((side, side, 3), np.float32), np.zeros((side, side, 3), np.float32))
        for kind, does in zip(self.kinds, happens, strict=True):
            if does:
                layer = layer.under(ALL[kind]().paint((side, side), rng))  # type: ignore[attr-defined]
        return layer


def mask_of(layer: Layer) -> Array:
    """Where a layer acts, (H, W) bool."""
    mask: Array = ((layer.gain != 1) | (layer.add != 0)).any(-1)
    return mask


class DamageBank:
    """Layers as one plane stack each: gain and add (255 is 1) and mask (1), (side, side, 7) uint8."""

    def __init__(self, spec: DamageSpec) -> None:
        self.layers = []
        for number in range(spec.count):
            layer = spec.paint(spec.sides[number % len(spec.sides)], np.random.default_rng([spec.seed, number]))
            planes = [np.clip(np.rint(255 * part), 0, 255) for part in (layer.gain, layer.add)]
            self.layers.append(np.concatenate([*planes, mask_of(layer)[..., None]], -1).astype(np.uint8))

    def cuts(self, count: int, side: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Random turned, mirrored cuts: gain and add (N, side, side, 3) float32, mask (N, side, side) bool."""
        found = np.empty((count, side, side, 7), np.uint8)
        for i in range(count):
            layer = self.layers[int(rng.integers(len(self.layers)))]
            top, left = (int(rng.integers(0, layer.shape[0] - side + 1)) for _ in "yx")
            piece = np.rot90(layer[top : top + side, left : left + side], int(rng.integers(4)))
            found[i] = piece[:, ::-1] if rng.integers(2) else piece
        return found[..., :3] / np.float32(255), found[..., 3:6] / np.float32(255), found[..., 6] > 0


def held_out_damage(spec: DamageSpec, shape: tuple[int, int], number: int) -> tuple[Layer, Array]:
    """Damage number ``number`` of a series that no bank holds, and its mask, for a picture of (H, W)."""
    layer = spec.paint(max(shape), np.random.default_rng([spec.seed, 1_000_000 + number]))
    layer = Layer(layer.gain[: shape[0], : shape[1]], layer.add[: shape[0], : shape[1]])
    return layer, mask_of(layer)


SCRATCHED: Mapping[str, float] = {"scratches": 0.7, "folds": 0.5, "overlay": 0.3, "dust": 0.3}
"""What a drawer does to a print: the kinds and their chances."""
LOST: Mapping[str, float] = {"holes": 0.2, "corners": 0.15, "craquelure": 0.12, "flaking": 0.12}
"""What takes the picture away."""
