"""Pairs for relics: aged all over, or with their colour already restored and what that leaves behind.

Every picture is cut into squares and every square has a draw of its own, which depends on its pixels and the scale
alone: a bank is the same in every run. The test part of the relics is never used.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relume.degrade.blur import GaussianBlur
from relume.degrade.chain import Chain, Sometimes
from relume.degrade.noise import SensorNoise
from relume.degrade.presets import AgedRelic
from relume.degrade.resample import resize
from relume.signal import Array
from relume.split import is_test
from relume.train.data import DataSpec


@dataclass(frozen=True)
class RelicSpec(DataSpec):
    """Step 1 of CR-SRGAN: squares of ``tile`` pixels of train pictures, shrunk and nothing else."""

    tile: int = 264

    def uses(self, path: Path) -> bool:
        """The train part alone."""
        return not is_test(path.stem)

    def pieces(self, picture: Array) -> Iterator[Array]:
        """Squares of ``picture`` (H, W, 3) from its top left corner; all of it where it is smaller."""
        height, width = picture.shape[:2]
        if min(height, width) < self.tile:
            yield picture
            return
        for top in range(0, height - self.tile + 1, self.tile):
            for left in range(0, width - self.tile + 1, self.tile):
                yield picture[top : top + self.tile, left : left + self.tile]


@dataclass(frozen=True)
class AgedSpec(RelicSpec):
    """Step 2: the squares aged by ``AgedRelic`` with the chance ``age`` of each of its steps, made noisy and shrunk."""

    age: float = 0.8

    def shrink(self, image: Array, scale: int) -> Array:
        """1/``scale`` of (H, W, 3) in [0, 1], aged."""
        preset, rng = AgedRelic(scale, age=self.age), seeded(image, scale)
        return preset.apply(image, preset.draw(image.shape, rng))


@dataclass(frozen=True)
class DetailSpec(RelicSpec):
    """What detail has to be found in: colour is right already, but blur, noise and rounding are still there.

    Giving a faded channel its contrast back multiplies its noise, and the steps of its 8 bits, by its curve's
    slope: ``slope`` is drawn for each channel from a range, in octaves evenly.
    """

    slope: tuple[float, float] = (1.0, 5.0)

    def shrink(self, image: Array, scale: int) -> Array:
        """1/``scale`` of (H, W, 3) in [0, 1]: the camera of ``AgedRelic`` before it, the stretch after it."""
        rng = seeded(image, scale)
        lens, sensor = Chain((Sometimes((GaussianBlur((0.3, 1.2)),), 0.4),)), SensorNoise((0.0, 0.004), (0.0, 0.03))
        soft = lens.apply(image, lens.draw(image.shape, rng))
        # A darkened surface sends less light: its shot noise is that of a picture half as bright.
        noise = sensor.apply(soft / 2, sensor.draw(soft.shape, rng)) - soft / 2
        clean, noise = (part if scale == 1 else resize(part, 1 / scale) for part in (soft, noise))
        least, most = np.log(self.slope)
        slope = np.exp(rng.uniform(least, most, 3)).astype(np.float32)
        return np.rint((clean / slope + noise) * 255) / 255 * slope


def seeded(image: Array, scale: int) -> np.random.Generator:
    """The generator that belongs to a square and a scale."""
    return np.random.default_rng([zlib.crc32(np.ascontiguousarray(image).tobytes()), scale])
