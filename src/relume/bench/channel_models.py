"""A learned channel judged by distribution against the true one: every distance beside its real-vs-real value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relume.comm import distances
from relume.comm.channels import to_complex, to_pairs
from relume.comm.fading import JakesRayleigh, jakes_autocorrelation
from relume.comm.laboratory import find
from relume.comm.modem import Modem
from relume.runtime.channel_models import ChannelModelFile, Received, load, shipped, true_channel
from relume.signal import Array, UsageError

LAGS = 32
PAIRS = 5
PROTOCOL = (
    "Gray 16QAM; distances on {n} uses, the median of 5 independent pairs, each beside the median of 5 real-vs-real "
    "pairs; moments per symbol on {m} uses, the worst of the 16 symbols; 'coherent' is y conj(h) / |h|; "
    "autocorrelation of the model's own gains over lags 0 to 32 against the law"
)


@dataclass(frozen=True)
class Side:
    """One sample: symbols and what arrived."""

    symbols: Array
    received: Received

    @property
    def coherent(self) -> Array:
        """The received values turned back by the gain's phase, or as they are where there is no gain."""
        gain = self.received.gain
        if gain is None:
            return self.received.y
        h = to_complex(gain)
        return to_pairs(to_complex(self.received.y) * np.conj(h) / np.abs(h))


Sampler = Callable[[Array, np.random.Generator], Received]


def judge(kind: str, channel: str, count: int, moments: int, seed: int, path: Path | None = None) -> dict[str, Any]:
    """All distances of one model from its channel; ``path``: a model file of one's own in place of the shipped one."""
    if count < 1000 or moments < 1000:
        raise UsageError(f"at least 1000 uses are needed to judge a channel, not {min(count, moments)}")
    model = load(path) if path is not None else shipped(kind, channel)
    rng = np.random.default_rng([seed, 88])
    true: Sampler = lambda symbols, rng: true_channel(channel, symbols, rng)  # noqa: E731
    row: dict[str, Any] = {
        "model": kind,
        "channel": channel,
        "recipe": model.card.name,
        "parameters": model.card.parameters,
        "weights_sha256": model.sha256,
    }
    row |= _distances(true, model.sample, count, rng)
    row |= _moments(true, model.sample, model, moments, rng, channel)
    law = find(channel)
    if model.fading is not None:
        row |= _fading(model, law, moments, rng)
    return row


def _side(sampler: Sampler, count: int, rng: np.random.Generator) -> Side:
    symbols = Modem(4).modulate(rng.integers(0, 2, 4 * count, dtype=np.uint8))
    return Side(symbols, sampler(symbols, rng))


def _distances(true: Sampler, model: Sampler, count: int, rng: np.random.Generator) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for _ in range(PAIRS):
        real, other, made = _side(true, count, rng), _side(true, count, rng), _side(model, count, rng)
        for name, side in (("", made), ("_real", other)):
            y, z = real.received.y, side.received.y
            values = {
                "ks_amplitude": distances.ks_amplitude(y, z),
                "ks_phase": distances.ks_phase(y, z, real.symbols, side.symbols),
                "sliced_w2": distances.sliced_wasserstein(y, z),
            }
            for key, value in values.items():
                found.setdefault(key + name, []).append(value)
    row = {key: float(np.median(values)) for key, values in found.items()}
    ratios = {f"{key}_ratio": row[key] / row[f"{key}_real"] for key in ("ks_amplitude", "ks_phase", "sliced_w2")}
    return row | ratios


def _moments(
    true: Sampler, model: Sampler, loaded: ChannelModelFile, count: int, rng: np.random.Generator, channel: str
) -> dict[str, Any]:
    real, other, made = _side(true, count, rng), _side(true, count, rng), _side(model, count, rng)
    row: dict[str, Any] = {}
    for name, side in (("", made), ("_real", other)):
        for view in ("received", "coherent"):
            if view == "coherent" and made.received.gain is None:
                continue
            expected, got = (
                distances.per_symbol(s.coherent if view == "coherent" else s.received.y, s.symbols)
                for s in (real, side)
            )
            row |= {
                f"{view}_mean_error{name}": distances.mean_error(expected, got),
                f"{view}_variance_error{name}": distances.variance_error(expected, got),
                f"{view}_covariance_error{name}": distances.covariance_error(expected, got),
            }
    if "gain" in loaded.card.inputs and real.received.gain is not None:
        again = loaded.sample(real.symbols, rng, real.received.gain)
        expected, got = (
            distances.per_symbol(Side(real.symbols, s).coherent, real.symbols) for s in (real.received, again)
        )
        row["same_gain_mean_error"] = distances.mean_error(expected, got)
        row["same_gain_variance_error"] = distances.variance_error(expected, got)
        noise = [_noise(real.symbols, s) for s in (real.received, again)]
        row["noise_power_error"] = noise[1] / noise[0] - 1
    return row


def _noise(symbols: Array, received: Received) -> float:
    """E |y - h x|^2, for the judge alone: what trains a model does not know this formula."""
    if received.gain is None:
        raise UsageError("the noise behind a fading channel is judged with its gains")
    return float(np.mean(np.abs(to_complex(received.y) - to_complex(received.gain) * to_complex(symbols)) ** 2))


def _fading(model: ChannelModelFile, law: object, count: int, rng: np.random.Generator) -> dict[str, Any]:
    received = model.sample(np.zeros((count, 2), np.float32), rng)
    if received.gain is None:
        raise UsageError(f"the model {model.card.name} draws no gains")
    gains = to_complex(received.gain)[:: model.block].astype(np.complex128)
    expected = jakes_autocorrelation(law.doppler, LAGS) if isinstance(law, JakesRayleigh) else np.eye(1, LAGS + 1)[0]
    return {
        "autocorrelation_error": distances.autocorrelation_error(gains, expected),
        "gain_power": float(np.mean(np.abs(gains) ** 2)),
        "gain_mean": float(abs(gains.mean())),
    }
