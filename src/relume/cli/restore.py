"""``relume restore``: parse, list and plan, hand the batch to the runtime, render what came of it."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli.output import emit, plain, say, statuses
from relume.cli.progress import Meter
from relume.cli.render import as_file, tell_all, tell_one, total
from relume.runtime.stops import Stoppable, Stopped
from relume.signal import InputRejected, OutputRefused, UsageError

if TYPE_CHECKING:
    from relume.runtime.batch import Outcome
    from relume.runtime.colour_options import ColourOptions
    from relume.runtime.naming import Job
    from relume.runtime.options import Options, Progress

STREAM = "-"
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True)
class View:
    """How to answer: as JSON, without a word, or with an estimate alone; and where evidence goes."""

    as_json: bool
    quiet: bool
    dry: bool
    evidence: Path | None = None


def register(app: typer.Typer) -> None:
    """Add ``restore``."""
    app.command("restore")(restore)


Inputs = Annotated[
    list[str], typer.Argument(metavar="INPUT...", help="Pictures, folders, patterns; - is standard input.")
]
Out = Annotated[
    str | None,
    typer.Option("-o", "--out", help="A folder, a file for one picture, or -. Else: picture_x4.png beside each."),
]
Task = Annotated[str, typer.Option(help="upscale, photo, repair, denoise, depixelate, colorize or relic.")]
Scale = Annotated[int | None, typer.Option(help="Enlarge by this factor. Else: 4 to upscale, 1 for other tasks.")]
Strength = Annotated[float | None, typer.Option(help="From 0 (the original) to 1, for the tasks for photographs.")]
Mask = Annotated[Path | None, typer.Option(help="A picture of the same size, bright where it is damaged.")]
MaskOut = Annotated[Path | None, typer.Option(help="Where to write the mask of what was filled.")]
Sigma = Annotated[float | None, typer.Option(help="Deviation of the noise, in 8-bit levels. Else: estimated.")]
Block = Annotated[int | None, typer.Option(help="Side of the squares of a pixelated picture. Else: found.")]
Hints = Annotated[list[str] | None, typer.Option("--hint", metavar="X,Y=#RRGGBB", help="A colour that is known.")]
Colour = Annotated[bool, typer.Option("--colour", "--color", help="Let photo colour a gray picture.")]
Model = Annotated[str | None, typer.Option(help="A name from 'relume models list'. Else: the task's own.")]
Realism = Annotated[float, typer.Option(help="From 0 (faithful) to 1 (rich in texture, partly invented).")]
ColorStrength = Annotated[float, typer.Option("--color-strength", help="relic: the share of the change, 0 to 1.")]
Neutral = Annotated[bool, typer.Option("--lock-neutral", help="relic: what is gray stays gray.")]
Chart = Annotated[str | None, typer.Option(help="relic: X0,Y0,X1,Y1 of a ColorChecker in the picture.")]
Reference = Annotated[Path | None, typer.Option(help="relic: a CSV of patches of known colour in the picture.")]
Fill = Annotated[bool, typer.Option("--fill", help="relic: fill cracks and losses, found or given by --mask.")]
Lut = Annotated[Path | None, typer.Option(help="relic: apply this .cube in place of an estimate.")]
LutOut = Annotated[Path | None, typer.Option(help="relic: write the change of colour as a .cube.")]
Evidence = Annotated[Path | None, typer.Option(help="A folder for the evidence: residual, maps, report.")]
Engine = Annotated[str, typer.Option(help="auto, openvino or onnxruntime.")]
Precision = Annotated[str, typer.Option(help="auto, int8, bf16 or f32.")]
Consistent = Annotated[bool, typer.Option("--consistent", help="Remove what disagrees with the input.")]
SelfEnsemble = Annotated[
    bool, typer.Option("--self-ensemble", help="upscale: the mean of eight looks; 8 times the time.")
]
Report = Annotated[bool, typer.Option("--report", help="Write a heat map of the disagreement beside each result.")]
Strip = Annotated[bool, typer.Option("--strip", help="Drop EXIF, XMP and IPTC.")]
Resume = Annotated[bool, typer.Option("--resume", help="Skip what is done: same source, options and result.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only estimate time, memory and disk.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors alone.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes. Else: none for one picture, one for several.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of each process. Else: as many as fit.")]
Memory = Annotated[str | None, typer.Option(help="Memory of each process, such as 800M. Else: 1G.")]
Pixels = Annotated[str | None, typer.Option(help="Refuse larger inputs, in pixels, such as 2G. Else: 512M.")]


def restore(
    inputs: Inputs,
    out: Out = None,
    task: Task = "upscale",
    scale: Scale = None,
    model: Model = None,
    realism: Realism = 0.0,
    color_strength: ColorStrength = 1.0,
    lock_neutral: Neutral = False,
    chart: Chart = None,
    reference: Reference = None,
    fill: Fill = False,
    lut: Lut = None,
    lut_out: LutOut = None,
    evidence: Evidence = None,
    engine: Engine = "auto",
    precision: Precision = "auto",
    consistent: Consistent = False,
    self_ensemble: SelfEnsemble = False,
    report: Report = False,
    strip: Strip = False,
    resume: Resume = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    workers: Workers = None,
    threads: Threads = None,
    max_memory: Memory = None,
    max_pixels: Pixels = None,
    strength: Strength = None,
    mask: Mask = None,
    mask_out: MaskOut = None,
    sigma: Sigma = None,
    block: Block = None,
    hint: Hints = None,
    colour: Colour = False,
) -> None:
    """Restore pictures. Originals are never overwritten, and a record lies beside each result."""
    with statuses(as_json, {"files": []}):
        from relume.runtime.options import Options
        from relume.runtime.photo_options import PhotoOptions, read_hints

        photo = PhotoOptions(
            strength, None if mask is None else str(mask), None, sigma, block, read_hints(hint or ()), colour
        )
        options = Options(
            task=task,
            scale=scale,  # type: ignore[arg-type]  # None is the task's own
            photo=photo,
            mask_out=mask_out,
            model=model,
            engine=engine,  # type: ignore[arg-type]  # checked by Options
            precision=precision,  # type: ignore[arg-type]
            max_memory=quantity(max_memory, "--max-memory"),
            max_pixels=quantity(max_pixels, "--max-pixels"),
            consistent=consistent,
            self_ensemble=self_ensemble,
            strip=strip,
            threads=threads or shared(workers),
            realism=realism,
            relic=dataclasses.replace(colour_options(color_strength, lock_neutral, chart, reference, lut), fill=fill),
            lut_out=lut_out,
        )
        view = View(as_json, quiet, dry_run, evidence)
        if evidence is not None and (STREAM in inputs or out == STREAM or task not in ("relic", "upscale")):
            raise UsageError("--evidence needs a file, a result with a name, and the task relic or upscale")
        if out == STREAM or (out is None and STREAM in inputs):
            status = _to_stdout(inputs, options, view)
        else:
            if STREAM in inputs and dry_run:
                raise UsageError("--dry-run needs a file: standard input can be read only once")
            jobs, notes = prepare(inputs, out, options, report)
            if lut_out is not None and len(jobs) > 1:
                raise UsageError(f"--lut-out is one file, but there are {len(jobs)} pictures: restore them one by one")
            if mask_out is not None and len(jobs) > 1:
                raise UsageError(f"--mask-out names one mask, and there are {len(jobs)} pictures")
            if options.task == "upscale" and (model is not None or realism) and len(jobs) > 1:
                from relume.runtime.tasks import upscale

                upscale.chosen(options)[0].card.output_for(
                    options.scale
                )  # one error for the call, not one for each picture
            if evidence is not None and not resume:
                jobs = tuple(map(partial(refused, folder=evidence), jobs))
            status = _batch(jobs, notes, options, workers, resume, view)
    raise typer.Exit(status)


def shared(workers: int | None) -> int | None:
    """Threads for each of several ``workers``, so that all of them fit; None (as the engine likes) for one or none."""
    return None if workers is None or workers < 2 else max(1, (os.cpu_count() or 1) // workers)


def colour_options(
    strength: float, neutral: bool, chart: str | None, reference: Path | None, lut: Path | None
) -> ColourOptions:
    """How the task relic is to restore colour; raises UsageError or InputRejected for what makes no sense."""
    from relume.runtime.colour_options import ColourOptions

    box = None
    if chart is not None:
        try:
            x0, y0, x1, y1 = (int(part) for part in chart.split(","))
        except ValueError as error:
            raise UsageError(f"--chart takes four whole numbers X0,Y0,X1,Y1, not '{chart}'") from error
        box = (x0, y0, x1, y1)
    if reference is None:
        return ColourOptions(strength, neutral, box, lut=None if lut is None else str(lut))
    from relume.runtime.chart import read_patches

    return ColourOptions(strength, neutral, box, read_patches(reference), None if lut is None else str(lut))


def quantity(text: str | None, option: str) -> int | None:
    """A size with an optional unit: ``1.5G`` is 1610612736; an error names the option."""
    if text is None:
        return None
    number, unit = text.strip().lower().rstrip("b"), ""
    if number and number[-1] in UNITS:
        number, unit = number[:-1], number[-1]
    try:
        value = int(float(number) * UNITS[unit])
    except (ValueError, OverflowError):
        value = 0
    if value <= 0:
        raise UsageError(f"{option} is {text!r}; give a size above 0, such as 800M or 1.5G")
    return value


def prepare(
    inputs: Sequence[str], out: str | None, options: Options, report: bool
) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """The jobs of a call and notes about what was left out; only names and heads of files are read."""
    from relume.runtime.inputs import EXTENSIONS, collect
    from relume.runtime.naming import Job, one, plan, with_heat_maps
    from relume.runtime.restore import output_suffix

    folder = None if out is None else Path(out)
    if STREAM in inputs:
        if len(inputs) > 1 or folder is None or folder.is_dir():
            raise UsageError("standard input is one picture: give it alone, and name a file with -o")
        return with_heat_maps((Job(Path(STREAM), folder, folder.parent, data=_stdin()),), report), ()
    listing = collect(inputs, folder)
    if not listing.found:
        raise InputRejected(f"no picture found in {', '.join(inputs)}: pictures end in {', '.join(sorted(EXTENSIONS))}")
    if folder is not None and _names_a_file(folder, str(out)):
        if not listing.single_file:
            raise OutputRefused(f"{out} is a file, but several inputs need a folder: choose another -o")
        return with_heat_maps((one(listing, folder),), report), listing.notes
    tag = f"_x{options.scale}" if options.task == "upscale" else f"_{options.task}"
    return with_heat_maps(plan(listing, folder, tag, output_suffix), report), listing.notes


def _names_a_file(out: Path, text: str) -> bool:
    """Whether OUT is a picture's name: neither a folder that exists, nor ending in a slash or without an extension."""
    from relume.runtime.inputs import is_candidate, is_folder

    return not is_folder(out) and (os.path.lexists(out) or (is_candidate(text) and not text.endswith(("/", os.sep))))


