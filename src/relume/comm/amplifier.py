"""A travelling-wave tube before the noise: the nonlinear channel for which a linear equaliser is not enough.

A. A. M. Saleh, "Frequency-independent and frequency-dependent nonlinear models of TWT amplifiers", 1981: an input of
amplitude r leaves with amplitude a r / (1 + b r^2), turned by c r^2 / (1 + d r^2), with the constants below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.comm.channels import Awgn
from relume.signal import Array, Draw, UsageError

AMPLITUDE = (2.1587, 1.1517)
PHASE = (4.0033, 9.1040)
SATURATION = AMPLITUDE[1] ** -0.5
"""The input amplitude of the highest output amplitude, which is AMPLITUDE[0] / 2 * SATURATION."""


@dataclass(frozen=True)
class Saleh:
    """The amplifier, driven ``backoff_db`` below saturation by symbols of mean energy 1, and then white noise.

    The output is scaled so that saturation has amplitude 1: ``n0`` is the noise energy against the saturated power.
    """

    n0: float
    backoff_db: float = 3.0

    def __post_init__(self) -> None:
        Awgn(self.n0)
        if not (math.isfinite(self.backoff_db) and abs(self.backoff_db) <= 60):
            raise UsageError(f"the back-off must lie between -60 and 60 dB, not {self.backoff_db}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Noise for a signal of ``shape`` (..., 2)."""
        return Awgn(self.n0).draw(shape, rng)

    def amplify(self, x: Any) -> Any:
        """The tube alone: (..., 2) to (..., 2), arrays or tensors."""
        power = (x[..., :1] * x[..., :1] + x[..., 1:] * x[..., 1:]) * (SATURATION**2 * 10 ** (-self.backoff_db / 10))
        gain = 2 * 10 ** (-self.backoff_db / 20) / (1 + AMPLITUDE[1] * power)
        turn = PHASE[0] * power / (1 + PHASE[1] * power)
        if isinstance(turn, np.ndarray):
            cosine, sine, sign = np.cos(turn), np.sin(turn), np.array([-1, 1], x.dtype)
        else:
            cosine, sine, sign = turn.cos(), turn.sin(), x.new_tensor([-1.0, 1.0])
        return gain * (cosine * x + sine * sign * x[..., [1, 0]])

    def apply(self, x: Array, draw: Draw) -> Array:
        """The received signal, (..., 2) as ``x``."""
        received: Array = self.amplify(x) + draw.hidden["noise"] * math.sqrt(self.n0 / 2)
        return received
