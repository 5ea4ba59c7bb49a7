"""The committed figures of links: what is measured, at which points, for which results file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from relume.bench.links import check_theory, crossing, limit_ebn0_db, soft_speed
from relume.comm.ber import Air, Curve, Limits, simulate
from relume.runtime import zoo
from relume.runtime.tasks.link import build

TRUSTED = 300
Rows = list[dict[str, Any]]
PROTOCOL = (
    "Es = 1 and noise energy N0 for each complex use; Eb/N0 at the true rate with padding, tails and nonce charged; "
    "95 % Clopper-Pearson intervals widened by the design effect of segments of 240 bits; crossings by interpolation "
    "of log10(BER) between measured points; no point of under 300 errors"
)
AWGN = {"qpsk": (6.0, 7.5), "16qam": (9.75, 11.25), "qpsk+conv7": (2.0, 3.25)}
RAYLEIGH = {"qpsk": (22.5, 25.5), "16qam": (25.5, 28.5), "qpsk+conv7": (4.25, 6.5)}
LEARNED_AWGN = {"ae-1": (2.0, 3.25), "ae-2": (4.0, 5.25), "ae-4": (8.0, 9.5)}
LEARNED_RAYLEIGH = {"ae-1": (4.25, 6.0), "ae-2": (7.0, 8.5), "ae-4": (12.25, 14.5)}


PILOTED = {
    "ae-1+pilots": (7.0, 8.5),
    "ae-2+pilots": (9.5, 11.0),
    "ae-4+pilots": (14.0, 16.0),
    "16qam+pilots": (27.5, 30.0),
}


def curve_row(curve: Curve, **more: Any) -> dict[str, Any]:
    """A curve with where it crosses 1e-3 and the capacity at its rate; points of under 300 errors are left out."""
    curve = replace(curve, points=tuple(p for p in curve.points if p.errors >= TRUSTED))
    place = crossing(curve)
    found = None if np.isnan(place) else round(place, 3)
    limit = round(limit_ebn0_db(curve.channel, curve.rate_bits_per_use), 3)
    return {**more, "ebn0_at_1e-3": found, "capacity_ebn0_db": limit, **curve.to_dict()}


def measure(
    name: str,
    channel: str,
    span: tuple[float, float],
    *,
    seed: int,
    length: int = 65536,
    errors: int = 1000,
    step: float = 0.25,
    bits: int = 40_000_000,
    air: Air | None = None,
) -> Curve:
    """One curve over ``span`` in steps of ``step`` dB."""
    axis = np.arange(span[0], span[1] + step / 2, step).round(6).tolist()
    scheme = build(name, mix=channel == "awgn")
    return simulate(scheme, air or Air(channel), axis, length=length, limits=Limits(errors, bits), seed=seed)


def theory_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """The simulator against closed forms, 5,000 errors or more a point."""
    report("closed forms")
    return check_theory(("bpsk", "qpsk", "16qam", "64qam"), errors=5000, seed=seed)


def codes_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """Viterbi at k = 64, Hamming(7,4) and its learned counterpart."""
    report("K=7 Viterbi")
    rows = [curve_row(measure("qpsk+conv7", "awgn", (3.0, 3.0), seed=seed, length=64, errors=5000))]
    for name in ("hamming74", "ae74"):
        report(name)
        rows.append(curve_row(measure(name, "awgn", (5.0, 6.5), seed=seed, length=4, errors=3000, bits=40_000_000)))
    return rows


def learned_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """The learned link and classical ones over both channels."""
    rows: Rows = []
    for channel, spans in (("awgn", {**AWGN, **LEARNED_AWGN}), ("rayleigh", {**RAYLEIGH, **LEARNED_RAYLEIGH})):
        for name, span in spans.items():
            report(f"{name} over {channel}")
            rows.append(curve_row(measure(name, channel, span, seed=seed)))
    return rows


def lengths_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """The learned link at 4 bits for each use at awkward lengths, beside Gray 16QAM with the same padding."""
    rows: Rows = []
    for length, span in ((1, (2.0, 10.0)), (7, (4.0, 12.0)), (128, (8.0, 11.0)), (100003, (8.0, 11.0))):
        for name in ("ae-4", "16qam"):
            report(f"{name} at {length} bits")
            few = length < 100
            curve = measure(
                name,
                "awgn",
                span,
                seed=seed,
                length=length,
                errors=500,
                step=2.0 if few else 0.5,
                bits=1_000_000 if few else 20_000_000,
            )
            rows.append(curve_row(curve))
    return rows


def floor_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """The learned link at 4 bits against uncoded 16QAM, from low SNR until its code has taken over."""
    rows: Rows = []
    for channel, last in (("awgn", 9.0), ("rayleigh", 14.0)):
        for name in ("ae-4", "16qam"):
            report(f"{name} over {channel}, the whole range")
            curve = measure(name, channel, (0.0, last), seed=seed, errors=20_000, step=1.0, bits=2_000_000)
            rows.append(curve_row(curve))
    return rows


def pilots_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """Receivers that are told no gain, over blocks of 16 symbols that share one."""
    rows: Rows = []
    for name, span in PILOTED.items():
        report(f"{name} over blocks of 16")
        air = Air("rayleigh", 16, csi=False)
        curve = measure(name, "rayleigh", span, seed=seed, step=0.5, bits=4_000_000, air=air)
        rows.append(curve_row(curve, block=16, csi=False))
    return rows


def secure_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """The secure link against the plain learned link, messages of 65,536 bits."""
    rows: Rows = []
    for channel, spans in (("awgn", LEARNED_AWGN), ("rayleigh", LEARNED_RAYLEIGH)):
        for name, span in spans.items():
            middle = (span[0] + 0.25, span[1] - 0.25)
            for scheme in (name, name.replace("ae", "secure")):
                report(f"{scheme} over {channel}")
                rows.append(curve_row(measure(scheme, channel, middle, seed=seed, errors=3000)))
    return rows


def speed_rows(seed: int, report: Callable[[str], None]) -> Rows:
    """Simulated bits a second, 16QAM over AWGN with soft demapping, one thread."""
    report("speed")
    return [
        {"demapper": "exact LLR", "mbit_s": max(soft_speed(seed=seed + i) for i in range(3)) / 1e6},
        {"demapper": "max-log", "mbit_s": max(soft_speed(max_log=True, seed=seed + i) for i in range(3)) / 1e6},
    ]


SUITES: Mapping[str, Callable[[int, Callable[[str], None]], Rows]] = {
    "theory": theory_rows,
    "codes": codes_rows,
    "learned": learned_rows,
    "lengths": lengths_rows,
    "floor": floor_rows,
    "pilots": pilots_rows,
    "secure": secure_rows,
    "speed": speed_rows,
}


def weights() -> dict[str, str]:
    """The sha256 of every network of the links."""
    return {name: sha for name, (_, sha) in zoo.SHIPPED.items() if name.startswith("link-")}