def _batch(
    jobs: Sequence[Job], notes: Sequence[str], options: Options, workers: int | None, resume: bool, view: View
) -> int:
    from relume.runtime import batch

    outcomes: dict[int, Outcome] = {}
    stopped: Stopped | None = None
    for note in notes:
        say(f"note: {note}")
    with Meter([str(job.source) for job in jobs]) as meter:

        def done(index: int, outcome: Outcome) -> None:
            outcome = with_evidence(outcome, jobs[index], view)
            outcomes[index] = outcome
            meter.finish(index)
            if not view.as_json:
                tell_one(outcome, view.quiet)

        try:
            with Stoppable() as stop:

                def watch(index: int, progress: Progress) -> None:
                    stop.check()
                    meter.watch(index, progress)

                if view.dry:
                    batch.dry_run(jobs, options, workers=workers, watch=watch, done=done)
                else:
                    batch.run(jobs, options, workers=workers, resume=resume, watch=watch, done=done)
        except Stopped as signalled:
            stopped = signalled
    finished = [outcomes[index] for index in sorted(outcomes)]
    estimate = total(finished, jobs, workers or 1) if view.dry else None
    if view.as_json:
        files = [as_file(outcome) for outcome in finished]
        answer: dict[str, Any] = {"files": files, "notes": [plain(note) for note in notes]}
        if estimate is not None:
            answer |= {"dry_run": True, "estimate": estimate}
        if stopped is not None:
            answer |= {"error": {"code": "interrupted", "message": str(stopped)}}
        emit(answer)
    else:
        tell_all(finished, estimate, view.quiet)
    if stopped is not None:
        say(f"{stopped}: {len(finished)} of {len(jobs)} finished; the same call with --resume goes on from there")
        return stopped.status
    return batch.exit_status(finished)


