"""Schemes: how a message of any length becomes complex channel uses, and how a receiver reads it back.

A scheme charges everything: ``uses(k)`` counts the complex symbols of a message of k bits with padding, tails and
headers, and ``k / uses(k)`` is the rate at which Eb/N0 is converted. Signals are (B, n, 2) float32 I/Q with an
expected energy of 1 for each complex use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from relume.comm.channels import equalise
from relume.comm.codes import CONV7, all_messages, hamming_decode, hamming_encode
from relume.comm.modem import BITS, modem
from relume.comm.trellis import Trellis
from relume.signal import Array, UsageError


@runtime_checkable
class Scheme(Protocol):
    """What Monte Carlo, the command line and an eavesdropper need of a link."""

    @property
    def name(self) -> str:
        """The scheme's name on the command line."""
        ...

    def uses(self, bits: int) -> int:
        """Complex channel uses of a message of ``bits`` bits, everything charged."""
        ...

    def rate(self, bits: int) -> float:
        """Bits for each complex use's worth of energy: ``bits / uses(bits)``, or more where half a use stays empty."""
        ...

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        """(B, k) bits to (B, uses(k), 2) float32; ``rng`` is the transmitter's own randomness (nonces)."""
        ...

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        """(B, uses(k), 2) received, with ``n0`` and perhaps ``gain`` known, to (B, k) bits uint8."""
        ...


@runtime_checkable
class Adaptive(Protocol):
    """A scheme that both ends set by the stated mean Eb/N0 and the kind of channel (adaptive modulation)."""

    def at(self, ebn0_db: float, channel: str, bits: int) -> Scheme:
        """What is sent at ``ebn0_db`` over ``channel`` for messages of ``bits`` bits."""
        ...


def check_bits(bits: int) -> None:
    """Refuse the empty message."""
    if bits < 1:
        raise UsageError(f"a message has at least one bit, not {bits}")


def check_received(y: Array, uses: int) -> None:
    """Refuse a waveform that is truncated, too long or not finite."""
    if y.ndim != 3 or y.shape[1:] != (uses, 2):
        raise UsageError(f"this message takes {uses} complex symbols, (B, {uses}, 2), and the waveform is {y.shape}")
    if not np.isfinite(y).all():
        raise UsageError("the waveform holds values that are not finite numbers")


