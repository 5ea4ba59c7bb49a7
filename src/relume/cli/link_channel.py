"""``relume link channel``: learn a channel from samples, stand in for it, judge it, and train a link through it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli.output import emit, say, tell
from relume.signal import Array, InputRejected, OutputRefused, UsageError

if TYPE_CHECKING:
    from relume.runtime.channel_models import ChannelModelFile
    from relume.train.channel_recipe import ChannelGan

Model = Annotated[str, typer.Option(help="gan, cgan or dcgan.")]
Channel = Annotated[str, typer.Option(help="awgn, rayleigh, rayleigh-block, jakes or saleh.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same output.")]
Results = Annotated[Path | None, typer.Option(help="Also write the figures to this results file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Override a field of the recipe: field=value.")]


def register(link: typer.Typer) -> None:
    """Add the ``channel`` group to ``relume link``."""
    group = typer.Typer(no_args_is_help=True, help="Generators in a channel's place: GAN, CGAN and DCGAN.")
    for command in (measure, train, sample, evaluate, scatter, compare):
        group.command(command.__name__)(command)
    group.command("link")(link_through)
    link.add_typer(group, name="channel")


def measure(
    channel: Channel,
    out: Annotated[Path, typer.Option("-o", "--out", help="The .npz to write; never overwritten.")],
    symbols: Annotated[int, typer.Option(help="How many channel uses.")] = 1 << 18,
    seed: Seed = 1,
) -> None:
    """Draw samples of a channel into a file of the documented format: half 16QAM, half probes."""
    import numpy as np

    from relume.comm.laboratory import find, save_samples
    from relume.comm.laboratory import measure as draw

    save_samples(out, draw(find(channel), symbols, np.random.default_rng(seed)))
    tell(out)


def train(
    out: Annotated[Path, typer.Option("-o", "--out", help="The ONNX file to write; never overwritten.")],
    model: Model = "dcgan",
    channel: Annotated[str | None, typer.Option(help="A channel by name; or give --from.")] = None,
    samples: Annotated[Path | None, typer.Option("--from", help="An .npz of your own measurements.")] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Where checkpoint and curve go. Else: they are kept beside OUT if the game is lost."),
    ] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="The same game in seconds.")] = False,
    setting: Settings = None,
) -> None:
    """Train a channel model from samples alone, and write it as ONNX (with gains: a second file beside it)."""
    if (channel is None) == (samples is None):
        raise UsageError("give either --channel NAME or --from FILE")
    if out.exists():
        raise OutputRefused(f"{out}: exists already; choose another name or remove it")
    _need_torch()
    from relume.comm.laboratory import block_of, find, load_samples
    from relume.train.channel_export import export_channel
    from relume.train.channel_gan import run_channel
    from relume.train.loop import Run
    from relume.train.recipe import override

    if channel is not None:
        recipe = _recipe(model, channel)
        block = block_of(find(channel))
    else:
        assert samples is not None
        given = load_samples(samples)
        recipe, block = _recipe_for(model, given.gain is not None), given.block
    recipe = override(recipe.tiny() if tiny else recipe, setting or [])
    with _folder(run, out) as folder:
        run_channel(recipe, Run.of(recipe, folder, report=_report), samples)
        card = export_channel(folder / "checkpoint.pt", out, block=block)
    tell(json.dumps({"file": str(out), "name": card.name, "parameters": card.parameters, "parity": card.parity}))


def sample(
    symbols: Annotated[Path, typer.Option("--in", help="Symbols, .npy: (n, 2) real I/Q or (n,) complex.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .npy of received values, (n, 2) float32.")],
    model: Annotated[str, typer.Option(help="gan, cgan, dcgan, true, or a model file (.onnx).")] = "dcgan",
    channel: Channel = "rayleigh",
    seed: Seed = 1,
    gain: Annotated[Path | None, typer.Option(help="Gains to send over, .npy as the symbols. Else: drawn.")] = None,
    gain_out: Annotated[Path | None, typer.Option(help="Write the gains that were used, (n, 2) float32.")] = None,
) -> None:
    """Send symbols over a channel, a learned one or the true one; needs no torch."""
    import numpy as np

    from relume.comm.laboratory import find
    from relume.runtime.channel_models import true_channel

    find(channel)
    for path in (out, gain_out):
        if path is not None and not path.parent.is_dir():
            raise OutputRefused(f"{path}: the folder {path.parent} does not exist")
    sent = _signal(symbols, "symbols")
    gains = None if gain is None else _signal(gain, "gain")
    rng = np.random.default_rng(seed)
    if model == "true":
        received = true_channel(channel, sent, rng, gains)
    else:
        received = _model(model, channel).sample(sent, rng, gains)
    if gain_out is not None and received.gain is None:
        raise UsageError(f"the model {model} of the channel {channel} has no gain to write")
    _save(out, received.y)
    if gain_out is not None and received.gain is not None:
        _save(gain_out, received.gain)
    tell(out)


def evaluate(
    model: Annotated[list[str] | None, typer.Option(help="gan, cgan, dcgan [default: all that are shipped].")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Channels [default: all].")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A model file of your own, of the one channel named.")
    ] = None,
    symbols: Annotated[int, typer.Option(help="Channel uses for the distances.")] = 100_000,
    moments: Annotated[int, typer.Option(help="Channel uses for moments and autocorrelation.")] = 1_000_000,
    seed: Seed = 1,
    results: Results = None,
    as_json: Json = False,
) -> None:
    """Judge learned channels by distribution against the true ones, every distance beside its real-vs-real value."""
    from relume.bench.channel_models import PROTOCOL, judge
    from relume.bench.results import provenance, write
    from relume.comm.laboratory import CHANNELS
    from relume.runtime.channel_models import KINDS, file_name
    from relume.runtime.zoo import WEIGHTS

    if file is not None and (model is None or channel is None or len(model) != 1 or len(channel) != 1):
        raise UsageError("with --file name its kind and channel: --model dcgan --channel jakes")
    rows = []
    for one in channel or CHANNELS:
        for kind in model or KINDS:
            if file is None and model is None and not (WEIGHTS / file_name(kind, one)).exists():
                continue
            say(f"{kind} of {one}")
            rows.append(judge(kind, one, symbols, moments, seed, file))
    head = provenance(sys.argv[1:], PROTOCOL.format(n=symbols, m=moments), seed)
    if results is not None:
        write(results, head, rows)
    if as_json:
        emit({**head, "rows": rows})
        return
    for row in rows:
        tell(
            f"{row['model']:5s} {row['channel']:15s} KS amplitude {row['ks_amplitude']:.4f} "
            f"({row['ks_amplitude_ratio']:.2f} x)  sliced W2 {row['sliced_w2']:.4f} ({row['sliced_w2_ratio']:.2f} x)"
            f"  variance error {row['received_variance_error']:.3f}"
            + (f"  autocorrelation error {row['autocorrelation_error']:.3f}" if "autocorrelation_error" in row else "")
        )


def scatter(
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture to write (.png or .svg).")],
    model: Annotated[str, typer.Option(help="gan, cgan, dcgan or a model file (.onnx).")] = "dcgan",
    channel: Channel = "rayleigh",
    symbols: Annotated[int, typer.Option(help="Points on either side.")] = 4000,
    seed: Seed = 1,
) -> None:
    """Draw what the true and the learned channel make of 16QAM, side by side (coherently, where there is a gain)."""
    import numpy as np

    from relume.bench.channel_figures import draw_scatter
    from relume.comm.modem import Modem
    from relume.runtime.channel_models import true_channel

    rng = np.random.default_rng(seed)
    sent = Modem(4).modulate(rng.integers(0, 2, 4 * symbols, dtype=np.uint8))
    learned = _model(model, channel).sample(sent, rng)
    draw_scatter(sent, true_channel(channel, sent, rng), learned, f"{model} of {channel}", out)
    tell(out)


def compare(
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds of each.")] = 5,
    channel: Channel = "rayleigh",
    iterations: Annotated[int, typer.Option(min=50, help="Iterations of each game.")] = 400,
    figure: Annotated[Path | None, typer.Option(help="Draw the curves here (.png or .svg).")] = None,
    results: Results = None,
    setting: Settings = None,
    as_json: Json = False,
) -> None:
    """How fast GAN, CGAN and DCGAN reach equilibrium, over several seeds; does DCGAN < CGAN < GAN reproduce?"""
    _need_torch()
    from relume.bench.results import provenance, write
    from relume.train.channel_compare import draw, race, verdict
    from relume.train.channel_gan import samples_of
    from relume.train.recipe import override

    recipes = [override(_recipe(kind, channel), setting or []) for kind in ("gan", "cgan", "dcgan")]
    measured = samples_of(recipes[-1])
    races = [race(recipe, measured, seeds, iterations, say) for recipe in recipes]
    rows = [one.row() for one in races]
    protocol = (
        f"eq. (2) in bits, {iterations} iterations of {recipes[0].batch} windows of {recipes[0].window} uses, game "
        f"'{recipes[0].game}', lr {recipes[0].optim.lr:g} constant, R1 {recipes[0].r1:g}, {seeds} seeds; the crossing "
        "as relume.train.equilibrium defines it"
    )
    made = {"recipe": [recipe.name for recipe in recipes], "weights_sha256": None, "verdict": verdict(rows)}
    head = provenance(sys.argv[1:], protocol, 1) | made
    if figure is not None:
        draw(races, figure)
    if results is not None:
        write(results, head, rows)
    if as_json:
        emit({**head, "rows": rows})
        return
    for row in rows:
        tell(f"{row['model']:5s} {row['parameters']} parameters: crossings {row['crossings']}")
    tell(verdict(rows))


def link_through(
    channel: Channel = "rayleigh",
    model: Annotated[str, typer.Option(help="cgan or dcgan.")] = "dcgan",
    seed: Seed = 1,
    bits: Annotated[int, typer.Option(help="Bits at each point of the curves.")] = 2_000_000,
    run: Annotated[
        Path | None, typer.Option(help="A model that `channel train --run` trained. Else: train one.")
    ] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="The same experiment in seconds.")] = False,
    results: Results = None,
    setting: Settings = None,
    as_json: Json = False,
) -> None:
    """Train a link through a learned channel and through the true one, and measure both over the true one."""
    _need_torch()
    from relume.bench.results import provenance, write
    from relume.train.link_bench import PROTOCOL, experiment
    from relume.train.link_through_channel import LinkThroughChannel
    from relume.train.recipe import override

    recipe = LinkThroughChannel(f"link-{model}-{channel}", _recipe(model, channel), seed=seed)
    recipe = override(recipe.tiny() if tiny else recipe, setting or [])
    rows, summary = experiment(recipe, bits, say, run)
    made = {"recipe": recipe.name, "weights_sha256": summary.pop("weights_sha256"), "summary": summary}
    head = provenance(sys.argv[1:], PROTOCOL.format(bits=bits), seed) | made
    if results is not None:
        write(results, head, rows)
    if as_json:
        emit({**head, "rows": rows})
        return
    for name, value in summary.items():
        tell(f"{name}: {value}")


@contextmanager
def _folder(run: Path | None, out: Path) -> Iterator[Path]:
    """The folder of a training: ``run``, or one beside ``out`` that stays only where a lost game left good weights."""
    from relume.train.health import Collapsed
    from relume.train.loop import Diverged

    if run is not None:
        yield run
        return
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{out.stem}-run-", dir=out.parent))
    except OSError as error:
        raise OutputRefused(f"{out}: cannot be written ({error.strerror})") from error
    lost = False
    try:
        yield folder
    except (Collapsed, Diverged):
        lost = True
        raise
    finally:
        if not lost:
            shutil.rmtree(folder, ignore_errors=True)


def _recipe(model: str, channel: str) -> ChannelGan:
    from relume import recipes
    from relume.comm.laboratory import find
    from relume.runtime.channel_models import KINDS

    find(channel)
    if model not in KINDS:
        raise UsageError(f"no model '{model}'; there are {', '.join(KINDS)}")
    found: ChannelGan = recipes.find(f"channel_{model}.{channel}")
    return found


def _recipe_for(model: str, faded: bool) -> ChannelGan:
    """The recipe for a file of samples: that of the channel with memory, or that of the amplifier."""
    import dataclasses

    recipe = _recipe(model, "jakes" if faded else "saleh")
    return dataclasses.replace(recipe, name=f"channel-{model}-samples", channel="samples")


def _model(name: str, channel: str) -> ChannelModelFile:
    from relume.runtime.channel_models import load, shipped

    return load(Path(name)) if name.endswith(".onnx") else shipped(name, channel)


def _signal(path: Path, name: str) -> Array:
    """A signal (n, 2) float32 from an .npy; what does not fit is rejected with the file's name."""
    import numpy as np

    from relume.comm.laboratory import as_pairs

    try:
        values = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise InputRejected(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError) as error:
        raise InputRejected(f"{path}: not a readable .npy ({type(error).__name__})") from error
    if not isinstance(values, np.ndarray):
        raise InputRejected(f"{path}: an .npz; give an .npy with the array alone")
    try:
        pairs = as_pairs(values, name)
    except InputRejected as error:
        raise InputRejected(f"{path}: {error}") from error
    if pairs.ndim != 2:
        raise InputRejected(f"{path}: '{name}' must be (n, 2) real I/Q or (n,) complex, not {values.shape}")
    return pairs


def _save(path: Path, values: Array) -> None:
    import numpy as np

    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.save(file, values)
        partial.replace(path)
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError("training needs torch: pip install 'relume[train]'") from error
