"""Figures of links: curves against theory and limits, constellations, LLR histograms, simulated bits a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relume.comm import theory
from relume.comm.ber import Air, Curve, Limits, interval, simulate
from relume.comm.channels import ebn0_to_n0, equalise, make
from relume.comm.modem import BITS, Modem, modem
from relume.comm.schemes import CLASSICAL, Scheme, TrellisLink
from relume.signal import Array, OutputRefused, UsageError


def limit_ebn0_db(channel: str, rate: float) -> float:
    """Shannon's limit over AWGN, the ergodic one over fast Rayleigh, in dB of Eb/N0."""
    return theory.shannon_ebn0_db(rate) if channel == "awgn" else theory.ergodic_ebn0_db(rate)


def crossing(curve: Curve, target: float = 1e-3) -> float:
    """Eb/N0 in dB where a curve's BER crosses ``target``; NaN if it does not."""
    return theory.ebn0_at(np.array([p.ebn0_db for p in curve.points]), np.array([p.ber for p in curve.points]), target)


def plot_curves(curves: Sequence[Curve], path: Path, *, esn0: bool = False, blocks: bool = False) -> None:
    """Measured points with 95 % intervals, zero-error points as upper bounds, theory as lines, limits as marks."""
    plt = _pyplot()
    figure, axes = plt.subplots(figsize=(9.5, 5), layout="constrained")
    limits: dict[tuple[str, float], str] = {}
    for number, curve in enumerate(curves):
        colour = f"C{number % 10}"
        shift = 10 * np.log10(curve.rate_bits_per_use) if esn0 else 0.0
        for point in curve.points:
            rate, low, high = (
                (point.bler, point.bler_low, point.bler_high) if blocks else (point.ber, point.low, point.high)
            )
            x = point.ebn0_db + shift
            if rate == 0:
                axes.plot(x, high, marker="v", color=colour, mfc="none")
            else:
                axes.errorbar(x, rate, [[rate - low], [high - rate]], color=colour, capsize=2)
        shown = [p for p in curve.points if (p.block_errors if blocks else p.errors)]
        axes.plot(
            [p.ebn0_db + shift for p in shown],
            [p.bler if blocks else p.ber for p in shown],
            "o-",
            color=colour,
            ms=3,
            label=f"{curve.scheme}, {curve.channel}, {curve.rate_bits_per_use:.3g} bits/use",
        )
        if not blocks and curve.scheme in BITS:
            fine = np.linspace(curve.points[0].ebn0_db, curve.points[-1].ebn0_db, 100)
            exact = [theory.ber(curve.scheme, curve.channel, float(x)) for x in fine]
            axes.plot(fine + shift, exact, ":", color=colour)
        limits[(curve.channel, round(curve.rate_bits_per_use, 2))] = colour
    for (channel, rate), colour in limits.items():
        place = limit_ebn0_db(channel, rate) + (10 * np.log10(rate) if esn0 else 0)
        axes.axvline(place, color=colour, ls="--", lw=0.8)
    axes.set(
        yscale="log",
        xlabel="Es/N0 in dB" if esn0 else "Eb/N0 in dB",
        ylabel="block error rate" if blocks else "bit error rate",
        title="Points: measured, 95 %; triangles: upper bounds; dots: theory; dashes: capacity",
    )
    axes.title.set_fontsize(9)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    _save(figure, path)