@dataclass(frozen=True)
class Uncoded:
    """Gray QAM, hard decisions, zero padding to a whole symbol."""

    name: str

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return -(-bits // modem(self.name).bits)

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        device = modem(self.name)
        spare = -bits.shape[1] % device.bits
        return device.modulate(np.pad(bits, ((0, 0), (0, spare))) if spare else bits)

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        check_received(y, self.uses(bits))
        equal, _ = equalise(y, known)
        return modem(self.name).demap_hard(equal)[:, :bits]


@dataclass(frozen=True)
class ConvolutionalQpsk:
    """QPSK with the K=7 (171, 133) code, soft Viterbi, zero tail."""

    name: str = "qpsk+conv7"

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return bits + CONV7.memory

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        return modem("qpsk").levels[CONV7.encode(bits)]

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        check_received(y, self.uses(bits))
        equal, n0 = equalise(y, known)
        return CONV7.decode(equal / np.maximum(n0, np.float32(1e-9)))


@dataclass(frozen=True)
class Hamming74:
    """Hamming(7,4) on antipodal real uses, two real uses in a complex one, ML decoding."""

    name: str = "hamming74"

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return -(-7 * -(-bits // 4) // 2)

    def rate(self, bits: int) -> float:
        return bits / (3.5 * -(-bits // 4))

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        blocks = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 4))).reshape(bits.shape[0], -1, 4)
        return real_to_pairs((1 - 2 * hamming_encode(blocks).astype(np.float32)) * np.float32(0.5**0.5))

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        check_received(y, self.uses(bits))
        blocks = -(-bits // 4)
        equal, n0 = equalise(y, known)
        soft = np.broadcast_to(equal / np.maximum(n0, np.float32(1e-9)), equal.shape)
        return hamming_decode(pairs_to_real(soft, blocks, 7)).reshape(y.shape[0], -1)[:, :bits]


@dataclass(frozen=True, eq=False)
class Codebook:
    """A block code of any codewords: (2 ** k, n) real values of energy 1/2 each, ML decoding by distance."""

    name: str
    codewords: Array

    @property
    def block_bits(self) -> int:
        """Bits in one block."""
        return int(self.codewords.shape[0]).bit_length() - 1

    def uses(self, bits: int) -> int:
        check_bits(bits)
        result: int = -(-self.codewords.shape[1] * -(-bits // self.block_bits) // 2)
        return result

    def rate(self, bits: int) -> float:
        result: float = 2 * bits / (self.codewords.shape[1] * -(-bits // self.block_bits))
        return result

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        k = self.block_bits
        blocks = np.pad(bits, ((0, 0), (0, -bits.shape[1] % k))).reshape(bits.shape[0], -1, k)
        return real_to_pairs(self.codewords[blocks @ (1 << np.arange(k)[::-1])])

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        check_received(y, self.uses(bits))
        k, n = self.block_bits, self.codewords.shape[1]
        equal, n0 = equalise(y, known)
        weight = np.broadcast_to(1 / np.maximum(n0, np.float32(1e-9)), equal.shape)
        blocks = -(-bits // k)
        value, precision = pairs_to_real(equal * weight, blocks, n), pairs_to_real(weight, blocks, n)
        score = 2 * value @ self.codewords.T - precision @ (self.codewords**2).T
        result: Array = all_messages(k)[np.argmax(score, axis=-1)].reshape(y.shape[0], -1)[:, :bits]
        return result


@dataclass(frozen=True, eq=False)
class TrellisLink:
    """A sliding-window transmitter and its MAP receiver; the two axes of a symbol carry distant steps.

    With one real value for each step, the first half of the steps rides in phase and the second in quadrature; with
    two, the second value is sent half a message later. So fast fading never strikes neighbouring steps together.

    ``low``: a second table, for where the first one's code cannot be read; ``reach``: from which Eb/N0 in dB it can,
    for each channel, by the length of the message: (longest message, dB) in rising order.
    """

    name: str
    trellis: Trellis
    low: Trellis | None = None
    reach: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def at(self, ebn0_db: float, channel: str, bits: int) -> TrellisLink:
        """The link with the table that suits this Eb/N0; :class:`Adaptive`."""
        if self.low is None or channel not in self.reach:
            return self
        needed = next(db for longest, db in self.reach[channel] if bits <= longest)
        return TrellisLink(self.name, self.trellis if ebn0_db >= needed else self.low)

    def uses(self, bits: int) -> int:
        check_bits(bits)
        result: int = self.trellis.steps(bits) * self.trellis.table.shape[1] // 2
        return result

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        return spread(self.trellis.encode(bits))

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        return (self.llr(y, known, bits) < 0).astype(np.uint8)

    def llr(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        """Bit LLRs, (B, k) float32."""
        check_received(y, self.uses(bits))
        d = self.trellis.table.shape[1]
        equal, n0 = equalise(y, known)
        noise = gather(np.broadcast_to(n0, equal.shape), d) if n0.ndim else n0
        return self.trellis.decode(gather(equal, d), noise, bits)


def spread(values: Array) -> Array:
    """(B, steps, d) real values, d 1 or 2, to (B, steps d / 2, 2) symbols; see :class:`TrellisLink`."""
    half = values.shape[1] // 2
    if values.shape[2] == 1:
        return np.stack([values[:, :half, 0], values[:, half:, 0]], axis=-1)
    return np.stack([values[..., 0], np.roll(values[..., 1], half, axis=1)], axis=-1)


def gather(symbols: Array, d: int) -> Array:
    """Undo :func:`spread`."""
    if d == 1:
        return np.concatenate([symbols[..., 0], symbols[..., 1]], axis=1)[..., None]
    return np.stack([symbols[..., 0], np.roll(symbols[..., 1], -(symbols.shape[1] // 2), axis=1)], axis=-1)


def real_to_pairs(values: Array) -> Array:
    """(B, blocks, n) real uses to (B, ceil(blocks n / 2), 2); an odd last place stays empty."""
    flat = values.reshape(values.shape[0], -1)
    if flat.shape[1] % 2:
        flat = np.pad(flat, ((0, 0), (0, 1)))
    return flat.reshape(flat.shape[0], -1, 2)


def pairs_to_real(symbols: Array, blocks: int, n: int) -> Array:
    """Undo :func:`real_to_pairs`: (B, blocks, n)."""
    return symbols.reshape(symbols.shape[0], -1)[:, : blocks * n].reshape(symbols.shape[0], blocks, n)


CLASSICAL: Mapping[str, Scheme] = {
    **{name: Uncoded(name) for name in BITS},
    "qpsk+conv7": ConvolutionalQpsk(),
    "hamming74": Hamming74(),
}
