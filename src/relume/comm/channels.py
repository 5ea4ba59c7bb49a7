"""Radio channels: draw the randomness, then apply it with plain operators to real I/Q pairs on the last axis.

A signal is (..., 2) float with an average energy of 1 for each complex symbol; ``n0`` is the noise energy of one
complex symbol, so each of the two real dimensions receives a variance of ``n0 / 2``. ``apply`` uses nothing but
``+``, ``*`` and indexing: with the arrays of a draw as tensors it serves training unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.signal import Array, Draw, UsageError

LOUDEST = 200.0


def ebn0_to_n0(ebn0_db: float, rate: float) -> float:
    """Noise energy N0 of one complex symbol with Es = 1; ``ebn0_db`` in dB, ``rate`` in bits for each complex use.

    The one place where Eb/N0 becomes Es/N0: ``rate`` must be the true rate, with tails, padding and nonce charged.
    """
    if not -LOUDEST <= ebn0_db <= LOUDEST:
        raise UsageError(f"Eb/N0 must lie between -{LOUDEST:g} and {LOUDEST:g} dB, not {ebn0_db}")
    if not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"the rate must be above 0 bits for each complex use, not {rate}")
    return float(10 ** (-ebn0_db / 10) / rate)


def esn0_to_n0(esn0_db: float) -> float:
    """Noise energy N0 of one complex symbol with Es = 1; ``esn0_db`` in dB."""
    return ebn0_to_n0(esn0_db, 1.0)


def _check_noise(n0: float) -> None:
    if not (math.isfinite(n0) and n0 >= 0):
        raise UsageError(f"n0 must be a finite noise energy of at least 0, not {n0}")


@dataclass(frozen=True)
class Awgn:
    """Additive white Gaussian noise: y = x + sqrt(n0 / 2) w, w standard normal in both dimensions."""

    n0: float

    def __post_init__(self) -> None:
        _check_noise(self.n0)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Noise for a signal of ``shape`` (..., 2); the receiver may know ``n0``."""
        _check_shape(shape)
        return Draw({"n0": self.n0}, {"noise": rng.standard_normal(shape, dtype=np.float32)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """The received signal, (..., 2) as ``x``."""
        noisy: Array = x + draw.hidden["noise"] * math.sqrt(self.n0 / 2)
        return noisy


@dataclass(frozen=True)
class Rayleigh:
    """Flat Rayleigh fading, E|h|^2 = 1: y = h x + sqrt(n0 / 2) w.

    ``block``: how many successive symbols (the last but one axis) share one gain; 1 is fast fading, 0 one gain for the
    whole message. ``csi``: whether the receiver may know the gain.
    """

    n0: float
    block: int = 1
    csi: bool = True

    def __post_init__(self) -> None:
        _check_noise(self.n0)
        if self.block < 0:
            raise UsageError(f"the fading block must be at least 0 symbols, not {self.block}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Gains and noise for a signal of ``shape`` (..., n, 2)."""
        _check_shape(shape)
        block = self.block or shape[-2]
        gains = rng.standard_normal((*shape[:-2], -(-shape[-2] // block), 2), dtype=np.float32) * np.float32(0.5**0.5)
        gain = gains if block == 1 else np.repeat(gains, block, axis=-2)[..., : shape[-2], :]
        cross = gain[..., 1:] * np.array([-1, 1], np.float32)
        known: dict[str, Any] = {"n0": self.n0, "gain": gain} if self.csi else {"n0": self.n0}
        noise = rng.standard_normal(shape, dtype=np.float32)
        return Draw(known, {"noise": noise, "in_phase": gain[..., :1], "cross": cross})

    def apply(self, x: Array, draw: Draw) -> Array:
        """The received signal, (..., 2) as ``x``."""
        part = draw.hidden
        faded: Array = part["in_phase"] * x + part["cross"] * x[..., [1, 0]]
        result: Array = faded + part["noise"] * math.sqrt(self.n0 / 2)
        return result


Channel = Awgn | Rayleigh
ALL: Mapping[str, type[Awgn] | type[Rayleigh]] = {"awgn": Awgn, "rayleigh": Rayleigh}


def make(name: str, n0: float, *, block: int = 1, csi: bool = True) -> Channel:
    """The channel called ``name`` ('awgn' or 'rayleigh') at noise energy ``n0``."""
    if name == "awgn":
        return Awgn(n0)
    if name == "rayleigh":
        return Rayleigh(n0, block, csi)
    raise UsageError(f"no channel '{name}'; there are {', '.join(ALL)}")


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) < 2 or shape[-1] != 2 or 0 in shape:
        raise UsageError(f"a signal is (..., symbols, 2) with at least one symbol, not {shape}")


def equalise(y: Array, known: Mapping[str, Any]) -> tuple[Array, Array]:
    """Undo a known gain: (y / h, n0 / |h|^2); y: (..., n, 2), the second (..., n, 1) or a scalar array."""
    n0 = np.asarray(known["n0"], np.float32)
    if "gain" not in known:
        return y, n0
    h = known["gain"]
    power = np.maximum(h[..., :1] ** 2 + h[..., 1:] ** 2, np.float32(1e-12))
    cross = h[..., 1:] * np.array([1, -1], np.float32)
    return (h[..., :1] * y + cross * y[..., [1, 0]]) / power, n0 / power


def to_complex(x: Array) -> Array:
    """(..., 2) real I/Q to (...) complex64."""
    pairs: Array = np.ascontiguousarray(x, dtype=np.float32).view(np.complex64)[..., 0]
    return pairs


def to_pairs(z: Array) -> Array:
    """(...) complex to (..., 2) float32 I/Q."""
    pairs: Array = np.ascontiguousarray(z, dtype=np.complex64)[..., None].view(np.float32)
    return pairs
