"""The secure link: cipher, then any link, then a keyed waveform.

A message is a header (the 96-bit nonce, low-rate coded under a static keyed transform) and a body: the bits xored with
the stream S, sent by the inner link, and moved by what a generator makes of the stream W: a phase for every symbol and,
over AWGN, a keyed unitary transform of blocks of up to 4096 symbols, scaled so that blocks vary in energy as Gaussian
noise does. Over fast fading the transform is left out (it would spread deep fades over whole blocks) and a keyed
permutation of the symbols takes its place.

Secrecy comes from the cipher; the waveform gives hopping and camouflage. There is no integrity here: see
:mod:`relume.comm.transport`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy.special import gammaincinv

from relume.comm.channels import equalise, to_complex, to_pairs
from relume.comm.cipher import NONCE_BYTES, Keys, all_genuine, counter_of, genuine, keystream, nonce_from_counter
from relume.comm.codes import Convolutional
from relume.comm.modem import modem
from relume.comm.schemes import Adaptive, Scheme, check_bits, check_received
from relume.signal import Array, UsageError

HEADER_GENERATORS = (0o171, 0o133, 0o165, 0o117, 0o135, 0o157)
HEADER_STEPS = 8 * NONCE_BYTES + 6
BLOCK = 4096
SMALLEST = 64
PEAK = 12.0
"""Peak power limit, relative to the mean; one Gaussian sample in 160,000 exceeds it."""


class Drive(Protocol):
    """A generator: latent bytes to unit phasors."""

    latent: int
    stride: int

    def __call__(self, latents: Array) -> Array:
        """(B, latent, L) float32 in [-1, 1] to (B, 2, L * stride) complex64 of modulus 1."""
        ...


@dataclass(frozen=True)
class Layers:
    """What protects the waveform: the controls of the attack suite switch some of it off."""

    xor: bool = True
    turn: bool = True
    mix: bool = True
    hop: bool = False
    fresh: bool = True


@dataclass(frozen=True, eq=False)
class SecureLink:
    """Any :class:`~relume.comm.schemes.Scheme` under a key. Legitimate ends hold ``keys``; all else is public."""

    name: str
    inner: Scheme
    keys: Keys
    drive: Drive
    layers: Layers = field(default_factory=Layers)
    spread: float = 1.0
    """How much of a Gaussian block's energy variance the radius must supply: 1 less that of the symbols themselves."""
    protection: int = 6
    """Code bits for each header bit; the faster the inner link, the stronger its signal and the fewer are needed."""

    def at(self, ebn0_db: float, channel: str, bits: int) -> SecureLink:
        """The same over the inner link as it is at this Eb/N0; :class:`~relume.comm.schemes.Adaptive`."""
        if not isinstance(self.inner, Adaptive):
            return self
        inner = self.inner.at(ebn0_db, channel, bits)
        return replace(self, inner=inner, spread=energy_spread(inner, np.random.default_rng(0)))

    @cached_property
    def header_code(self) -> Convolutional:
        """The header's K=7 code of rate 1 / protection, decoded by soft Viterbi."""
        return Convolutional(7, HEADER_GENERATORS[: self.protection])

    @property
    def header_uses(self) -> int:
        """Complex uses of the header: 96 nonce bits and the tail, on QPSK."""
        return HEADER_STEPS * self.protection // 2

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return self.header_uses + self.body_uses(bits)

    def body_uses(self, bits: int) -> int:
        """Symbols of the body; at least 64, so that there is something to mix."""
        return max(SMALLEST, self.inner.uses(bits))

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        """Simulation: counters are drawn from ``rng``; real senders reserve them and call :meth:`send`."""
        count = len(bits)
        counters = rng.integers(0, 1 << 48, count) if self.layers.fresh else np.zeros(count, np.int64)
        return self.send(bits, [nonce_from_counter(self.keys, int(c)) for c in counters], rng)

    def send(self, bits: Array, nonces: list[bytes], rng: np.random.Generator) -> Array:
        """(B, k) bits under one nonce each to (B, uses, 2); ``rng`` only varies the header's energy."""
        head = self._header_encode(nonces, rng)
        return np.concatenate([head, self.body(bits, nonces, rng)], axis=1)

    def body(self, bits: Array, nonces: list[bytes], rng: np.random.Generator) -> Array:
        """The body alone, (B, body_uses, 2)."""
        streams = self._streams(nonces, bits.shape[1])
        hidden = bits ^ streams.mask if self.layers.xor else bits
        symbols = to_complex(self.inner.encode(hidden, rng))
        symbols = np.concatenate([symbols, streams.filler[:, symbols.shape[1] :]], axis=1)
        return to_pairs(limit_peak(self._move(symbols, streams)))

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        """As :meth:`receive`, but a message whose header fails counts as lost: zeros."""
        check_received(y, self.uses(bits))
        nonces = self.read_headers(y, known)
        good = np.array([nonce is not None for nonce in nonces])
        out = np.zeros((len(y), bits), np.uint8)
        if good.any():
            part = y if good.all() else y[good]
            seen = dict(known)
            if "gain" in known and not good.all():
                seen["gain"] = known["gain"][good]
            out[good] = self._read_body(part, seen, bits, [n for n in nonces if n is not None])
        return out

    def receive(self, y: Array, known: Mapping[str, Any], bits: int) -> tuple[Array, list[int]]:
        """(B, uses, 2) to the bits and the message counters; WrongKey if a header does not fit the key."""
        check_received(y, self.uses(bits))
        sure = all_genuine(self.read_headers(y, known))
        return self._read_body(y, known, bits, sure), [counter_of(self.keys, nonce) for nonce in sure]

    def decode_with(self, y: Array, known: Mapping[str, Any], bits: int, nonces: list[bytes]) -> Array:
        """Read bodies under given nonces, whatever the headers say (key and nonce trials)."""
        return self._read_body(y, known, bits, nonces)

    def read_headers(self, y: Array, known: Mapping[str, Any]) -> list[bytes | None]:
        """The nonce of each message, None where it does not fit the key."""
        equal, n0 = equalise(y[:, : self.header_uses], _head(known, self.header_uses))
        moved = to_complex(equal)
        weight = 1 / np.maximum(np.broadcast_to(n0, equal.shape)[..., 0], np.float32(1e-9))
        phases = self._header_phases()
        if self.layers.mix:
            moved = np.fft.ifft(np.fft.ifft(moved, norm="ortho") * phases[1].conj(), norm="ortho")
        soft = to_pairs((moved * phases[0].conj()).astype(np.complex64)) * weight[..., None]
        packed = np.packbits(self.header_code.decode(soft.reshape(len(y), HEADER_STEPS, -1)), axis=1)
        return [genuine(self.keys, row.tobytes()) for row in packed]

    def _header_encode(self, nonces: list[bytes], rng: np.random.Generator) -> Array:
        bits = np.unpackbits(np.frombuffer(b"".join(nonces), np.uint8)).reshape(len(nonces), -1)
        symbols = to_complex(modem("qpsk").modulate(self.header_code.encode(bits).reshape(len(nonces), -1)))
        phases = self._header_phases()
        moved = symbols * phases[0]
        if self.layers.mix:
            moved = np.fft.fft(np.fft.fft(moved, norm="ortho") * phases[1], norm="ortho")
            moved = moved * np.sqrt(rng.gamma(self.header_uses, 1 / self.header_uses, (len(nonces), 1)))
        return to_pairs(limit_peak(moved.astype(np.complex64)))

    def _header_phases(self) -> Array:
        words = (
            keystream(self.keys.header, bytes(NONCE_BYTES), 8 * self.header_uses)
            .view("<u4")
            .reshape(2, self.header_uses)
        )
        return np.exp(2j * np.pi * words.reshape(2, -1) / 2**32).astype(np.complex64)

    def _read_body(self, y: Array, known: Mapping[str, Any], bits: int, nonces: list[bytes]) -> Array:
        body = dict(known)
        y = y[:, self.header_uses :]
        if "gain" in known:
            body["gain"] = known["gain"][:, self.header_uses :]
        streams = self._streams(nonces, bits)
        n = self.inner.uses(bits)
        equal, n0 = equalise(y, body)
        symbols = to_complex(equal)
        noise = np.broadcast_to(n0, equal.shape)[..., 0]
        symbols, noise = self._unmove(symbols, noise, streams)
        seen = {"n0": noise[:, :n, None]}
        plain = self.inner.decode(to_pairs(symbols[:, :n]), seen, bits)
        return plain ^ streams.mask if self.layers.xor else plain

    def _streams(self, nonces: list[bytes], bits: int) -> Streams:
        return derive(self.keys, self.drive, nonces, bits, self.body_uses(bits), self.layers, self.spread)

    def _move(self, symbols: Array, streams: Streams) -> Array:
        if self.layers.turn:
            symbols = symbols * streams.phasors[:, 0]
        if self.layers.hop:
            symbols = np.take_along_axis(symbols, streams.places, axis=1)
        if self.layers.mix:
            for number, part in enumerate(blocks(symbols.shape[1])):
                turned = np.fft.fft(symbols[:, part], norm="ortho") * streams.phasors[:, 1, part]
                symbols[:, part] = np.fft.fft(turned, norm="ortho") * streams.radii[:, number, None]
        return symbols.astype(np.complex64, copy=False)

    def _unmove(self, symbols: Array, noise: Array, streams: Streams) -> tuple[Array, Array]:
        if self.layers.mix:
            symbols, noise = symbols.copy(), noise.copy()
            for number, part in enumerate(blocks(symbols.shape[1])):
                turned = np.fft.ifft(symbols[:, part] / streams.radii[:, number, None], norm="ortho")
                symbols[:, part] = np.fft.ifft(turned * streams.phasors[:, 1, part].conj(), norm="ortho")
                noise[:, part] = noise[:, part].mean(axis=1, keepdims=True) / streams.radii[:, number, None] ** 2
        if self.layers.hop:
            back = np.argsort(streams.places, axis=1)
            symbols = np.take_along_axis(symbols, back, axis=1)
            noise = np.take_along_axis(noise, back, axis=1)
        if self.layers.turn:
            symbols = symbols * streams.phasors[:, 0].conj()
        return symbols, noise


