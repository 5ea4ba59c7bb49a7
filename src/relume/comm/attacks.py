"""The eavesdropper's analytic attacks: she has code, weights, any number of noiseless signals and their nonces in
clear, and not the key (Kerckhoffs). Trained networks are in :mod:`relume.train.eve`.

Every attack learns from messages whose bits she knows or chose, then reads fresh ones; errors are counted for each bit
position, and the worst position (the lowest error rate) is what counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from relume.comm.ber import interval, random_bits
from relume.comm.channels import to_complex
from relume.comm.cipher import nonce_from_counter, split_key
from relume.comm.codes import all_messages
from relume.comm.schemes import Scheme
from relume.comm.secure import SecureLink
from relume.comm.traffic import TrafficLink
from relume.signal import Array, UsageError

LENGTH = 8
"""Bits of an attacked message, few enough to try or tabulate them all; longer ones count positions modulo this."""
CONFIDENCE = 0.999
CELLS = 8
FLIPPED_TOGETHER = 16

Reader = Callable[["View"], Array]


@dataclass(frozen=True)
class View:
    """What Eve sees of a batch: waveforms (B, n, 2) without noise and, where there are any, nonces (B, 96) as bits."""

    waveform: Array
    nonces: Array

    @property
    def real(self) -> Array:
        """Waveform as (B, 2 n) real numbers."""
        return self.waveform.reshape(len(self.waveform), -1)


@dataclass(frozen=True)
class Verdict:
    """One attack's result; ``low`` and ``high`` bound the worst position at 99.9 %, corrected for the number tried."""

    name: str
    knowledge: str
    ber_worst_bit: float
    low: float
    high: float
    bits: int
    ber_mean: float
    positions: int
    outside: int

    @property
    def broken(self) -> bool:
        """Whether some position's error rate differs from 1/2."""
        return self.outside > 0


def observe(scheme: Scheme, bits: Array, rng: np.random.Generator) -> View:
    """Send ``bits`` (B, k) and look; of a secure link only the body, since its header holds the nonce alone."""
    if not isinstance(scheme, SecureLink | TrafficLink):
        return View(scheme.encode(bits, rng), np.zeros((len(bits), 0), np.uint8))
    fresh = isinstance(scheme, TrafficLink) or scheme.layers.fresh
    counters = rng.integers(0, 1 << 48, len(bits)) if fresh else np.zeros(len(bits), np.int64)
    nonces = [nonce_from_counter(scheme.keys, int(c)) for c in counters]
    seen = np.unpackbits(np.frombuffer(b"".join(nonces), np.uint8)).reshape(len(bits), -1)
    sender = scheme.send if isinstance(scheme, TrafficLink) else scheme.body
    return View(sender(bits, nonces, rng), seen)


def carrier(scheme: Scheme) -> tuple[Scheme, int]:
    """The unkeyed link that carries a scheme's bits, and how many of its own bits come before them."""
    if isinstance(scheme, TrafficLink):
        return scheme.inner, scheme.header_bits
    return (scheme.inner if isinstance(scheme, SecureLink) else scheme), 0


def verdict(name: str, knowledge: str, errors: Array, bits: int, tests: int = 8) -> Verdict:
    """Judge error counts for each position (P,) in ``bits`` bits each; Bonferroni over P times ``tests``."""
    confidence = 1 - (1 - CONFIDENCE) / (len(errors) * tests)
    bounds = [interval(int(e), bits, confidence) for e in errors]
    worst = int(np.argmin(errors))
    outside = sum(not low <= 0.5 <= high for low, high in bounds)
    mean = float(errors.sum() / (bits * len(errors)))
    return Verdict(name, knowledge, float(errors[worst] / bits), *bounds[worst], bits, mean, len(errors), outside)


def no_key(scheme: Scheme, length: int) -> Reader:
    """Ciphertext only: Bob's public receiver, on the waveform as it is, with no key."""
    inner, before = carrier(scheme)

    def read(view: View) -> Array:
        uses = inner.uses(before + length)
        return inner.decode(view.waveform[:, :uses], {"n0": 0.05}, before + length)[:, before:]

    return read


def linear(view: View, bits: Array) -> Reader:
    """Known plaintext: ridge regression of every bit on all samples and all nonce bits."""

    def features(v: View) -> Array:
        return np.concatenate(
            [v.real, 1 - 2 * v.nonces.astype(np.float32), np.ones((len(v.real), 1), np.float32)], axis=1
        )

    x = features(view).astype(np.float64)
    weights = np.linalg.solve(x.T @ x + 1e-3 * np.eye(x.shape[1]), x.T @ (2.0 * bits - 1)).astype(np.float32)
    return lambda v: (features(v) @ weights > 0).astype(np.uint8)


