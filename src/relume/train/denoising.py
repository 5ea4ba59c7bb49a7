"""Examples for ``denoise``: white noise of a stated strength on clean crops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from relume.degrade.base import to_luma
from relume.metrics import psnr
from relume.signal import Array, UsageError
from relume.train.picture_bank import PictureBank, centre, tensor
from relume.train.restoration import Example, Restoration, Work

JUDGED_SIGMA = (15, 25, 50)


@dataclass(frozen=True)
class Denoise(Restoration):
    """Noise of a standard deviation up to ``sigma`` (of 255), one for each crop and told to the network.

    ``gray``: the share of gray crops with gray noise; ``soft``: of crops whose noise has a grain of about a pixel;
    ``stored``: of crops that are rounded and clipped to 8 bits, as files are.
    """

    inputs: ClassVar[Mapping[str, int]] = MappingProxyType({"x": 3, "sigma": 1})
    output = "y"

    task: str = "denoise"
    sigma: float = 60.0
    gray: float = 0.2
    soft: float = 0.1
    stored: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sigma <= 0 or not all(0 <= share <= 1 for share in (self.gray, self.soft, self.stored)):
            raise UsageError(f"sigma must be above 0 and the shares within [0, 1]: {self}")

    def work(self, bank: PictureBank) -> Denoising:
        return Denoising(self, bank)


class Denoising(Work):
    """L1 between the cleaned and the clean crop."""

    def __init__(self, recipe: Denoise, bank: PictureBank) -> None:
        self.recipe, self.bank = recipe, bank

    def batch(self, rng: np.random.Generator) -> Example:
        recipe = self.recipe
        clean = self.bank.crops(recipe.batch, rng).astype(np.float32) / 255
        noisy, sigma = np.empty_like(clean), np.empty((recipe.batch, 1, 1, 1), np.float32)
        for i in range(recipe.batch):
            if rng.random() < recipe.gray:
                clean[i] = to_luma(clean[i])[..., None]
            sigma[i] = rng.random() * recipe.sigma / 255
            noise = white(clean[i].shape, bool((np.ptp(clean[i], -1) == 0).all()), rng)
            if rng.random() < recipe.soft:
                noise = gaussian_filter(noise, (*[0.4 + 0.5 * rng.random()] * 2, 0))
                noise /= noise.std()
            noisy[i] = clean[i] + sigma[i] * noise
            if rng.random() < recipe.stored:
                noisy[i] = np.rint(np.clip(noisy[i], 0, 1) * 255) / 255
        level = np.broadcast_to(sigma, (*clean.shape[:3], 1))
        return Example((tensor(noisy), tensor(level)), tensor(clean))

    def loss(self, found: Tensor, example: Example) -> Tensor:
        return functional.l1_loss(found, example.truth)

    def validate(self, run: Callable[..., Tensor]) -> dict[str, float]:
        """PSNR over R, G and B in dB, 8 bits, of noise that is not clipped."""
        scores = {}
        for sigma in JUDGED_SIGMA:
            values = []
            for index, picture in enumerate(self.bank.validation):
                clean = centre(picture, self.recipe.net.multiple).astype(np.float32) / 255
                noise = white(clean.shape, False, np.random.default_rng([sigma, index]))
                noisy = clean + sigma / 255 * noise
                level = np.full((*clean.shape[:2], 1), sigma / 255)
                found = run(tensor(noisy), tensor(level))[0].permute(1, 2, 0).numpy()
                values.append(psnr(np.rint(np.clip(found, 0, 1) * 255) / 255, clean))
            scores[f"psnr_sigma{sigma}"] = float(np.mean(values))
        return scores


def white(shape: tuple[int, ...], gray: bool, rng: np.random.Generator) -> Array:
    """Normal noise (H, W, 3) float32 of deviation 1, alike in all channels where ``gray``."""
    noise = rng.standard_normal((*shape[:2], 1 if gray else 3), np.float32)
    return np.broadcast_to(noise, shape).copy()
