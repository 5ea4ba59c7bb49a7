"""The eavesdropper's trained networks: from scratch, on signals whose bits she knows, at least twice Bob's size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relume.comm.attacks import Verdict, carrier, observe, verdict
from relume.comm.ber import interval, random_bits
from relume.comm.channels import to_complex, to_pairs
from relume.comm.schemes import Scheme, TrellisLink, gather
from relume.comm.secure import PEAK, limit_peak
from relume.nets.dcgan import Listener, WaveformCritic
from relume.signal import Array

POSITIONS = 8
MESSAGE = 1024
WINDOW = 256


@dataclass(frozen=True)
class Budget:
    """How much Eve may spend: seconds of training (of one thread), bits for each position, classified windows."""

    train_seconds: float
    bits: int
    windows: int


QUICK = Budget(20.0, 20_000, 4_000)
FULL = Budget(120.0, 4_000_000, 100_000)


def aligned(scheme: Scheme, waveform: Array) -> Array:
    """Samples beside the bits they would carry without protection: (B, C, T) float32."""
    inner, before = carrier(scheme)
    steps = waveform[:, : inner.uses(before + MESSAGE)]
    if isinstance(inner, TrellisLink):
        steps = gather(steps, inner.trellis.table.shape[1])[:, before // inner.trellis.m :]
    size = (steps**2).sum(axis=-1, keepdims=True)
    return np.ascontiguousarray(np.concatenate([steps, size], axis=-1).transpose(0, 2, 1), np.float32)


def bits_per_step(scheme: Scheme) -> int:
    """Message bits for each aligned sample."""
    inner, _ = carrier(scheme)
    return inner.trellis.m if isinstance(inner, TrellisLink) else MESSAGE // inner.uses(MESSAGE)


def batches(scheme: Scheme, count: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless (samples (B, C, 1, T), bits (B, q, 1, T)) of fresh messages."""
    q = bits_per_step(scheme)
    steps = MESSAGE // q
    while True:
        bits = random_bits((count, MESSAGE), rng)
        samples = aligned(scheme, observe(scheme, bits, rng).waveform)[:, :, :steps]
        wanted = bits.reshape(count, steps, q).transpose(0, 2, 1)
        yield torch.from_numpy(samples)[:, :, None], torch.from_numpy(wanted.astype(np.float32))[:, :, None]


def train_eve(scheme: Scheme, seconds: float, rng: np.random.Generator, report: Callable[[str], None]) -> nn.Module:
    """A convolutional network of 37,000 weights (Bob of the static control has 10,600), known plaintext."""
    torch.manual_seed(int(rng.integers(1 << 31)))
    source = batches(scheme, 32, rng)
    samples, bits = next(source)
    net = Listener(width=48, depth=4, channels=samples.shape[1], out=bits.shape[1])
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    began, step = time.thread_time(), 0
    while (spent := time.thread_time() - began) < seconds:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * max(0.02, 1 - spent / seconds)
        samples, bits = next(source)
        loss = nn.functional.binary_cross_entropy_with_logits(net(samples), bits)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 50 == 0:
            report(f"Eve's network: step {step} loss {loss.item():.4f}")
        step += 1
    return net.eval()


@torch.no_grad()
def cnn_attack(scheme: Scheme, budget: Budget, rng: np.random.Generator, report: Callable[[str], None]) -> Verdict:
    """Train Eve, then count her errors on fresh messages, bit positions modulo 8."""
    with torch.enable_grad():
        net = train_eve(scheme, budget.train_seconds, rng, report)
    errors, done = np.zeros(POSITIONS, np.int64), 0
    for samples, bits in batches(scheme, 64, rng):
        wrong = ((net(samples) > 0) != (bits > 0.5)).numpy()[:, :, 0].transpose(0, 2, 1).reshape(-1, POSITIONS)
        errors += wrong.sum(axis=0)
        done += len(wrong)
        if done >= budget.bits:
            break
    return verdict("cnn", "known-plaintext", errors, done)


def target(count: int, rng: np.random.Generator) -> Array:
    """Complex Gaussian noise of power 1 under the peak limit, (count, 256, 2)."""
    noise = rng.standard_normal((count, WINDOW, 2), dtype=np.float32) * np.float32(0.5**0.5)
    return to_pairs(limit_peak(to_complex(noise)))


def windows(scheme: Scheme, count: int, rng: np.random.Generator) -> Array:
    """Windows at random places of the scheme's transmissions, headers included, (count, 256, 2)."""
    found: list[Array] = []
    total = 0
    while total < count:
        x = scheme.encode(random_bits((4, 16384), rng), rng)
        start = int(rng.integers(0, WINDOW))
        usable = (x.shape[1] - start) // WINDOW * WINDOW
        found.append(x[:, start : start + usable].reshape(-1, WINDOW, 2))
        total += len(found[-1])
    pool = np.concatenate(found)
    return pool[rng.permutation(len(pool))[:count]]


def camouflage(
    scheme: Scheme,
    other: Scheme | None,
    count: int,
    n0: float,
    seconds: float,
    rng: np.random.Generator,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """A trained classifier on windows of 256 samples, the scheme's waveform against that of ``other``.

    Without ``other``: against Gaussian noise of the same power and peak limit. ``count`` windows, half of either kind,
    four fifths to learn from; accuracy on the rest with its 95 % interval.
    """
    torch.manual_seed(int(rng.integers(1 << 31)))
    half = count // 2
    wanted = target(half, rng) if other is None else windows(other, half, rng)
    x = np.concatenate([windows(scheme, half, rng), wanted])
    x = x + rng.standard_normal(x.shape, dtype=np.float32) * np.float32((n0 / 2) ** 0.5)
    order = rng.permutation(len(x))
    size = (x**2).sum(axis=2, keepdims=True)
    seen = torch.from_numpy(
        np.concatenate([x, size, size**2 / PEAK], axis=2)[order].transpose(0, 2, 1)[:, :, None].copy()
    )
    truth = torch.from_numpy((order >= half).astype(np.float32))
    split = len(x) * 4 // 5
    net = WaveformCritic(channels=4, width=24)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-5)
    began, step = time.thread_time(), 0
    while (spent := time.thread_time() - began) < seconds:
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * max(0.02, 1 - spent / seconds)
        pick = torch.from_numpy(rng.integers(0, split, 128))
        loss = nn.functional.binary_cross_entropy_with_logits(net(seen[pick]), truth[pick])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 200 == 0:
            report(f"classifier: step {step} loss {loss.item():.4f}")
        step += 1
    net.eval()
    with torch.no_grad():
        guesses = torch.cat([net(part) > 0 for part in seen[split:].split(2048)])
    right = int((guesses == (truth[split:] > 0.5)).sum())
    low, high = interval(right, len(x) - split)
    return {"accuracy": right / (len(x) - split), "low": low, "high": high, "windows": count, "judged": len(x) - split}
