"""Correlated flat fading: a Gaussian process with the Doppler spectrum of Clarke and Jakes.

R. H. Clarke 1968, W. C. Jakes 1974: waves arrive from all directions with equal power, so that the autocorrelation of
the gain is J0(2 pi f tau). Drawn as Young and Beaulieu (2000) do: white Gaussian frequencies, weighted by the spectrum,
one inverse Fourier transform. Deviation: the weight of a frequency bin is the integral of the spectrum over the bin, so
that the power is exactly 1 and the spectrum's poles need no special case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import j0

from relume.comm.channels import Rayleigh, to_pairs
from relume.signal import Array, Draw, UsageError

SHORTEST = 1 << 14
"""The least number of frequency bins: the autocorrelation of 32 lags then differs from J0 by less than 1e-5."""


def jakes_autocorrelation(doppler: float, lags: int) -> Array:
    """E[h(t) conj h(t + k)] for k = 0 ... lags, (lags + 1,), for a maximum Doppler shift of ``doppler`` per symbol."""
    return np.asarray(j0(2 * math.pi * doppler * np.arange(lags + 1)))


def jakes_gain(count: int, doppler: float, rng: np.random.Generator, lead: tuple[int, ...] = ()) -> Array:
    """A complex64 gain process (*lead, count) with E|h|^2 = 1; ``doppler`` in cycles for each symbol, in (0, 0.5)."""
    size = max(SHORTEST, 1 << (2 * count - 1).bit_length())
    edges = np.clip((np.arange(size + 1) - 0.5) / size / doppler, -1, 1)
    weight = np.diff(np.arcsin(edges)) / math.pi
    weight[1:] += weight[:0:-1].copy()  # negative frequencies
    spectrum = rng.standard_normal((*lead, size, 2)).view(np.complex128)[..., 0] * np.sqrt(weight / 2)
    gain: Array = (np.fft.ifft(spectrum, axis=-1)[..., :count] * size).astype(np.complex64)
    return gain


@dataclass(frozen=True)
class JakesRayleigh:
    """Rayleigh fading that varies from symbol to symbol as Jakes' spectrum has it: y = h x + sqrt(n0 / 2) w."""

    n0: float
    doppler: float = 0.02
    csi: bool = True

    def __post_init__(self) -> None:
        Rayleigh(self.n0)
        if not 0 < self.doppler < 0.5:
            raise UsageError(f"the Doppler shift must lie between 0 and 0.5 cycles a symbol, not {self.doppler}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Gains and noise for a signal of ``shape`` (..., n, 2); the gain is known where ``csi``."""
        plain = Rayleigh(self.n0, 0, self.csi).draw(shape, rng)
        gain = to_pairs(jakes_gain(shape[-2], self.doppler, rng, tuple(shape[:-2])))
        known = {**plain.known, "gain": gain} if self.csi else plain.known
        cross = gain[..., 1:] * np.array([-1, 1], np.float32)
        return Draw(known, {"noise": plain.hidden["noise"], "in_phase": gain[..., :1], "cross": cross})

    def apply(self, x: Array, draw: Draw) -> Array:
        """The received signal, (..., 2) as ``x``."""
        return Rayleigh(self.n0).apply(x, draw)
