"""``relume bench``: measure what is shipped, draw it, and keep the documents' numbers those of ``results/``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli import bench_photo
from relume.cli.bench_chart import chart, moved
from relume.cli.bench_gigapixel import gigapixel
from relume.cli.bench_relic import relics, row, sheet
from relume.cli.footprint import footprint, memory_plot
from relume.cli.output import emit, say, statuses, tell
from relume.signal import UsageError

if TYPE_CHECKING:
    from relume.bench.images import Contender

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Data = Annotated[Path, typer.Option(help="The folder that holds sr-test/Set5 or Set5, and so on.")]
Models = Annotated[str, typer.Option(help="Names or .onnx paths, by commas. Else: all shipped that can do it.")]
Scale = Annotated[int, typer.Option(help="Enlarge by this factor.")]
STALE = 1
SR_SETS = "Set5,Set14,BSD100"


def register(app: typer.Typer) -> None:
    """Add ``bench`` and its commands: what is measured, what is drawn, and what keeps the documents true."""
    bench = typer.Typer(help="Measure what is shipped.", no_args_is_help=True, rich_markup_mode=None)
    relics_own = (gigapixel, chart, moved, row, sheet)
    for command in (images, realism, speed, footprint, claims, architecture, figure, curves, tables, *relics_own):
        bench.command(command.__name__)(command)
    bench.command("memory-plot")(memory_plot)
    bench.command("photo-sheet")(bench_photo.sheet)
    bench.command("photo-speed")(bench_photo.speed)
    bench.command("photo-worst")(bench_photo.worst)
    bench.command("samples")(bench_photo.samples)
    app.add_typer(bench, name="bench")


def images(
    data: Data,
    task: Annotated[str, typer.Option(help="sr, relic, photo, repair, denoise, depixelate or colorize.")] = "sr",
    scale: Scale = 4,
    sets: Annotated[str, typer.Option(help="Test sets, by commas. Else: those of the task.")] = "",
    models: Models = "",
    precision: Annotated[str, typer.Option(help="auto, int8, bf16 or f32.")] = "auto",
    vgg: Annotated[Path | None, typer.Option(help="An export of LPIPS (VGG), for its column.")] = None,
    found: Annotated[
        bool, typer.Option("--found", help="sr: shrink as photographs are found: blurred, noisy, compressed.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Else: results/images-xSCALE.json, or by the task's name.")] = None,
    n: Annotated[int | None, typer.Option("--n", min=1, help="Photographs: so many of each set, evenly.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the damage, for photographs and --found.")] = 0,
    paper: Annotated[Path | None, typer.Option(help="Photographs: an export of the paper's own network.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every model on every set: PSNR-Y, SSIM-Y, PSNR-RGB, LPIPS, parameters, operations, time."""
    with statuses(as_json, {"rows": []}):
        if task == "relic":
            _answer(*relics(data, scale, _list(sets), _list(models), out, _progress), as_json=as_json)
            return
        if task in bench_photo.TASKS:
            _answer(*bench_photo.photographs(data, task, _list(sets), n, seed, paper, out, _progress), as_json=as_json)
            return
        if task != "sr":
            known = ", ".join(("sr", "relic", *bench_photo.TASKS))
            raise UsageError(f"bench images measures the tasks {known}, not '{task}'")
        from relume.bench import contenders, lpips, results, tables
        from relume.bench.images import FOUND_PROTOCOL, PROTOCOL, compare, measure
        from relume.bench.sets import as_found, pair, read_set

        pairs = {
            name: [as_found(p, scale, seed) if found else pair(p, scale) for p in read_set(data, name)]
            for name in _list(sets or SR_SETS)
        }
        rivals = contenders.find(_list(models), scale, precision)  # type: ignore[arg-type]  # checked by Options
        distances = lpips.distances(vgg)
        rows = [measure(c, pairs[name], name, scale, distances, _progress) for c in rivals for name in pairs]
        rows = compare(rows)
        head = results.provenance(sys.argv[1:], FOUND_PROTOCOL if found else PROTOCOL, seed)
        results.write(out or Path("results") / f"images-x{scale}{'-found' * found}.json", head, rows)
        seen = (tables.images, tables.gains, tables.details) if scale == 4 else (tables.images, tables.details)
        _answer(head, rows, "\n\n".join(table(rows) for table in seen), as_json)


