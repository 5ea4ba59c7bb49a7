"""Training pairs as real photographs make them: not shrunk by one clean kernel, but through the second-order chain.

Every patch goes through its own draw of :class:`RealWorld`, so that no two are damaged alike. A draw depends on the
patch's pixels and the scale alone: the same patches are the same pairs in every run.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from relume.degrade.presets import RealWorld
from relume.signal import Array
from relume.train.data import DataSpec

JPEG = 8
"""Pixels a side of a square of JPEG's."""


@dataclass(frozen=True)
class RealSpec(DataSpec):
    """Training pictures degraded by blur, resizing, sensor noise and JPEG, twice over and in random order.

    ``clean``: the share that is only shrunk, as :class:`DataSpec` does, for a photograph that nothing has happened to
    should stay as it is. The other fields are ranges of :class:`RealWorld`.
    """

    fresh: bool = True
    sigma: tuple[float, ...] = (0.2, 1.6)
    factor: tuple[float, ...] = (0.5, 1.2)
    noise: tuple[float, ...] = (0.0, 0.05)
    quality: tuple[int, ...] = (40, 98)
    clean: float = 0.0

    def lead(self, rng: np.random.Generator) -> int:
        """Anywhere: the squares of the last JPEG would else lie upon every patch in the same way."""
        return int(rng.integers(JPEG))

    def shrink(self, image: Array, scale: int) -> Array:
        """1/``scale`` of (H, W, 3) in [0, 1], through one draw of the chain."""
        chain = RealWorld(scale, self.sigma, self.factor, self.noise, self.quality)  # type: ignore[arg-type]  # pairs
        rng = np.random.default_rng([zlib.crc32(np.ascontiguousarray(image).tobytes()), scale])
        if self.clean and rng.random() < self.clean:
            return super().shrink(image, scale)
        return chain.apply(image, chain.draw(image.shape, rng))
