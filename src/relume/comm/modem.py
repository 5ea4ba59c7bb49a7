"""Square QAM with the Gray labels of 3GPP TS 38.211 section 5.1: modulation, hard decisions and exact LLRs.

Even bits of a label steer the in-phase axis and odd bits the quadrature axis, each a Gray PAM of its own, so that
demapping works per real dimension. LLRs are log P(bit = 0) / P(bit = 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from relume.signal import Array, UsageError

BITS = {"bpsk": 1, "qpsk": 2, "16qam": 4, "64qam": 6}
ENERGY = {1: 2.0, 2: 2.0, 4: 10.0, 6: 42.0}


@dataclass(frozen=True)
class Modem:
    """A constellation of ``2 ** bits`` points with average energy 1; ``bits`` is 1, 2, 4 or 6.

    >>> import numpy as np
    >>> Modem(2).modulate(np.array([0, 0, 1, 0], np.uint8)).round(3).tolist()
    [[0.707, 0.707], [-0.707, 0.707]]
    """

    bits: int

    def __post_init__(self) -> None:
        if self.bits not in ENERGY:
            raise UsageError(f"a modem carries 1, 2, 4 or 6 bits a symbol, not {self.bits}")

    @property
    def step(self) -> np.float32:
        """Half the distance of neighbouring levels: the level called 1."""
        return np.float32(ENERGY[self.bits] ** -0.5)

    @property
    def levels(self) -> Array:
        """The level (float32) of each label of one real dimension, first bit highest; (2 ** (bits / 2),)."""
        axis_bits = max(1, self.bits // 2)
        labels = np.arange(2**axis_bits)
        value = np.ones(2**axis_bits)
        for place in range(axis_bits):
            sign = 1 - 2 * ((labels >> place) & 1)
            value = sign * value if place == axis_bits - 1 else 2 ** (place + 1) - sign * value
        return value.astype(np.float32) * self.step

    def modulate(self, bits: Array) -> Array:
        """(..., n * bits) of 0 and 1 to (..., n, 2) float32 symbols of average energy 1."""
        if bits.shape[-1] % self.bits or not bits.shape[-1]:
            raise UsageError(f"{bits.shape[-1]} bits do not fill symbols of {self.bits}; pad the message first")
        if self.bits == 1:
            return np.repeat(self.levels[bits][..., None], 2, axis=-1)
        if 8 % self.bits == 0 and bits.size % 8 == 0:
            whole = np.packbits(bits.astype(np.uint8, copy=False).reshape(-1))
            return np.take(byte_symbols(self.bits), whole, axis=0).reshape(
                *bits.shape[:-1], bits.shape[-1] // self.bits, 2
            )
        return self._points(bits)

    def _points(self, bits: Array) -> Array:
        """:meth:`modulate`, symbol by symbol."""
        symbols = bits.shape[-1] // self.bits
        pairs = bits.reshape(*bits.shape[:-1], symbols, self.bits // 2, 2).astype(np.uint8, copy=False)
        label = pairs[..., 0, :]
        for place in range(1, self.bits // 2):
            label = np.bitwise_or(label << 1, pairs[..., place, :])
        points: Array = np.take(self.levels, label)
        return points

    def demap_hard(self, y: Array) -> Array:
        """Nearest point: (..., n, 2) to (..., n * bits) uint8."""
        if self.bits == 1:
            nearest: Array = (y[..., 0] + y[..., 1] < 0).astype(np.uint8)
            return nearest
        planes = np.empty((*y.shape[:-1], self.bits // 2, 2), np.uint8)
        value, threshold = y, self.step * np.float32(2 ** (self.bits // 2 - 1))
        planes[..., 0, :] = value < 0
        for place in range(1, self.bits // 2):
            value = np.abs(value) if place == 1 else np.abs(value - 2 * threshold)
            planes[..., place, :] = value > threshold
            threshold = threshold / 2
        return planes.reshape(*y.shape[:-2], -1)

    def demap_soft(self, y: Array, n0: Array | float) -> Array:
        """Exact LLRs: (..., n, 2) and noise energy (scalar or (..., n, 1)) to (..., n * bits) float32."""
        if self.bits == 1:
            return np.asarray(4 * self.step * (y.sum(axis=-1, keepdims=True)) / n0, np.float32)[..., 0]
        if self.bits == 2:
            return np.asarray((4 * self.step) * (y / n0), np.float32).reshape(*y.shape[:-2], -1)
        planes = self._soft16(y, n0) if self.bits == 4 else self._soft_any(y, n0)
        return planes.reshape(*y.shape[:-2], -1)

    def demap_max_log(self, y: Array, n0: Array | float) -> Array:
        """Max-log LLRs, shapes as :meth:`demap_soft`: the nearest point of either kind instead of the sum over all."""
        return (
            self._soft_any(y, n0, exact=False).reshape(*y.shape[:-2], -1) if self.bits > 2 else self.demap_soft(y, n0)
        )

    def _soft16(self, y: Array, n0: Array | float) -> Array:
        """Closed form for levels +-1, +-3 of step s: with t = 4 |y| s / n0, c = 8 s^2 / n0 and E = exp(-t):
        sign bit: sign(y) (2 t + max(-t, -c) + log1p(exp(-|t - c|)) - log1p(exp(-t - c)));
        size bit: c - t - log1p(E^2 - E).
        """
        inverse = np.float32(1) / np.asarray(n0, np.float32)
        size = np.abs(y)
        size *= (4 * self.step) * inverse
        c = (8 * self.step * self.step) * inverse
        planes = np.empty((*y.shape[:-1], 2, 2), np.float32)
        e = np.exp(-size)
        far = np.abs(size - c)
        ratio = np.exp(-far)
        ratio += 1
        ratio /= 1 + e * np.exp(-c)
        np.log(ratio, out=ratio)
        ratio += 2 * size
        ratio -= np.minimum(size, c)
        lay(planes[..., 0, :], np.copysign(ratio, y))
        e *= e - 1
        np.log1p(e, out=e)
        lay(planes[..., 1, :], c - size - e)
        return planes

    def _soft_any(self, y: Array, n0: Array | float, *, exact: bool = True) -> Array:
        axis_bits = self.bits // 2
        metric = [-((y - level) ** 2) / n0 for level in self.levels]
        planes = np.empty((*y.shape[:-1], axis_bits, 2), np.float32)
        join = np.logaddexp if exact else np.maximum
        for place in range(axis_bits):
            sides: dict[int, Array] = {}
            for label, value in enumerate(metric):
                bit = (label >> (axis_bits - 1 - place)) & 1
                sides[bit] = join(sides[bit], value) if bit in sides else value
            planes[..., place, :] = sides[0] - sides[1]
        return planes


def lay(plane: Array, values: Array) -> None:
    """Write (..., 2) values into every other pair of a larger array; in pairs, for NumPy is slow at rows of two."""
    plane.view(np.complex64)[..., 0] = np.ascontiguousarray(values, np.float32).view(np.complex64)[..., 0]


@lru_cache(maxsize=2)
def byte_symbols(bits: int) -> Array:
    """What each of the 256 bytes of a message becomes: (256, 16 / bits) float32, symbol after symbol."""
    every = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return Modem(bits)._points(every).reshape(256, -1)


def modem(name: str) -> Modem:
    """The modem called ``name``: bpsk, qpsk, 16qam or 64qam."""
    if name not in BITS:
        raise UsageError(f"no modem '{name}'; there are {', '.join(BITS)}")
    return Modem(BITS[name])
