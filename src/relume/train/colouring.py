"""Examples for ``colorize``: chroma from lightness, steered by a few hinted pixels.

The loss is L1 on a* and b*, each pixel weighted by how saturated it truly is. Saturated colours are rare, and a network
that is unsure between them answers with their middle, which is gray; weighing the rare ones up (Zhang, Isola and Efros,
*Colorful Image Colorization*, 2016, section 2.2, by classes there) moves that middle outwards. Where a hint makes the
answer sure, the weight changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from torch import Tensor

from relume.colour import lab_to_rgb, rgb_to_lab
from relume.metrics import ciede2000, psnr
from relume.signal import Array, UsageError
from relume.train.picture_bank import PictureBank, centre, tensor
from relume.train.restoration import Example, Restoration, Work

CHROMA = 110.0


@dataclass(frozen=True)
class Colorize(Restoration):
    """Whole pictures, or nearly, at the size that they are coloured at.

    ``hints``: the most hinted points; the share ``unhinted`` of the crops has none, most others one or two.
    ``turned``: the share of hinted crops whose hues are turned by any angle, so that a hint is believed against what is
    usual. ``faded``: the share whose lightness has lost contrast or changed gamma. ``rebalance``: the weight of a pixel
    is 1 + ``rebalance`` times its chroma in units of 110.
    """

    inputs: ClassVar[Mapping[str, int]] = MappingProxyType({"x": 1, "hints": 3})
    output = "ab"

    task: str = "colorize"
    hints: int = 10
    unhinted: float = 0.5
    turned: float = 0.3
    faded: float = 0.4
    rebalance: float = 8.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hints < 0 or self.rebalance < 0:
            raise UsageError(f"hints and rebalance must be at least 0, not {self.hints} and {self.rebalance}")

    def work(self, bank: PictureBank) -> Colouring:
        return Colouring(self, bank)


class Colouring(Work):
    """Chroma-weighted L1 of a* and b* over 110."""

    def __init__(self, recipe: Colorize, bank: PictureBank) -> None:
        self.recipe, self.bank = recipe, bank
        self.lab = [lab_planes(picture) for picture in bank.training]

    def batch(self, rng: np.random.Generator) -> Example:
        recipe = self.recipe
        planes = self.bank.crops(recipe.batch, rng, self.lab).astype(np.float32)
        light, chroma = planes[..., :1], planes[..., 1:]
        hints = np.zeros((*light.shape[:3], 3), np.float32)
        for i in range(recipe.batch):
            if rng.random() < recipe.faded:
                low, high = 0.2 * rng.random(), 1 - 0.2 * rng.random()
                light[i] = low + (high - low) * light[i] ** (0.7 + 0.7 * rng.random())
            count = hint_count(recipe.hints, recipe.unhinted, rng)
            if count and rng.random() < recipe.turned:
                angle = 2 * np.pi * rng.random()
                turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
                chroma[i] = chroma[i] @ turn
            hints[i] = place_hints(chroma[i], count, rng)
        weight = 1 + recipe.rebalance * np.linalg.norm(chroma, axis=-1, keepdims=True)
        return Example((tensor(light), tensor(hints)), tensor(chroma), tensor(weight))

    def loss(self, found: Tensor, example: Example) -> Tensor:
        difference = (found - example.truth).abs()
        return (difference * example.weight).mean() if example.weight is not None else difference.mean()

    def validate(self, run: Callable[..., Tensor]) -> dict[str, float]:
        """Without hints, on held-out pictures: PSNR and Delta E of the coloured and of the gray, and colourfulness."""
        rows = []
        for picture in self.bank.validation:
            planes = lab_planes(centre(picture, self.recipe.net.multiple)).astype(np.float32)
            light = planes[..., :1]
            chroma = run(tensor(light), tensor(np.zeros((*light.shape[:2], 3))))[0].permute(1, 2, 0).numpy()
            truth, made, gray = (lab(light, c) for c in (planes[..., 1:], chroma, np.zeros_like(chroma)))
            pictures = [lab_to_rgb(each) for each in (truth, made, gray)]
            rows.append(
                {
                    "psnr": psnr(pictures[1], pictures[0]),
                    "psnr_gray": psnr(pictures[2], pictures[0]),
                    "delta_e": float(ciede2000(made, truth).mean()),
                    "delta_e_gray": float(ciede2000(gray, truth).mean()),
                    "colourfulness": colourfulness(pictures[1]),
                    "colourfulness_truth": colourfulness(pictures[0]),
                }
            )
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def lab_planes(picture: Array) -> Array:
    """(H, W, 3) uint8 to L*/100, a*/110, b*/110 in half precision."""
    planes: Array = (rgb_to_lab(picture / 255) / (100.0, CHROMA, CHROMA)).astype(np.float16)
    return planes


def lab(light: Array, chroma: Array) -> Array:
    """L*a*b* of L*/100 (H, W, 1) and chroma over 110 (H, W, 2)."""
    return np.concatenate([light * 100.0, chroma * CHROMA], -1)


def hint_count(most: int, unhinted: float, rng: np.random.Generator) -> int:
    """None with probability ``unhinted``; else one or two in two draws of three, and up to ``most`` in the third."""
    if most == 0 or rng.random() < unhinted:
        return 0
    return int(rng.integers(1, (min(2, most) if rng.random() < 2 / 3 else most) + 1))


def place_hints(chroma: Array, count: int, rng: np.random.Generator) -> Array:
    """``count`` hints at random places of ``chroma`` (H, W, 2): squares of 1 to 7 pixels of their mean, (H, W, 3)."""
    hints = np.zeros((*chroma.shape[:2], 3), np.float32)
    for _ in range(count):
        half = int(rng.integers(4))
        y, x = (int(rng.integers(half, side - half)) for side in chroma.shape[:2])
        square = (slice(y - half, y + half + 1), slice(x - half, x + half + 1))
        hints[square] = (*chroma[square].mean((0, 1)), 1.0)
    return hints


def colourfulness(image: Array) -> float:
    """Hasler and Suesstrunk (2003): deviation plus 0.3 times mean of the opponents rg and yb, in code values."""
    r, g, b = np.moveaxis(image * 255, -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