def with_evidence(outcome: Outcome, job: Job, view: View) -> Outcome:
    """``outcome`` after its evidence has been written, where that is wanted; a failure of it is told as a failure."""
    if view.evidence is None or outcome.status != "ok" or outcome.record is None:
        return outcome
    from relume.evidence import folder
    from relume.runtime.batch import Problem, explain

    place = evidence_place(job, view.evidence)
    try:
        folder.make(Path(outcome.record), place)
    except Exception as error:
        status, problem = explain(error, job.source)
        told = Problem(
            problem.code, f"{problem.message} (the result is there, its evidence is not)", problem.exit_status
        )
        return dataclasses.replace(outcome, status=status, error=told)
    return dataclasses.replace(outcome, evidence=str(place))


def refused(job: Job, folder: Path) -> Job:
    """``job`` with an error where its evidence is there already: nothing is overwritten."""
    from relume.runtime.pictures.errors import Exists

    if job.error is not None or job.target is None or not os.path.lexists(place := evidence_place(job, folder)):
        return job
    return dataclasses.replace(job, error=Exists(f"{place}: exists already and is never overwritten"))


def evidence_place(job: Job, folder: Path) -> Path:
    """Where the evidence of a job goes: below ``folder`` by the result's own place in the output."""
    from relume.runtime.ledger import relative

    return folder / relative(job.base, job.target) if job.target is not None else folder


def _to_stdout(inputs: Sequence[str], options: Options, view: View) -> int:
    """One picture to standard output; it has no record, for it has no place."""
    from relume.runtime import batch

    if len(inputs) != 1:
        raise UsageError(f"standard output takes one picture, not {len(inputs)}: name a folder with -o")
    if view.as_json or view.dry:
        raise UsageError("standard output holds the picture: with --json or --dry-run name a file with -o")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal: name a file with -o, or redirect it")
    name = inputs[0]
    try:
        with Stoppable() as stop, Meter([name]) as meter:

            def watch(progress: Progress) -> None:
                stop.check()
                meter.watch(0, progress)

            source = _stdin() if name == STREAM else Path(name)
            data, outcome = batch.restore_to_bytes(source, options, watch)
    except Stopped as stopped:
        say(stopped)
        return stopped.status
    if outcome.error is not None:
        tell_one(outcome, view.quiet)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return batch.exit_status([outcome])


def _stdin() -> bytes:
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: pipe a picture into it, or name a file")
    return sys.stdin.buffer.read()
