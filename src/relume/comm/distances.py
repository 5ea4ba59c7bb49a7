"""How far two samples of a channel's output are from each other; y: (n, 2) float I/Q, gains (n,) complex.

A sampled distance between two samples of the *same* law is not zero, so each is to be read against its real-vs-real
value: the same distance between two independent real samples of the same size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relume.signal import Array, UsageError

DIRECTIONS = 32


def ks(a: Array, b: Array) -> float:
    """Kolmogorov-Smirnov: the largest difference of the empirical distribution functions of a (n,) and b (m,)."""
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    below_a = np.searchsorted(a, points, side="right") / a.size
    below_b = np.searchsorted(b, points, side="right") / b.size
    return float(np.abs(below_a - below_b).max())


def ks_amplitude(y: Array, z: Array) -> float:
    """KS of the amplitudes of two samples."""
    return ks(np.hypot(y[:, 0], y[:, 1]), np.hypot(z[:, 0], z[:, 1]))


def ks_phase(y: Array, z: Array, symbols_y: Array, symbols_z: Array) -> float:
    """KS of the phases against the phases of the symbols sent, in (-pi, pi]."""
    return ks(turned(y, symbols_y), turned(z, symbols_z))


def turned(y: Array, symbols: Array) -> Array:
    """The phase of y against its symbol, (n,) in (-pi, pi]."""
    return np.angle((y[:, 0] + 1j * y[:, 1]) * (symbols[:, 0] - 1j * symbols[:, 1]))


def sliced_wasserstein(y: Array, z: Array) -> float:
    """Sliced Wasserstein-2: the root mean square over 32 even directions of the W2 of the projections; equal sizes."""
    if y.shape != z.shape:
        raise UsageError(f"the sliced distance compares samples of one size, not {y.shape} and {z.shape}")
    angles = np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    axes = np.stack([np.cos(angles), np.sin(angles)])
    gaps = np.sort(y @ axes, axis=0) - np.sort(z @ axes, axis=0)
    return float(np.sqrt(np.square(gaps).mean()))


@dataclass(frozen=True)
class Moments:
    """Of each different symbol: the symbols (k, 2), the means (k, 2) and the covariances (k, 2, 2) of what arrived."""

    symbols: Array
    means: Array
    covariances: Array


def per_symbol(y: Array, symbols: Array) -> Moments:
    """Group y (n, 2) by the symbol sent (n, 2)."""
    points, which = np.unique(symbols, axis=0, return_inverse=True)
    which = which.reshape(-1)
    if points.shape[0] > 4096:
        raise UsageError(f"moments per symbol want an alphabet, not {points.shape[0]} different symbols")
    groups = [y[which == k].astype(np.float64) for k in range(points.shape[0])]
    means = np.stack([group.mean(axis=0) for group in groups])
    covariances = np.stack([np.cov(group.T, bias=True) for group in groups])
    return Moments(points, means, covariances)


def mean_error(real: Moments, found: Moments) -> float:
    """The largest distance of two means of one symbol, as a fraction of the symbol's received r.m.s. amplitude."""
    power = (real.means**2).sum(1) + np.trace(real.covariances, axis1=1, axis2=2)
    return float((np.linalg.norm(found.means - real.means, axis=1) / np.sqrt(power)).max())


def variance_error(real: Moments, found: Moments) -> float:
    """The largest relative error of a symbol's total variance (the trace of its covariance)."""
    expected, got = (np.trace(m.covariances, axis1=1, axis2=2) for m in (real, found))
    return float(np.abs(got / expected - 1).max())


def covariance_error(real: Moments, found: Moments) -> float:
    """The largest Frobenius distance of two covariances of one symbol, relative to the real one's norm."""
    gaps = np.linalg.norm(found.covariances - real.covariances, axis=(1, 2))
    return float((gaps / np.linalg.norm(real.covariances, axis=(1, 2))).max())


def autocorrelation(gain: Array, lags: int) -> Array:
    """mean h(t) conj h(t + k) over mean |h|^2, k = 0 ... lags, complex (lags + 1,), of gains (n,)."""
    if gain.size <= lags:
        raise UsageError(f"{lags} lags want more than {gain.size} gains")
    power = np.mean(np.abs(gain) ** 2)
    result: Array = np.array([np.mean(gain[: gain.size - k] * np.conj(gain[k:])) for k in range(lags + 1)]) / power
    return result


def autocorrelation_error(gain: Array, expected: Array) -> float:
    """The largest distance from the ``expected`` autocorrelation (lags + 1,) over all its lags."""
    return float(np.abs(autocorrelation(gain, expected.size - 1) - expected).max())
