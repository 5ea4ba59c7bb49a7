"""``relume link``: curves, attacks, training and figures of links; files and waveforms are in ``link_air``."""

from __future__ import annotations

import dataclasses
import json
import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli import link_air, link_channel
from relume.cli.output import emit, say, tell
from relume.signal import UsageError

if TYPE_CHECKING:
    from relume.comm.ber import Curve, Point

ATTACK_PROTOCOL = (
    "Kerckhoffs: code, weights, nonces and noiseless signals known, the key not; error rates for each bit position; "
    "intervals at 99.9 %, Bonferroni-corrected over positions and attacks"
)
CAMOUFLAGE_PROTOCOL = (
    "windows of 256 samples at random places of messages of 16384 bits, headers included, against the target: complex "
    "Gaussian noise of the same power and peak limit, or another scheme's messages; four fifths to learn from, "
    "accuracy on the rest"
)
Schemes = Annotated[list[str], typer.Option("--scheme", help="A scheme; `relume link schemes` names them.")]
OneScheme = Annotated[str, typer.Option("--scheme", help="A scheme; `relume link schemes` names them.")]
Channel = Annotated[str, typer.Option(help="awgn or rayleigh (flat; gain known to the receiver).")]
Axis = Annotated[str, typer.Option(help="Eb/N0 in dB: FIRST:LAST:STEP (LAST included) or A,B,C.")]
Bits = Annotated[int, typer.Option(help="Stop a point after this many bits.")]
Errors = Annotated[int, typer.Option(help="Stop a point after this many bit errors.")]
Length = Annotated[int, typer.Option(help="Bits in a message; its padding, tail and nonce are charged.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same figures.")]
Jobs = Annotated[int, typer.Option(help="Processes; the figures do not depend on it.")]
Block = Annotated[int, typer.Option(help="Symbols that share one gain: 1 is fast fading, 0 one gain a message.")]
Csi = Annotated[bool, typer.Option("--csi/--no-csi", help="Whether the receiver is told the gain (pilots: never).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the ``link`` group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="Radio links: classical, learned and secure, and who listens.")
    for command in (
        schemes,
        ber,
        bler,
        compare,
        plot,
        constellation,
        train,
        attack,
        camouflage,
        speed,
        theory_check,
        results,
    ):
        group.command(command.__name__.replace("theory_check", "check").replace("_", "-"))(command)
    link_air.register(group)
    link_channel.register(group)
    app.add_typer(group, name="link")


def schemes() -> None:
    """Name every scheme."""
    from relume.runtime.tasks.link import NAMES

    for name in NAMES:
        tell(name)


def ber(
    scheme: OneScheme,
    channel: Channel = "awgn",
    ebn0: Axis = "0:10:2",
    bits: Bits = 10_000_000,
    errors: Errors = 300,
    length: Length = 65536,
    seed: Seed = 1,
    jobs: Jobs = 1,
    block: Block = 1,
    csi: Csi = True,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Measure bit and block error rates over a range of Eb/N0."""
    curve = _measure(scheme, channel, ebn0, bits, errors, length, seed, jobs, block, csi=csi, quiet=as_json or as_csv)
    if as_json:
        emit(curve.to_dict())
    elif as_csv:
        sys.stdout.write(curve.to_csv())
    else:
        _show(curve)


def bler(
    scheme: OneScheme,
    channel: Channel = "awgn",
    ebn0: Axis = "0:10:2",
    bits: Bits = 10_000_000,
    errors: Errors = 1000,
    length: Annotated[int, typer.Option(help="Bits in a block [default: the code's own, or 128].")] = 0,
    seed: Seed = 1,
    jobs: Jobs = 1,
    block: Block = 1,
    as_json: Json = False,
) -> None:
    """Measure block error rates of short messages."""
    own = {"hamming74": 4, "ae74": 4, "ae22": 2}.get(scheme, 128)
    curve = _measure(scheme, channel, ebn0, bits, errors, length or own, seed, jobs, block, quiet=as_json)
    if as_json:
        emit(curve.to_dict())
    else:
        _show(curve)


def compare(
    scheme: Schemes,
    channel: Channel = "awgn",
    ebn0: Axis = "0:10:2",
    bits: Bits = 10_000_000,
    errors: Errors = 300,
    length: Length = 65536,
    seed: Seed = 1,
    jobs: Jobs = 1,
    target: Annotated[float, typer.Option(help="The error rate at which schemes are compared.")] = 1e-3,
    as_json: Json = False,
) -> None:
    """Where several schemes reach an error rate, and how far each is from capacity."""
    from relume.bench.links import crossing, limit_ebn0_db

    if not 0 < target < 0.5:
        raise UsageError(f"a target is an error rate between 0 and 0.5, not {target:g}")
    rows: list[dict[str, Any]] = []
    for name in scheme:
        curve = _measure(name, channel, ebn0, bits, errors, length, seed, jobs, 1, quiet=True)
        limit = limit_ebn0_db(channel, curve.rate_bits_per_use)
        rows.append(
            {"scheme": name, "ebn0_db": crossing(curve, target), "capacity_db": limit, "curve": curve.to_dict()}
        )
    if as_json:
        emit({"channel": channel, "target": target, "schemes": rows})
        return
    for row in rows:
        reached = f"{row['ebn0_db']:6.2f} dB" if isfinite(row["ebn0_db"]) else "nowhere measured"
        tell(f"{row['scheme']:12s} {reached} for {target:g}, capacity {row['capacity_db']:6.2f} dB")


def plot(
    curves: Annotated[list[Path], typer.Argument(help="JSON files from `relume link ber --json` or results/.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The figure: .png, .svg or .pdf.")],
    esn0: Annotated[bool, typer.Option("--esn0", help="Es/N0 on the axis instead of Eb/N0.")] = False,
    blocks: Annotated[bool, typer.Option("--bler", help="Block instead of bit error rates.")] = False,
    channel: Annotated[str, typer.Option(help="Only the curves over this channel.")] = "",
    scheme: Annotated[list[str] | None, typer.Option("--scheme", help="Only the curves of these schemes.")] = None,
) -> None:
    """Draw measured curves with intervals, theory and capacity."""
    from relume.bench.links import plot_curves

    found: list[Curve] = []
    for path in curves:
        found += _curves_in(path)
    found = [c for c in found if channel in ("", c.channel) and (not scheme or c.scheme in scheme)]
    if not found:
        raise UsageError("no curve is left to draw; look at --channel and --scheme")
    plot_curves(found, out, esn0=esn0, blocks=blocks)
    tell(out)


def constellation(
    scheme: OneScheme,
    out: Annotated[Path, typer.Option("-o", "--out", help="The figure: .png, .svg or .pdf.")],
    channel: Channel = "awgn",
    ebn0: Annotated[float, typer.Option(help="Eb/N0 in dB.")] = 12.0,
    seed: Seed = 1,
) -> None:
    """Draw what is sent, what arrives, and the LLRs where the receiver makes them."""
    import numpy as np

    from relume.bench.links import plot_constellation
    from relume.comm.ber import Air
    from relume.runtime.tasks.link import build

    rng = np.random.default_rng(seed)
    plot_constellation(build(scheme, mix=channel == "awgn"), Air(channel), ebn0, out, rng)
    tell(out)


def train(
    recipe: Annotated[str, typer.Argument(help="ae-1, ae-2, ae-4, ae-4-low, ae74, ae22, drive or static.")],
    out: Annotated[Path, typer.Option(help="The folder for the ONNX files.")],
    tiny: Annotated[bool, typer.Option("--tiny", help="The same experiment in seconds.")] = False,
) -> None:
    """Train a part of a link and write it as ONNX with its card."""
    try:
        from relume.train.link_export import train_and_export
    except ImportError as error:
        raise UsageError("training needs torch: pip install 'relume[train]'") from error
    for path in train_and_export(recipe, out, tiny=tiny, report=say):
        tell(path)


def attack(
    scheme: OneScheme,
    budget: Annotated[str, typer.Option(help="quick (within 90 s) or full (hours of bits, for results/).")] = "quick",
    seed: Seed = 1,
    part: Annotated[
        str,
        typer.Option(help="all; analytic: without network, flips and forgery; trained: without the analytic attacks."),
    ] = "all",
    out: Annotated[Path | None, typer.Option(help="Write a results file as well.")] = None,
    as_json: Json = False,
) -> None:
    """Let the eavesdropper try everything, and report her worst bit position for each attack."""
    try:
        from relume.train.eve_suite import run_suite
    except ImportError as error:
        raise UsageError("the eavesdropper's networks need torch: pip install 'relume[train]'") from error
    from relume.runtime.tasks.link import build, simulation_key

    answer = run_suite(build(scheme), simulation_key(1), budget, seed, say, part)
    if out is not None:
        _store(out, ATTACK_PROTOCOL, seed, [answer])
    if as_json:
        emit(answer)
        return
    for row in answer["attacks"]:
        if "accepted" in row:
            tell(f"{row['name']:18s} accepted {row['accepted']} of {row['tried']}")
        else:
            interval = f"[{row['low']:.4f}, {row['high']:.4f}]"
            tell(f"{row['name']:18s} {row['knowledge']:32s} worst bit {row['ber_worst_bit']:.4f} {interval}")
    tell(f"{'distinguisher':18s} accuracy {answer['distinguisher']['accuracy']:.4f}")


def camouflage(
    scheme: OneScheme,
    windows: Annotated[int, typer.Option(help="Windows of 256 samples, half of each kind.")] = 4000,
    seconds: Annotated[float, typer.Option(help="Training time of the classifier, of one thread.")] = 20.0,
    snr: Annotated[str, typer.Option(help="Es/N0 in dB, or 'none' for noiseless signals.")] = "none",
    target: Annotated[
        str, typer.Option(help="gaussian, or the scheme whose plain traffic is the target.")
    ] = "gaussian",
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Write a results file as well.")] = None,
    as_json: Json = False,
) -> None:
    """Train a classifier to tell the scheme's waveform from its target: Gaussian noise of its power, or traffic."""
    import numpy as np

    from relume.comm.channels import esn0_to_n0
    from relume.runtime.tasks.link import build

    try:
        from relume.train.eve import camouflage as classify
    except ImportError as error:
        raise UsageError("the classifier needs torch: pip install 'relume[train]'") from error
    if windows < 100:
        raise UsageError(f"at least 100 windows are needed, not {windows}")
    if not 0 < seconds < float("inf"):
        raise UsageError(f"a training takes a finite time above 0 s, not {seconds:g}")
    n0 = 0.0 if snr == "none" else esn0_to_n0(link_air.number(snr))
    other = None if target == "gaussian" else build(target)
    found = classify(build(scheme), other, windows, n0, seconds, np.random.default_rng(seed), say)
    about = {"scheme": scheme, "target": target, "snr_db": snr}
    if out is not None:
        _store(out, CAMOUFLAGE_PROTOCOL, seed, [{**about, "train_seconds": seconds, **found}])
    emit({**about, **found}) if as_json else tell(f"accuracy {found['accuracy']:.4f}")


def speed(
    sionna: Annotated[bool, typer.Option("--sionna", help="Beside Sionna, where it is installed.")] = False,
    out: Annotated[Path | None, typer.Option(help="With --sionna: write a results file as well.")] = None,
    as_json: Json = False,
) -> None:
    """Simulated bits a second on one core: 16QAM, AWGN, soft demapping."""
    from relume.bench.links import soft_speed

    if sionna:
        try:
            from relume.train.sionna_speed import PROTOCOL, beside_sionna
        except ImportError as error:
            raise UsageError("Sionna needs torch: pip install 'relume[train]' sionna-no-rt") from error
        rows = beside_sionna(lambda max_log: soft_speed(max_log=max_log))
        if out is not None:
            _store(out, PROTOCOL, 1, rows)
        emit({"rows": rows}) if as_json else tell(json.dumps(rows))
        return
    rates = {"exact_mbit_s": soft_speed() / 1e6, "max_log_mbit_s": soft_speed(max_log=True) / 1e6}
    emit(rates) if as_json else tell(json.dumps(rates))


def theory_check(
    errors: Errors = 5000,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Hold the simulator against the closed forms: every modem, both channels."""
    from relume.bench.links import check_theory

    rows = check_theory(("bpsk", "qpsk", "16qam", "64qam"), errors=errors, seed=seed)
    beyond = sum(row["beyond95"] for row in rows)
    if as_json:
        emit({"points": rows, "beyond95": beyond, "beyond9999": sum(row["beyond9999"] for row in rows)})
    else:
        tell(f"{beyond} of {len(rows)} points outside their 95 % interval")


def results(
    suite: Annotated[str, typer.Argument(help="theory, codes, learned, lengths, floor, pilots, secure or speed.")],
    out: Annotated[Path | None, typer.Option(help="Else: results/link-SUITE.json.")] = None,
    seed: Seed = 1,
) -> None:
    """Measure one of the committed sets of figures."""
    from relume.bench.link_suite import PROTOCOL, SUITES

    if suite not in SUITES:
        raise UsageError(f"no suite '{suite}'; there are {', '.join(SUITES)}")
    path = out or Path("results") / f"link-{suite}.json"
    _store(path, PROTOCOL, seed, SUITES[suite](seed, say))
    tell(path)


def _store(path: Path, protocol: str, seed: int, rows: list[dict[str, Any]]) -> None:
    from relume.bench import results as store
    from relume.bench.link_suite import weights

    head = {
        **store.provenance(sys.argv[1:], protocol, seed),
        "recipe": "relume.recipes.link_*, relume.recipes.secure_*",
    }
    store.write(path, {**head, "weights_sha256": weights()}, rows)


def _measure(
    scheme: str,
    channel: str,
    ebn0: str,
    bits: int,
    errors: int,
    length: int,
    seed: int,
    jobs: int,
    block: int,
    *,
    quiet: bool,
    csi: bool = True,
) -> Curve:
    from relume.comm.ber import Air, Limits, ebn0_range, simulate
    from relume.runtime.tasks.link import build

    def progress(point: Point) -> None:
        say(f"{scheme} {channel} {point.ebn0_db:g} dB: {point.errors} errors in {point.bits} bits")

    return simulate(
        build(scheme, mix=channel == "awgn"),
        Air(channel, block, csi),
        ebn0_range(ebn0),
        length=length,
        limits=Limits(errors, bits),
        seed=seed,
        jobs=jobs,
        report=None if quiet else progress,
    )


def _show(curve: Curve) -> None:
    tell(f"{curve.scheme} over {curve.channel}, {curve.rate_bits_per_use:.4f} bits/use, {curve.length} bits a message")
    for p in curve.points:
        rate = f"below {p.high:.2e}     " if p.upper_bound else f"{p.ber:.3e} [{p.low:.2e}, {p.high:.2e}]"
        exact = "" if p.theory is None else f"  theory {p.theory:.3e}"
        tell(f"{p.ebn0_db:7.2f} dB  BER {rate}  BLER {p.bler:.3e}{exact}")


def _curves_in(path: Path) -> list[Curve]:
    from relume.comm.ber import Curve, Point

    try:
        value = json.loads(path.read_text("utf-8"))
        names = [field.name for field in dataclasses.fields(Curve)]
        entries = [{name: entry[name] for name in names} for entry in value.get("rows", [value])]
        return [Curve(**{**entry, "points": tuple(Point(**p) for p in entry["points"])}) for entry in entries]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a curve of `relume link ber --json` ({error})") from error
