"""Closed forms and limits that a simulated link is held against.

Eb/N0 and Es/N0 are linear ratios unless a name ends in ``_db``; Es is the energy of one complex symbol.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfc, exp1

from relume.comm.modem import Modem, modem
from relume.signal import Array, UsageError


def q_function(x: Array | float) -> Array:
    """Tail of the standard normal, P(X > x)."""
    tail: Array = 0.5 * erfc(np.asarray(x, np.float64) / np.sqrt(2))
    return tail


def _fading_q(a: Array) -> Array:
    """E[Q(a |h|)] for Rayleigh |h| with E|h|^2 = 1; odd in ``a`` about 1/2 (Proakis, Digital Communications, 14-3)."""
    mean = a * a / 2
    half: Array = 0.5 * (1 - np.sign(a) * np.sqrt(mean / (1 + mean)))
    return half


def ber(name: str, channel: str, ebn0_db: float) -> float:
    """Exact bit error rate of hard-decided Gray BPSK, QPSK, 16QAM or 64QAM over AWGN or fast Rayleigh with known gain.

    For each label of one axis and each bit: the probability of landing where the nearest point carries the other bit
    (Cho and Yoon 2002, in the form of a sum over decision thresholds); fading averages every term in closed form.
    """
    device = modem(name)
    ratio = 10 ** (ebn0_db / 10) * device.bits
    if channel not in ("awgn", "rayleigh"):
        raise UsageError(f"no closed form for the channel '{channel}'")
    tail = q_function if channel == "awgn" else _fading_q
    scale = np.sqrt(2 * ratio) * (np.sqrt(2) if device.bits == 1 else 1)
    return float(np.mean(_axis_errors(device, scale, tail)))


def _axis_errors(device: Modem, scale: float, tail: object) -> list[float]:
    levels = device.levels.astype(np.float64)
    axis_bits = max(1, device.bits // 2)
    order = np.argsort(levels)
    middles = (levels[order][1:] + levels[order][:-1]) / 2
    rates = []
    for place in range(axis_bits):
        bit = (np.arange(levels.size) >> (axis_bits - 1 - place)) & 1
        ordered = bit[order]
        total = 0.0
        for label, level in enumerate(levels):
            # P(decide wrong) = [wrong at -inf] + sum over thresholds of +-P(y > threshold)
            wrong = (ordered != bit[label]).astype(int)
            jumps = np.diff(wrong)
            total += wrong[0] + float(np.sum(jumps * tail((middles - level) * scale)))  # type: ignore[operator]
        rates.append(total / levels.size)
    return rates


def shannon_ebn0_db(rate: float) -> float:
    """The least Eb/N0 in dB at which ``rate`` bits for each complex use can be carried over AWGN."""
    _check_rate(rate)
    return float(10 * np.log10((2**rate - 1) / rate))


def ergodic_capacity(esn0: float) -> float:
    """Bits for each complex use over fast Rayleigh fading known to the receiver: e^(1/g) E1(1/g) / ln 2."""
    x = 1 / esn0
    if x > 600:
        return float(esn0 / np.log(2))
    return float(np.exp(x) * exp1(x) / np.log(2))


def ergodic_ebn0_db(rate: float) -> float:
    """The least Eb/N0 in dB for ``rate`` bits for each complex use over fast Rayleigh fading known to the receiver."""
    _check_rate(rate)
    esn0_db = brentq(lambda db: ergodic_capacity(10 ** (db / 10)) - rate, -60, 120)
    return float(esn0_db - 10 * np.log10(rate))


def normal_approximation_bler(bits: int, uses: int, esn0_db: float) -> float:
    """Block error rate of the best code of ``bits`` bits in ``uses`` complex uses of AWGN.

    Polyanskiy, Poor and Verdu (2010), eq. 296 for the complex channel: Q((n C - k + log2(n) / 2) / sqrt(n V)) with
    V = g (g + 2) / (g + 1)^2 log2(e)^2.
    """
    if bits < 1 or uses < 1:
        raise UsageError(f"bits and uses must be at least 1, not {bits} and {uses}")
    g = 10 ** (esn0_db / 10)
    dispersion = g * (g + 2) / (g + 1) ** 2 * np.log2(np.e) ** 2
    return float(q_function((uses * np.log2(1 + g) - bits + 0.5 * np.log2(uses)) / np.sqrt(uses * dispersion)))


def normal_approximation_ebn0_db(bits: int, uses: int, bler: float) -> float:
    """The Eb/N0 in dB at which the normal approximation reaches ``bler``."""
    if not 0 < bler < 0.5:
        raise UsageError(f"a block error rate between 0 and 0.5 is needed, not {bler}")
    esn0_db = brentq(lambda db: np.log(max(normal_approximation_bler(bits, uses, db), 1e-300)) - np.log(bler), -30, 60)
    return float(esn0_db - 10 * np.log10(bits / uses))


def ebn0_at(ebn0_db: Array, rates: Array, target: float) -> float:
    """Where a measured curve crosses ``target``: linear in dB against log10 of the rate; NaN if it never does."""
    keep = np.asarray(rates) > 0
    x, y = np.asarray(ebn0_db, float)[keep], np.log10(np.asarray(rates, float)[keep])
    goal = np.log10(target)
    for left in range(len(x) - 1):
        if y[left] >= goal >= y[left + 1]:
            return float(x[left] + (y[left] - goal) / (y[left] - y[left + 1]) * (x[left + 1] - x[left]))
    return float("nan")


def _check_rate(rate: float) -> None:
    if not (np.isfinite(rate) and rate > 0):
        raise UsageError(f"the rate must be above 0 bits for each complex use, not {rate}")