def realism(
    data: Data,
    faithful: Annotated[str, typer.Option(help="The model at 0.")] = "cascade-psnr",
    rich: Annotated[str, typer.Option(help="The model at 1.")] = "cascade-gan",
    scale: Scale = 4,
    sets: Annotated[str, typer.Option(help="Test sets, by commas.")] = "Set5,Set14,BSD100",
    steps: Annotated[int, typer.Option(min=2, help="Settings from 0 to 1, ends included.")] = 6,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/realism.json"),
    plot: Annotated[Path | None, typer.Option(help="Also draw it, to this PNG or SVG.")] = None,
    as_json: AsJson = False,
) -> None:
    """The realism dial between two models of one shape: fidelity against perceptual distance."""
    with statuses(as_json, {"rows": []}):
        from relume.bench import contenders, figures, lpips, results, tables
        from relume.bench.images import PROTOCOL, measure
        from relume.bench.sets import pair, read_set

        pairs = {name: [pair(p, scale) for p in read_set(data, name)] for name in _list(sets)}
        distances = lpips.distances(None)
        rows = []
        for step in range(steps):
            setting = step / (steps - 1)
            rival = contenders.between(faithful, rich, setting, scale)
            for name, found in pairs.items():
                rows.append({"realism": setting} | measure(rival, found, name, scale, distances, _progress))
        head = results.provenance(sys.argv[1:], PROTOCOL, seed=0)
        results.write(out, head, rows)
        if plot is not None:
            figures.dial(rows, plot)
        _answer(head, rows, tables.realism(rows), as_json)


def speed(
    model: Annotated[str, typer.Option(help="A shipped name or an .onnx path.")] = "cascade-psnr",
    scale: Scale = 4,
    seconds: Annotated[float, typer.Option(min=0.0, help="For each contender.")] = 5.0,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/speed.json"),
    as_json: AsJson = False,
) -> None:
    """Network and training against plain torch, the machine's matrix product and a plain probe net. Needs torch."""
    with statuses(as_json, {"rows": []}):
        try:
            import torch
        except ImportError as error:
            raise UsageError("bench speed compares with torch: pip install 'relume[train]'") from error
        from relume.bench import results, tables
        from relume.bench.speed import PROBE, PROTOCOL, Task, contest, network, ratio
        from relume.recipes import shape_of
        from relume.runtime import engine
        from relume.runtime.zoo import find
        from relume.train import speed as plain
        from relume.train import throughput
        from relume.train.steps import can_compile

        shipped = network(model, scale)
        shape = shape_of(dict(find(model).card.recipe["net"]))
        pixels = PROBE[0] * PROBE[1] * scale**2
        kinds = {"GEMM bf16": torch.bfloat16, "GEMM f32": torch.float32}
        products = {name: Task(*plain.gemm(kind)) for name, kind in kinds.items()}
        tasks = {
            model: shipped,
            "same network, eager torch f32": Task(plain.eager(shape, scale, PROBE), shipped.work),
            "probe net, eager torch f32": Task(plain.probe(PROBE), float(PROBE[0] * PROBE[1] * 16)),
            **products,
        }
        compiled = can_compile()
        ours, loop = throughput.steps(shape, compiled=compiled)
        step = "our training step, compiled" if compiled else "our training step"
        tasks |= {step: Task(ours, 1.0), "plain float32 loop": Task(loop, 1.0)}
        times = contest(tasks, seconds)
        best = min(products, key=lambda name: times[name] / products[name].work)
        rows = [
            ratio("network against eager torch", model, "same network, eager torch f32", times, tasks),
            ratio("operations a second against the matrix product", model, best, times, tasks),
        ]
        rows.append(ratio("training steps a second", step, "plain float32 loop", times, tasks))
        tasks[model] = Task(shipped.run, float(pixels))
        rows.append(ratio("output pixels a second", model, "probe net, eager torch f32", times, tasks))
        head = results.provenance(sys.argv[1:], PROTOCOL, seed=0) | {"processor": engine.processor()}
        results.write(out, head, [row | {"weights_sha256": find(model).sha256} for row in rows])
        _answer(head, rows, tables.speed(rows), as_json)


