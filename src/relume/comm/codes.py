"""Classical codes: Hamming(7,4) with ML decoding, convolutional codes with soft Viterbi decoding, an interleaver.

LLRs are log P(bit = 0) / P(bit = 1). Viterbi runs on many blocks at once: every step is one NumPy operation over
(states, blocks), so a long message is cut into overlapping windows first (:mod:`relume.comm.windows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relume.comm.windows import Windows
from relume.signal import Array, UsageError

HAMMING_GENERATOR = np.array(
    [[1, 0, 0, 0, 1, 1, 0], [0, 1, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1]], np.uint8
)


def all_messages(bits: int) -> Array:
    """Every message of ``bits`` bits, first bit highest; (2 ** bits, bits) uint8."""
    rows: Array = ((np.arange(2**bits)[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)
    return rows


def hamming_encode(messages: Array) -> Array:
    """(..., 4) bits to (..., 7) systematic code bits, uint8."""
    return (messages.astype(np.int64) @ HAMMING_GENERATOR % 2).astype(np.uint8)


def hamming_decode(y: Array) -> Array:
    """Maximum likelihood: (..., 7) soft values (positive means 0) to (..., 4) bits, the best correlated codeword."""
    messages = all_messages(4)
    codebook = 1 - 2 * hamming_encode(messages).astype(np.float32)
    best: Array = messages[np.argmax(y @ codebook.T, axis=-1)]
    return best


@dataclass(frozen=True)
class Convolutional:
    """A rate 1/n convolutional code; ``generators`` in octal digits as usually written, zero tail.

    >>> Convolutional(7, (0o171, 0o133)).encode(np.zeros((1, 3), np.uint8)).shape
    (1, 9, 2)
    """

    constraint: int
    generators: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 2 <= self.constraint <= 12 or not self.generators:
            raise UsageError(f"a constraint length of 2 to 12 and a generator are needed, not {self}")
        if any(not 0 < g < 2**self.constraint for g in self.generators):
            raise UsageError(f"generators must fit {self.constraint} bits: {[oct(g) for g in self.generators]}")

    @property
    def memory(self) -> int:
        """How many past bits each output depends on, and how many zeros close the message."""
        return self.constraint - 1

    @cached_property
    def outputs(self) -> Array:
        """Code bits by register content (newest bit highest); (2 ** constraint, n) uint8."""
        registers = np.arange(2**self.constraint)
        taps = [registers & g for g in self.generators]
        return np.stack([np.bitwise_count(t) & 1 for t in taps], axis=1).astype(np.uint8)

    def encode(self, bits: Array) -> Array:
        """(B, k) bits to (B, k + memory, n) code bits, uint8."""
        padded = np.pad(bits.astype(np.uint8, copy=False), ((0, 0), (self.memory, self.memory)))
        steps = bits.shape[1] + self.memory
        coded = np.zeros((bits.shape[0], steps, len(self.generators)), np.uint8)
        for delay in range(self.constraint):
            late = padded[:, self.memory - delay : self.memory - delay + steps]
            for column, generator in enumerate(self.generators):
                if generator >> (self.memory - delay) & 1:
                    coded[..., column] ^= late
        return coded

    def decode(self, llr: Array) -> Array:
        """Soft Viterbi: (B, k + memory, n) LLRs to (B, k) bits; long messages in overlapping windows."""
        if llr.ndim != 3 or llr.shape[1] <= self.memory or llr.shape[2] != len(self.generators):
            raise UsageError(
                f"code bits of shape (B, k + {self.memory}, {len(self.generators)}) needed, not {llr.shape}"
            )
        windows = Windows(llr.shape[1], core=384, guard=12 * self.memory)
        out = np.empty((llr.shape[0], llr.shape[1]), np.uint8)
        for place in windows.groups():
            frames = windows.cut(llr, place)
            decided = self._viterbi(frames, first=place.first, last=place.last)
            windows.paste(out, decided, place)
        return out[:, : llr.shape[1] - self.memory]

    def _viterbi(self, llr: Array, *, first: bool, last: bool) -> Array:
        """(N, T, n) LLRs to (N, T) bits, from and to state zero where ``first`` and ``last`` say so."""
        states, half = 2**self.memory, 2 ** (self.memory - 1)
        count, steps = llr.shape[0], llr.shape[1]
        soft = np.ascontiguousarray(llr.astype(np.float32).transpose(1, 2, 0))
        patterns = all_messages(len(self.generators))
        pattern_signs = 0.5 - patterns.astype(np.float32)
        index = (self.outputs.astype(np.int64) @ (1 << np.arange(len(self.generators))[::-1])).reshape(2, half, 2)
        metric = np.zeros((states, count), np.float32)
        if first:
            metric[1:] = -1e30
        chosen = np.empty((steps, 2, half, count), bool)
        for step in range(steps):
            branch = (pattern_signs @ soft[step])[index]
            paths = metric.reshape(1, half, 2, count) + branch
            np.greater(paths[:, :, 1], paths[:, :, 0], out=chosen[step])
            metric = np.maximum(paths[:, :, 1], paths[:, :, 0]).reshape(states, count)
            if step % 64 == 63:
                metric -= metric.max(axis=0)
        state = np.zeros(count, np.int64) if last else np.argmax(metric, axis=0)
        bits = np.empty((count, steps), np.uint8)
        rows = np.arange(count)
        for step in range(steps - 1, -1, -1):
            bits[:, step] = state >> (self.memory - 1)
            older = chosen[step].reshape(states, count)[state, rows]
            state = ((state & (half - 1)) << 1) | older
        return bits


CONV7 = Convolutional(7, (0o171, 0o133))


def interleaver(length: int, seed: int = 1) -> Array:
    """A fixed pseudo-random permutation of ``length`` places; (length,) int64. ``x[p]`` interleaves."""
    if length < 1:
        raise UsageError(f"an interleaver needs at least one place, not {length}")
    return np.random.default_rng([length, seed]).permutation(length)


def deinterleave(x: Array, permutation: Array) -> Array:
    """Undo ``x[..., permutation]``."""
    out = np.empty_like(x)
    out[..., permutation] = x
    return out
