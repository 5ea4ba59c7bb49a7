"""Channels to be learned, by name, and the files of samples that a channel model is trained from.

A file of samples is an ``.npz`` with ``symbols`` and ``received`` and, where the receiver knew it, ``gain``: each
(n, 2) or, for several recordings, (m, n, 2), real I/Q, successive in time; ``block`` (optional, an integer) is how
many successive symbols share a gain. Nothing else about the channel is known to what learns from it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from relume.comm.amplifier import Saleh
from relume.comm.channels import Awgn, Rayleigh
from relume.comm.fading import JakesRayleigh
from relume.comm.modem import Modem
from relume.signal import Array, InputRejected, OutputRefused, UsageError

Channel = Awgn | Rayleigh | JakesRayleigh | Saleh

CHANNELS: dict[str, Channel] = {
    "awgn": Awgn(n0=0.04),
    "rayleigh": Rayleigh(n0=0.01),
    "rayleigh-block": Rayleigh(n0=0.01, block=16),
    "jakes": JakesRayleigh(n0=0.01, doppler=0.02),
    "saleh": Saleh(n0=0.025, backoff_db=3.0),
}
"""The channels that ``relume link channel`` knows: noise energy against Es = 1, so 14, 20, 20, 20 and 16 dB."""

LEAST = 4096
REACH = 1.6


def find(name: str) -> Channel:
    """The channel called ``name``."""
    if name not in CHANNELS:
        raise UsageError(f"no channel '{name}'; there are {', '.join(CHANNELS)}")
    return CHANNELS[name]


def block_of(channel: Channel) -> int:
    """How many successive uses of ``channel`` share a gain."""
    return channel.block if isinstance(channel, Rayleigh) else 1


def gain_of(channel: Channel, known: object) -> Array | None:
    """The gains (..., n, 2) in the known part of a draw of ``channel``, None where there are none."""
    return known["gain"] if isinstance(channel, Rayleigh | JakesRayleigh) and "gain" in known else None  # type: ignore


@dataclass(frozen=True)
class Samples:
    """What was sent and what arrived: (m, n, 2) float32 each, with the gains where they are known."""

    symbols: Array
    received: Array
    gain: Array | None = None
    block: int = 1

    def __post_init__(self) -> None:
        parts = {"symbols": self.symbols, "received": self.received}
        parts |= {} if self.gain is None else {"gain": self.gain}
        for name, part in parts.items():
            if part.ndim != 3 or part.shape[-1] != 2:
                raise InputRejected(f"'{name}' must be (n, 2) or (m, n, 2) real I/Q, not {part.shape}")
            if part.shape != self.symbols.shape:
                raise InputRejected(f"'{name}' is {part.shape}, but 'symbols' {self.symbols.shape}: give one for each")
            if not np.isfinite(part).all():
                where = np.argwhere(~np.isfinite(part))[0]
                raise InputRejected(
                    f"'{name}' holds a value that is not a number at {where.tolist()}; remove such rows"
                )
        if self.symbols.shape[0] * self.symbols.shape[1] < LEAST:
            raise InputRejected(f"{self.symbols.size // 2} samples are too few to learn a channel from; give {LEAST}")
        if not 1 <= self.block <= self.symbols.shape[1]:
            raise InputRejected(f"'block' must lie between 1 and {self.symbols.shape[1]} symbols, not {self.block}")
        if self.received.std() == 0 or self.symbols.std() == 0:
            raise InputRejected("the symbols or the received values never change; there is no channel to learn")
        if self.gain is not None and not self.gain.any():
            raise InputRejected("'gain' is zero throughout; give the gains, or leave the entry out")


def measure(channel: Channel, count: int, rng: np.random.Generator, *, probes: bool = True) -> Samples:
    """Send ``count`` symbols through ``channel``: half Gray 16QAM, half probes, even over the disc |x| < 1.6.

    Probes and 16QAM alternate in runs of 512, so that a model is right on 16QAM and between its points as well; without
    ``probes`` all is 16QAM.
    """
    bits = rng.integers(0, 2, 4 * count, dtype=np.uint8)
    symbols = Modem(4).modulate(bits)
    if not probes:
        return _send(channel, symbols, rng)
    radius, angle = REACH * np.sqrt(rng.random(count)), 2 * np.pi * rng.random(count)
    disc = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).astype(np.float32)
    runs = (np.arange(count) // 512) % 2 == 1
    return _send(channel, np.where(runs[:, None], disc, symbols), rng)


def _send(channel: Channel, symbols: Array, rng: np.random.Generator) -> Samples:
    draw = channel.draw(symbols.shape, rng)
    received = channel.apply(symbols, draw).astype(np.float32)
    gain = gain_of(channel, draw.known)
    return Samples(symbols[None], received[None], None if gain is None else gain[None], block_of(channel))


def load_samples(path: Path) -> Samples:
    """Read a file of samples; what does not fit is an InputRejected that names the file and the entry."""
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        with archive:
            entries = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise InputRejected(f"{path}: no such file of samples") from error
    except (OSError, ValueError, BadZipFile, EOFError, AttributeError, KeyError) as error:
        raise InputRejected(f"{path}: not an .npz file of samples ({type(error).__name__})") from error
    missing = [name for name in ("symbols", "received") if name not in entries]
    if missing:
        raise InputRejected(f"{path}: holds no '{missing[0]}'; it has {', '.join(entries) or 'nothing'}")
    try:
        parts = {n: as_pairs(entries[n], n) for n in ("symbols", "received", "gain") if n in entries}
        whole = {n: part[None] if part.ndim == 2 else part for n, part in parts.items()}
        block = int(entries["block"]) if "block" in entries else 1
        return Samples(whole["symbols"], whole["received"], whole.get("gain"), block)
    except (InputRejected, TypeError, ValueError) as error:
        raise InputRejected(f"{path}: {error}") from error


def as_pairs(values: Array, name: str) -> Array:
    """Real I/Q (..., 2) or complex (...) as (..., 2) float32; anything else, and NaN, is an InputRejected."""
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag], axis=-1)
    if values.dtype.kind not in "fiu" or values.ndim < 2 or values.shape[-1] != 2:
        raise InputRejected(f"'{name}' must be (n, 2) real I/Q or complex (n,), not {values.dtype} {values.shape}")
    if values.size == 0:
        raise InputRejected(f"'{name}' is empty")
    with np.errstate(over="ignore"):
        pairs = values.astype(np.float32)
    if not np.isfinite(pairs).all():
        raise InputRejected(f"'{name}' holds a value that is not a finite number; remove such rows")
    return pairs


def save_samples(path: Path, samples: Samples) -> None:
    """Write a file of samples; an existing file is never overwritten."""
    if path.exists():
        raise OutputRefused(f"{path}: exists already; choose another name or remove it")
    entries = {"symbols": samples.symbols, "received": samples.received, "block": np.array(samples.block)}
    stream = io.BytesIO()
    if samples.gain is not None:
        entries["gain"] = samples.gain
    np.savez(stream, allow_pickle=False, **entries)
    try:
        path.write_bytes(stream.getvalue())
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror})") from error