def table(view: View, bits: Array) -> Reader:
    """Known plaintext: for every bit, the sample pair or amplitude whose quantised value tells most, as a table."""
    amplitude = np.abs(to_complex(view.waveform))
    edges = np.quantile(amplitude[:4096], np.linspace(0, 1, CELLS * CELLS + 1)[1:-1])
    side = np.quantile(view.waveform[:4096], np.linspace(0, 1, CELLS + 1)[1:-1])

    def cells(waveform: Array, by_size: bool) -> Array:
        if by_size:
            return np.searchsorted(edges, np.abs(to_complex(waveform)), side="right")
        square = np.searchsorted(side, waveform)
        return square[..., 0] * CELLS + square[..., 1]

    seen = np.concatenate([cells(view.waveform, False), cells(view.waveform, True)], axis=1)
    uses, k = view.waveform.shape[1], bits.shape[1]
    best = np.full(k, np.inf)
    column, answer = np.zeros(k, np.int64), np.zeros((k, CELLS * CELLS), np.uint8)
    for place in range(seen.shape[1]):
        total = np.bincount(seen[:, place], minlength=CELLS * CELLS)
        for bit in range(k):
            ones = np.bincount(seen[:, place], weights=bits[:, bit], minlength=CELLS * CELLS)
            wrong = np.minimum(ones, total - ones).sum()
            if wrong < best[bit]:
                best[bit], column[bit], answer[bit] = wrong, place, ones * 2 > total

    def read(v: View) -> Array:
        chosen = [cells(v.waveform[:, c % uses], bool(c >= uses)) for c in column]
        result: Array = answer[np.arange(k), np.stack(chosen, axis=1)]
        return result

    return read


def affine(view: View, bits: Array) -> Reader:
    """Known plaintext: every bit as an affine map over GF(2) of all sample signs and nonce bits, by elimination."""

    def features(v: View) -> Array:
        ones = np.ones((len(v.real), 1), np.uint8)
        return np.concatenate([(v.real < 0).astype(np.uint8), v.nonces, ones], axis=1)

    x = features(view)
    if len(x) < x.shape[1]:
        raise UsageError(f"the affine attack needs at least {x.shape[1]} messages, not {len(x)}")
    solution = solve_gf2(x[: x.shape[1] + 64], bits[: x.shape[1] + 64])
    return lambda v: (features(v).astype(np.float32) @ solution.astype(np.float32) % 2).astype(np.uint8)


def solve_gf2(a: Array, b: Array) -> Array:
    """One x with a x = b over GF(2) on as many rows as can agree; a: (R, C), b: (R, k); x: (C, k) uint8."""
    rows = np.concatenate([a, b], axis=1).astype(np.uint8)
    width, pivots = a.shape[1], []
    rank = 0
    for column in range(width):
        hit = np.flatnonzero(rows[rank:, column])
        if not hit.size:
            continue
        rows[[rank, rank + hit[0]]] = rows[[rank + hit[0], rank]]
        others = rows[:, column].astype(bool)
        others[rank] = False
        rows[others] ^= rows[rank]
        pivots.append(column)
        rank += 1
        if rank == len(rows):
            break
    x = np.zeros((width, b.shape[1]), np.uint8)
    x[pivots] = rows[:rank, width:]
    return x


def codebook(view: View, bits: Array) -> Reader:
    """Chosen plaintext: the mean waveform of each of the 2 ** k messages, then the nearest."""
    k = bits.shape[1]
    label = bits @ (1 << np.arange(k)[::-1])
    total = np.zeros((2**k, view.real.shape[1]))
    np.add.at(total, label, view.real)
    mean = (total / np.maximum(np.bincount(label, minlength=2**k), 1)[:, None]).astype(np.float32)
    offset = 0.5 * (mean**2).sum(axis=1)
    messages = all_messages(k)
    return lambda v: messages[np.argmax(v.real @ mean.T - offset, axis=1)]


LEARNING: Mapping[str, tuple[str, Callable[[View, Array], Reader]]] = {
    "table": ("known-plaintext", table),
    "linear": ("known-plaintext", linear),
    "affine-gf2": ("known-plaintext", affine),
    "codebook": ("chosen-plaintext", codebook),
}


