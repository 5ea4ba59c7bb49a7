"""Links whose transmitter is a sliding window: every step takes ``m`` bits and emits ``d`` real values that depend on
those bits and on the ``memory`` bits before them. A convolutional code followed by a mapper is one; so is a learned
convolutional encoder of finite receptive field, whose table is its output for every content of the window.

The receiver is the exact a-posteriori (MAP) rule of the table: the forward-backward recursion of Bahl, Cocke, Jelinek
and Raviv (1974) in normalised probabilities, over many windows of a message at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relume.comm.windows import Windows
from relume.signal import Array, UsageError

FLOOR = np.float32(1e-30)


@dataclass(frozen=True, eq=False)
class Trellis:
    """``table``: (2 ** (memory + m), d) float32 outputs; the index is (m new bits, first highest; then past bits).

    Mean energy over the table is ``d / 2``, so that one complex symbol (two real values) carries 1 on average.
    """

    table: Array
    m: int = 1

    def __post_init__(self) -> None:
        size = self.table.shape[0]
        if self.table.ndim != 2 or size & (size - 1) or size < 2**self.m or not np.isfinite(self.table).all():
            raise UsageError(f"a table of a power of two rows is needed, not one of shape {self.table.shape}")
        if self.memory % self.m:
            raise UsageError(f"the memory of {self.memory} bits must be whole steps of {self.m}")

    @property
    def memory(self) -> int:
        """Past bits that a step depends on."""
        return int(self.table.shape[0]).bit_length() - 1 - self.m

    @property
    def tail(self) -> int:
        """Steps of zeros that close a message."""
        return -(-self.memory // self.m)

    def steps(self, bits: int) -> int:
        """Steps that a message of ``bits`` bits takes, padding and tail included; even if a step is one real value."""
        if bits < 1:
            raise UsageError(f"a message has at least one bit, not {bits}")
        steps = -(-bits // self.m) + self.tail
        return steps + steps % 2 if self.table.shape[1] == 1 else steps

    def index(self, bits: Array) -> Array:
        """(B, k) bits to (B, steps) rows of the table."""
        count, k = bits.shape
        steps = self.steps(k)
        stream = np.zeros((count, self.memory + steps * self.m), np.uint8)
        stream[:, self.memory : self.memory + k] = bits
        window = np.zeros((count, steps), np.int32)
        for place in range(self.memory + self.m):  # in order of time, the oldest bit first
            window |= stream[:, place : place + steps * self.m : self.m].astype(np.int32) << self._shift(place)
        return window

    def _shift(self, place: int) -> int:
        """Where the bit at ``place`` of the window, in order of time, stands in the row index."""
        return place // self.m * self.m + self.m - 1 - place % self.m

    def gain(self, bits: int) -> np.float32:
        """The factor that makes the expected energy of a message of this length exactly one for each complex use.

        Uniform message bits, known zeros in padding and tail; only the edges of a message differ from the table mean.
        """
        steps, width = self.steps(bits), self.memory + self.m
        free = np.zeros(self.memory + steps * self.m, bool)
        free[self.memory : self.memory + bits] = True
        energy = (self.table.astype(np.float64) ** 2).sum(axis=1)
        seen = np.lib.stride_tricks.sliding_window_view(free, width)[:: self.m]
        edges = np.flatnonzero(~seen.all(axis=1))
        total = energy.mean() * (steps - len(edges))
        rows = np.arange(energy.size)
        for edge in edges:
            fixed = sum(1 << self._shift(int(place)) for place in np.flatnonzero(~seen[edge]))
            total += energy[(rows & fixed) == 0].mean()
        return np.float32(np.sqrt(steps * self.table.shape[1] / 2 / total))

    def encode(self, bits: Array) -> Array:
        """(B, k) bits to (B, steps, d) float32."""
        values: Array = self.table[self.index(bits)] * self.gain(bits.shape[1])
        return values

    def decode(self, y: Array, n0: Array, bits: int) -> Array:
        """Bit LLRs (B, bits) float32 of received values (B, steps, d) with noise energies n0, broadcast to them."""
        gain = self.gain(bits)
        if y.ndim != 3 or y.shape[1:] != (self.steps(bits), self.table.shape[1]):
            raise UsageError(
                f"{bits} bits arrive as (B, {self.steps(bits)}, {self.table.shape[1]}) values, not {y.shape}"
            )
        precision = np.broadcast_to(np.float32(1) / np.maximum(np.asarray(n0, np.float32), np.float32(1e-6)), y.shape)
        uncertain = np.zeros(y.shape[1] * self.m, bool)
        uncertain[:bits] = True
        free = np.broadcast_to(uncertain.reshape(1, -1, self.m), (y.shape[0], y.shape[1], self.m))
        windows = Windows(y.shape[1], core=256, guard=8 * (self.memory + self.m))
        out = np.empty((y.shape[0], y.shape[1], self.m), np.float32)
        inputs = (y / gain, precision * gain**2, free)
        for place in windows.groups():
            frames = [windows.cut(np.ascontiguousarray(part), place) for part in inputs]
            llr = np.empty((frames[0].shape[0], place.length, self.m), np.float32)
            for begin in range(0, llr.shape[0], 256):
                part = slice(begin, begin + 256)
                llr[part] = self._map(*(frame[part] for frame in frames), first=place.first, last=place.last)
            windows.paste(out, llr, place)
        return out.reshape(y.shape[0], -1)[:, :bits]

    def _map(self, y: Array, precision: Array, free: Array, *, first: bool, last: bool) -> Array:
        """(N, T, d) values to (N, T, m) LLRs."""
        count, steps = y.shape[:2]
        m, states, inputs = self.m, 2**self.memory, 2**self.m
        table = self.table.astype(np.float32)
        linear = np.ascontiguousarray((2 * y * precision).transpose(1, 2, 0))
        square = np.ascontiguousarray(precision.transpose(1, 2, 0))
        forced = [np.flatnonzero(~row) for row in free[0]]
        gammas = np.empty((steps, inputs * states, count), np.float32)
        alphas = np.empty((steps, states, count), np.float32)
        alpha = np.full((states, count), 1 / states, np.float32)
        if first:
            alpha[:] = 0
            alpha[0] = 1
        labels = np.arange(inputs)
        for t in range(steps):
            gamma = gammas[t]
            np.matmul(table, linear[t], out=gamma)
            gamma -= (table * table) @ square[t]
            gamma -= gamma.max(axis=0)
            np.exp(gamma, out=gamma)
            for place in forced[t].tolist():
                gamma.reshape(inputs, states, count)[(labels >> (m - 1 - place)) & 1 == 1] = 0
            alphas[t] = alpha
            moved = gamma.reshape(inputs, states, count) * alpha
            alpha = moved.reshape(states, inputs, count).sum(axis=1)
            alpha += FLOOR
            alpha /= alpha.sum(axis=0)
        beta = np.full((states, count), 1 / states, np.float32)
        if last:
            beta[:] = FLOOR
            beta[0] = 1
        llr = np.empty((steps, m, count), np.float32)
        for t in range(steps - 1, -1, -1):
            gamma = gammas[t].reshape(states, inputs, count)
            gamma *= beta[:, None]
            flat = gamma.reshape(inputs, states, count)
            post = np.einsum("isn,sn->in", flat, alphas[t]) + FLOOR
            for place in range(m):
                ones = (labels >> (m - 1 - place)) & 1 == 1
                llr[t, place] = np.log(post[~ones].sum(axis=0)) - np.log(post[ones].sum(axis=0))
            beta = flat.sum(axis=0)
            beta += FLOOR
            beta /= beta.sum(axis=0)
        return llr.transpose(2, 0, 1)