@dataclass(frozen=True, eq=False)
class Streams:
    """What both ends derive from key and nonce for one batch of bodies."""

    mask: Array
    phasors: Array
    places: Array
    radii: Array
    filler: Array


def derive(
    keys: Keys, drive: Drive, nonces: list[bytes], bits: int, symbols: int, layers: Layers, spread: float
) -> Streams:
    """S as a bit mask (B, bits); W as phasors (B, 2, n), places (B, n), radii (B, blocks) and filler (B, n)."""
    count = len(nonces)
    masks = [np.unpackbits(keystream(keys.stream, nonce, -(-bits // 8)), count=bits) for nonce in nonces]
    length = -(-symbols // drive.stride) + 2
    parts = len(blocks(symbols))
    sizes = np.array([drive.latent * length, 8 * parts, 8 * SMALLEST, 8 * symbols if layers.hop else 0])
    sizes += -sizes % 8
    edges = np.cumsum(sizes)
    raw = np.stack([keystream(keys.drive, nonce, int(edges[-1])) for nonce in nonces])
    latents = raw[:, : drive.latent * length].reshape(count, drive.latent, length)
    phasors = drive((latents.astype(np.float32) - 127.5) / 127.5)[:, :, drive.stride : drive.stride + symbols]
    uniform = (raw[:, edges[0] : edges[1]].copy().view("<u8").astype(np.float64)[:, :parts] + 0.5) / 2**64
    fill = raw[:, edges[1] : edges[2]].copy().view("<u4").reshape(count, 2, SMALLEST)
    angle = 2 * np.pi * fill[:, 0] / 2**32
    gauss = np.sqrt(-np.log((fill[:, 1] + 0.5) / 2**32)) * np.exp(1j * angle)
    filler = np.zeros((count, symbols), np.complex64)
    filler[:, :SMALLEST] = gauss[:, :symbols]
    places = np.argsort(raw[:, edges[2] : edges[3]].copy().view("<u8"), axis=1) if layers.hop else np.empty((count, 0))
    return Streams(np.stack(masks), phasors, places, radii(uniform, symbols, spread), filler)


def radii(uniform: Array, symbols: int, spread: float) -> Array:
    """Block scales (B, blocks) whose squares follow a gamma law of mean 1 and variance ``spread / block length``."""
    shape = np.array([part.stop - part.start for part in blocks(symbols)]) / max(spread, 1e-6)
    result: Array = np.sqrt(gammaincinv(shape, uniform) / shape).astype(np.float32)
    return result


def blocks(symbols: int) -> list[slice]:
    """Nearly equal runs of about 4096 symbols (one run if there are fewer)."""
    count = max(1, round(symbols / BLOCK))
    edges = np.linspace(0, symbols, count + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def limit_peak(symbols: Array) -> Array:
    """Clip the modulus to sqrt(12): a power limit of 10.8 dB over the mean."""
    size = np.abs(symbols)
    high = size > PEAK**0.5
    if high.any():
        symbols = symbols.copy()
        symbols[high] *= PEAK**0.5 / size[high]
    return symbols


def energy_spread(scheme: Scheme, rng: np.random.Generator) -> float:
    """1 - var(|s|^2) of a scheme's symbols: what :attr:`SecureLink.spread` should be; between 0 and 1."""
    symbols = scheme.encode(rng.integers(0, 2, (1, 60_000), dtype=np.uint8), rng)
    value = 1 - float(np.var((symbols.astype(np.float64) ** 2).sum(axis=-1)))
    if not 0 <= value <= 1:
        raise UsageError(f"the symbols of {scheme.name} vary more in energy than Gaussian ones: {1 - value:.2f}")
    return value


def _head(known: Mapping[str, Any], uses: int) -> dict[str, Any]:
    return {key: value[:, :uses] if key == "gain" else value for key, value in known.items()}
