"""The secure link in the waveform of plain traffic: what is on the air is a message of the inner link, bit by bit.

The camouflage of :mod:`relume.comm.secure` aims at Gaussian noise. Where the air is full of plain messages, the better
place to hide is among them: bits that are xored with S are uniform, so a plain transmitter that sends them makes
exactly the waveform of plain traffic, and the generator has nothing to do. The nonce travels in front, coded and under
a keyed mask that is the same in every message; whoever has many messages, knows where they begin and knows the code
can find that mask's parities, so this hides among others and is not deniable. Secrecy is that of the cipher as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from relume.comm.cipher import NONCE_BYTES, Keys, all_genuine, counter_of, genuine, keystream, nonce_from_counter
from relume.comm.codes import Convolutional
from relume.comm.schemes import Scheme, check_bits
from relume.comm.secure import HEADER_GENERATORS, HEADER_STEPS
from relume.signal import Array


@dataclass(frozen=True, eq=False)
class TrafficLink:
    """Header and body as one message of ``inner``; ``protection`` code bits for each header bit."""

    name: str
    inner: Scheme
    keys: Keys
    protection: int = 3

    @cached_property
    def header_code(self) -> Convolutional:
        """The header's K=7 code, decoded by Viterbi from the inner link's decisions."""
        return Convolutional(7, HEADER_GENERATORS[: self.protection])

    @property
    def header_bits(self) -> int:
        """Bits in front of the message: 96 nonce bits and the tail, coded."""
        return HEADER_STEPS * self.protection

    @cached_property
    def mask(self) -> Array:
        """What hides the header's code, (header_bits,)."""
        raw = keystream(self.keys.header, bytes(NONCE_BYTES), -(-self.header_bits // 8))
        return np.unpackbits(raw, count=self.header_bits)

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return self.inner.uses(self.header_bits + bits)

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        """Simulation: counters are drawn from ``rng``."""
        counters = rng.integers(0, 1 << 48, len(bits))
        return self.send(bits, [nonce_from_counter(self.keys, int(c)) for c in counters], rng)

    def send(self, bits: Array, nonces: list[bytes], rng: np.random.Generator) -> Array:
        """(B, k) bits under one nonce each to (B, uses, 2)."""
        plain = np.unpackbits(np.frombuffer(b"".join(nonces), np.uint8)).reshape(len(nonces), -1)
        head = self.header_code.encode(plain).reshape(len(nonces), -1) ^ self.mask
        return self.inner.encode(np.concatenate([head, bits ^ self._stream(nonces, bits.shape[1])], axis=1), rng)

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        """A message whose header fails counts as lost: zeros."""
        read = self.inner.decode(y, known, self.header_bits + bits)
        nonces = self.read_headers(read)
        good = np.array([nonce is not None for nonce in nonces])
        out = np.zeros((len(y), bits), np.uint8)
        if good.any():
            out[good] = read[good, self.header_bits :] ^ self._stream([n for n in nonces if n is not None], bits)
        return out

    def receive(self, y: Array, known: Mapping[str, Any], bits: int) -> tuple[Array, list[int]]:
        """(B, uses, 2) to the bits and the message counters; WrongKey if a header does not fit the key."""
        read = self.inner.decode(y, known, self.header_bits + bits)
        nonces = all_genuine(self.read_headers(read))
        plain = read[:, self.header_bits :] ^ self._stream(nonces, bits)
        return plain, [counter_of(self.keys, nonce) for nonce in nonces]

    def read_headers(self, read: Array) -> list[bytes | None]:
        """The nonce of each decided message, None where it does not fit the key."""
        soft = 1 - 2.0 * (read[:, : self.header_bits] ^ self.mask)
        packed = np.packbits(self.header_code.decode(soft.reshape(len(read), HEADER_STEPS, -1)), axis=1)
        return [genuine(self.keys, row.tobytes()) for row in packed]

    def _stream(self, nonces: list[bytes], bits: int) -> Array:
        streams = [np.unpackbits(keystream(self.keys.stream, n, -(-bits // 8)), count=bits) for n in nonces]
        return np.stack(streams)