def claims(
    out: Annotated[Path, typer.Option(help="The folder for critics.json and memory.json.")] = Path("results"),
) -> None:
    """What batch normalisation and the critics cost, by counting. Needs torch."""
    with statuses(False):
        try:
            from relume.train import claims as counted
        except ImportError as error:
            raise UsageError("bench claims counts in torch: pip install 'relume[train]'") from error
        from relume.bench import results, tables

        for name, protocol, rows, table in (
            ("critics", counted.CRITIC_PROTOCOL, counted.critics(), tables.critics),
            ("memory", counted.MEMORY_PROTOCOL, counted.normalisation(), tables.memory),
        ):
            head = results.provenance(sys.argv[1:], protocol, seed=0)
            results.write(out / f"{name}.json", head, rows)
            _answer(head, rows, table(rows), as_json=False)


def architecture(
    recipe: Annotated[str, typer.Argument(help="A conditional GAN: photo_paper.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder for both pictures.")],
) -> None:
    """Draw generator and discriminator as built, untrained: the second paper's Figures 4.3 and 4.4. Needs torch."""
    with statuses(False):
        try:
            from relume.train import architecture as built
        except ImportError as error:
            raise UsageError("bench architecture builds in torch: pip install 'relume[train]'") from error
        from relume import recipes
        from relume.bench.architecture import draw

        for name, net, inputs in built.parts(recipes.find(recipe)):
            draw(name, built.layers(net, inputs), out / f"{name}.png")
            tell(str(out / f"{name}.png"))


def figure(
    image: Annotated[Path, typer.Argument(help="A ground truth, or with --as-found the picture to enlarge.")],
    box: Annotated[str, typer.Option(help="X0,Y0,X1,Y1 in its pixels.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A PNG or SVG.")],
    scale: Scale = 4,
    models: Models = "",
    found: Annotated[bool, typer.Option("--as-found", help="Enlarge the picture itself: there is no truth.")] = False,
) -> None:
    """Crops of every model's result beside the ground truth, or beside the picture itself."""
    with statuses(False):
        from relume.bench import contenders, figures
        from relume.bench.sets import Picture, load, pair

        try:
            corners = [int(part) for part in box.split(",")]
        except ValueError as error:
            raise UsageError(f"--box takes four whole numbers X0,Y0,X1,Y1, not '{box}'") from error
        rivals: list[Contender] = contenders.find(_list(models), scale)
        picture = Picture(image.stem, load(image))
        if found:
            figures.as_found(picture, corners, rivals, scale, out)
            return
        scores = figures.comparison(pair(picture, scale), corners, rivals, scale, out)
        for rival, score in zip(rivals, scores, strict=True):
            tell(f"{rival.name}: {score:.2f} dB")


def curves(
    runs: Annotated[list[str], typer.Argument(help="Folders of runs, or NAME=FOLDER.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A PNG or SVG.")],
    metric: Annotated[str, typer.Option(help="The validation metric to draw.")] = "psnr_y_x4",
) -> None:
    """Loss and validation of several runs, against steps and against time."""
    with statuses(False):
        from relume.bench import figures

        folders = {}
        for run in runs:
            name, equals, path = run.partition("=")
            folders[name if equals else Path(run).name] = Path(path if equals else run)
        figures.curves(folders, metric, out)


def tables(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a table is stale.")] = False,
    root: Annotated[Path, typer.Option(help="The checkout.")] = Path(),
) -> None:
    """Bring the tables of README.md and docs/ up to date with results/."""
    with statuses(False):
        from relume.bench.tables import stale, write

        changed = stale(root) if check else write(root)
        for path in changed:
            tell(f"{'stale' if check else 'updated'}: {path}")
        if check and changed:
            say("error: run 'relume bench tables' and commit the result [stale]")
            raise typer.Exit(STALE)


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


def _answer(head: dict[str, Any], rows: list[dict[str, Any]], table: str, as_json: bool) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if as_json:
        emit({**head, "rows": rows})
    else:
        for line in table.splitlines():
            tell(line)
