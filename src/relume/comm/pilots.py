"""Links whose receiver is told no gain: pilots in every block of a fading channel, and the gain estimated from them.

The estimate is the linear minimum mean square error one for a gain of CN(0, 1) (Kay 1993, section 12.3): with P pilots
of energy 1, h' = mean(y) / (1 + n0 / P), whose error of variance e = (n0 / P) / (1 + n0 / P) is heard as noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.comm.schemes import Scheme, check_received
from relume.signal import Array, UsageError


@dataclass(frozen=True)
class Piloted:
    """``inner`` in blocks of ``block`` symbols that begin with ``pilots`` pilots; the pilots are charged.

    Successive symbols of ``inner`` go to successive blocks, so that a deep fade never strikes neighbours.
    """

    name: str
    inner: Scheme
    block: int = 16
    pilots: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.pilots < self.block:
            raise UsageError(f"a block of {self.block} symbols holds 1 to {self.block - 1} pilots, not {self.pilots}")

    def blocks(self, bits: int) -> int:
        """Blocks of a message; the last one is filled up with zeros, which are charged as well."""
        return -(-self.inner.uses(bits) // (self.block - self.pilots))

    def uses(self, bits: int) -> int:
        return self.blocks(bits) * self.block

    def rate(self, bits: int) -> float:
        """Bits for each use's worth of energy: what fills the last block up has none."""
        return bits / (self.inner.uses(bits) + self.pilots * self.blocks(bits))

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        sent = self.inner.encode(bits, rng)
        count, rows = len(bits), self.block - self.pilots
        grid = np.zeros((count, rows * self.blocks(bits.shape[1]), 2), np.float32)
        grid[:, : sent.shape[1]] = sent
        body = grid.reshape(count, rows, -1, 2).swapaxes(1, 2)
        head = np.zeros((*body.shape[:2], self.pilots, 2), np.float32)
        head[..., 0] = 1
        return np.concatenate([head, body], axis=2).reshape(count, -1, 2)

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        """Reads ``n0`` alone of what is known."""
        check_received(y, self.uses(bits))
        frames = y.reshape(len(y), -1, self.block, 2)
        noise = float(known["n0"]) / self.pilots
        gain = frames[:, :, : self.pilots].mean(axis=2, keepdims=True) / np.float32(1 + noise)
        body = frames[:, :, self.pilots :]
        spread = np.broadcast_to(gain, body.shape)
        received, heard = (part.swapaxes(1, 2).reshape(len(y), -1, 2) for part in (body, spread))
        n = self.inner.uses(bits)
        seen = {"n0": known["n0"] + noise / (1 + noise), "gain": heard[:, :n]}
        return self.inner.decode(received[:, :n], seen, bits)