def run_analytic(
    scheme: Scheme, *, train: int, test: int, rng: np.random.Generator, report: Callable[[str], None] = lambda _: None
) -> list[Verdict]:
    """All analytic attacks on messages of 8 bits: learned from ``train`` messages, judged on ``test`` fresh ones."""
    bits = random_bits((train, LENGTH), rng)
    seen = observe(scheme, bits, rng)
    readers = {"no-key": ("ciphertext-only", no_key(scheme, LENGTH))}
    for name, (knowledge, learn) in LEARNING.items():
        report(f"{name}: learning")
        readers[name] = (knowledge, learn(seen, bits))
    errors = {name: np.zeros(LENGTH, np.int64) for name in readers}
    done = 0
    while done < test:
        count = min(8192, test - done)
        bits = random_bits((count, LENGTH), rng)
        seen = observe(scheme, bits, rng)
        for name, (_, read) in readers.items():
            errors[name] += np.count_nonzero(read(seen) != bits, axis=0)
        done += count
    return [verdict(name, knowledge, errors[name], done) for name, (knowledge, _) in readers.items()]


def bit_flips(scheme: SecureLink, key: bytes, *, messages: int, length: int, rng: np.random.Generator) -> list[Verdict]:
    """Bob's own receiver with one bit of the key, or of the nonce, wrong; positions modulo 8.

    Every message has a nonce of its own and its own flipped nonce bit; ``FLIPPED_TOGETHER`` share a flipped key bit.
    """
    errors = {name: np.zeros(LENGTH, np.int64) for name in ("key-bit-flip", "nonce-bit-flip")}
    done = 0
    while done < messages:
        count = min(FLIPPED_TOGETHER, messages - done)
        bits = random_bits((count, length), rng)
        nonces = [nonce_from_counter(scheme.keys, int(c)) for c in rng.integers(0, 1 << 48, count)]
        y = scheme.send(bits, nonces, rng)
        other = replace(scheme, keys=split_key(flip(key, rng)))
        for name, link, used in (
            ("key-bit-flip", other, nonces),
            ("nonce-bit-flip", scheme, [flip(nonce, rng) for nonce in nonces]),
        ):
            wrong = link.decode_with(y, {"n0": 0.05}, length, used) != bits
            errors[name] += wrong.reshape(-1, LENGTH).sum(axis=0)
        done += count
    knowledge = {"key-bit-flip": "all key bits but one", "nonce-bit-flip": "the key and all nonce bits but one"}
    return [verdict(name, knowledge[name], e, messages * length // LENGTH) for name, e in errors.items()]


def flip(secret: bytes, rng: np.random.Generator) -> bytes:
    """``secret`` with one random bit wrong."""
    wrong = bytearray(secret)
    wrong[int(rng.integers(len(secret)))] ^= 1 << int(rng.integers(8))
    return bytes(wrong)


def distinguish(scheme: Scheme, *, pairs: int, rng: np.random.Generator, length: int = 64) -> dict[str, Any]:
    """IND-CPA: Eve chooses two messages (all zeros, all ones) and tells from a waveform which was sent.

    A discriminant, linear in samples, squares, products at 1 to 4 symbols and nonce bits, learned on half of ``pairs``
    waveforms of each message and judged on the rest; ``low`` and ``high`` bound its accuracy at 99.9 %.
    """
    truth = rng.integers(0, 2, 2 * pairs).astype(np.uint8)
    bits = np.repeat(truth[:, None], length, axis=1)
    seen = observe(scheme, bits, rng)
    z = to_complex(seen.waveform)
    lags = [z[:, d:] * z[:, :-d].conj() for d in range(1, 5)]
    moments = [np.stack([part.mean(axis=1).real, part.mean(axis=1).imag], axis=1) for part in (*lags, z**2, z**4)]
    columns = [seen.real, np.abs(z) ** 2, np.abs(z) ** 4, *moments, seen.nonces, np.ones((len(z), 1))]
    x = np.concatenate([c.astype(np.float64) for c in columns], axis=1)
    x[:, :-1] = (x[:, :-1] - x[:pairs, :-1].mean(axis=0)) / (x[:pairs, :-1].std(axis=0) + 1e-9)
    learn, judge = x[:pairs], x[pairs:]
    weights = np.linalg.solve(learn.T @ learn + 1.0 * np.eye(x.shape[1]), learn.T @ (2.0 * truth[:pairs] - 1))
    right = int(np.count_nonzero((judge @ weights > 0) == truth[pairs:]))
    low, high = interval(right, pairs, CONFIDENCE)
    return {"accuracy": right / pairs, "low": low, "high": high, "waveforms": pairs, "knowledge": "chosen-plaintext"}