def plot_constellation(scheme: Scheme, air: Air, ebn0_db: float, path: Path, rng: np.random.Generator) -> None:
    """What is sent, what arrives (equalised where the gain is known), and the LLRs of the bits by their value."""
    plt = _pyplot()
    length = 4096
    bits = rng.integers(0, 2, (1, length), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    channel = make(air.name, ebn0_to_n0(ebn0_db, scheme.rate(length)), block=air.block, csi=air.csi)
    draw = channel.draw(x.shape, rng)
    y = channel.apply(x, draw)
    equal, n0 = equalise(y, draw.known)
    llr = _llr(scheme, y, equal, n0, draw.known, length)
    figure, axes = plt.subplots(1, 2 if llr is None else 3, figsize=(9 if llr is None else 12, 4))
    for plot, points, title in ((axes[0], x, "sent"), (axes[1], equal, f"received, {ebn0_db:g} dB Eb/N0")):
        plot.plot(points[0, :2000, 0], points[0, :2000, 1], ".", ms=2, alpha=0.5)
        plot.set(title=f"{scheme.name}: {title}", aspect="equal", xlabel="I", ylabel="Q", xlim=(-3, 3), ylim=(-3, 3))
        plot.grid(True, alpha=0.3)
    if llr is not None:
        for value in (0, 1):
            axes[2].hist(llr[bits == value], bins=80, alpha=0.6, label=f"bit {value}")
        axes[2].set(title="LLR by true bit", xlabel="log P(0) / P(1)")
        axes[2].legend()
    figure.tight_layout()
    _save(figure, path)


def _llr(scheme: Scheme, y: Array, equal: Array, n0: Array, known: Any, length: int) -> Array | None:
    if isinstance(scheme, TrellisLink):
        return scheme.llr(y, known, length)
    if scheme.name in BITS:
        return modem(scheme.name).demap_soft(equal, n0)[:, :length]
    return None


def soft_speed(bits_per_symbol: int = 4, *, seconds: float = 2.0, max_log: bool = False, seed: int = 1) -> float:
    """Simulated bits a second of processor time, one thread: bits, modem, AWGN, soft demapping, error count."""
    rng = np.random.default_rng(seed)
    device = Modem(bits_per_symbol)
    channel = make("awgn", 0.1)
    demap = device.demap_max_log if max_log else device.demap_soft
    count, errors, chunk = 0, 0, 1 << 14
    began = time.process_time()
    while (spent := time.process_time() - began) < seconds or not count:
        bits = np.unpackbits(np.frombuffer(rng.bytes(chunk * bits_per_symbol // 8), np.uint8))
        x = device.modulate(bits)
        y = channel.apply(x, channel.draw(x.shape, rng))
        errors += int(np.count_nonzero((demap(y, 0.1) < 0) != bits))
        count += bits.size
    if not errors:
        raise UsageError("the speed run saw no errors: it measured nothing")
    return count / spent


def check_theory(names: Sequence[str], *, errors: int = 5000, seed: int = 1) -> list[dict[str, Any]]:
    """Every modem at five operating points over both channels: measured, closed form, and how far inside the interval.

    ``beyond95`` and ``beyond9999`` say whether the closed form lies outside the interval of that confidence.
    """
    rows = []
    for name in names:
        for channel, targets in (("awgn", (0.1, 0.05, 0.02, 5e-3, 1e-3)), ("rayleigh", (0.2, 0.1, 0.05, 0.02, 5e-3))):
            grid = np.arange(-8, 35, 0.5)
            values = np.array([theory.ber(name, channel, float(x)) for x in grid])
            places = sorted({float(grid[np.argmin(np.abs(np.log(np.maximum(values, 1e-300) / t)))]) for t in targets})
            curve = simulate(
                CLASSICAL[name], Air(channel), places, length=65520, limits=Limits(errors, 10**9), seed=seed
            )
            for point in curve.points:
                exact = theory.ber(name, channel, point.ebn0_db)
                effect = max(1.0, _effect(point.errors, point.bits, point.low, point.high))
                wide = interval(point.errors / effect, point.bits / effect, 0.9999)
                rows.append(
                    {
                        "scheme": name,
                        "channel": channel,
                        "ebn0_db": point.ebn0_db,
                        "errors": point.errors,
                        "bits": point.bits,
                        "ber": point.ber,
                        "low": point.low,
                        "high": point.high,
                        "theory": exact,
                        "beyond95": not point.low <= exact <= point.high,
                        "beyond9999": not wide[0] <= exact <= wide[1],
                    }
                )
    return rows


def _effect(errors: int, bits: int, low: float, high: float) -> float:
    """The design effect behind an interval, from its width."""
    p = errors / bits
    return ((high - low) / (2 * 1.96)) ** 2 / (p * (1 - p) / bits)


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError("figures need matplotlib: pip install 'relume[bench]'") from error
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def _save(figure: Any, path: Path) -> None:
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise OutputRefused(f"{path}: the figure cannot be written ({error})") from error
