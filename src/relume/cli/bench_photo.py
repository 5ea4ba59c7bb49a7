"""``relume bench images --task photo|repair|denoise|depixelate|colorize``, and the sheets to look at."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from relume.cli.output import say, statuses, tell
from relume.signal import UsageError

TASKS = ("photo", "repair", "denoise", "depixelate", "colorize")
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The pictures.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The sheet, a JPEG; what is above 400 KB is pressed harder.")]
Task = Annotated[str, typer.Option(help="The task that restores: photo, repair, denoise, depixelate or colorize.")]
Blind = Annotated[Path | None, typer.Option(help="Shuffle input, classical and ours, and write the key to this JSON.")]
Count = Annotated[int | None, typer.Option("--n", min=1, help="So many of the pictures, evenly. Else: all.")]
Colour = Annotated[bool, typer.Option("--colour", "--color", help="Let photo colour gray pictures.")]


def photographs(
    data: Path,
    task: str,
    sets: Sequence[str],
    n: int | None,
    seed: int,
    paper: Path | None,
    out: Path | None,
    progress: Callable[[str], None],
) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Head, rows and table of one task's comparison, which is also written to ``out``."""
    from relume.bench import lpips, results, tables
    from relume.bench.photo_cases import TRIALS, clean, default_sets, training_chroma
    from relume.bench.photo_rivals import rivals
    from relume.bench.photographs import PROTOCOL, measure

    trial, distance = TRIALS[task], lpips.load(lpips.ALEX)
    rows: list[dict[str, Any]] = []
    skipped: dict[str, None] = {}
    for name in sets or default_sets(data, task):
        cases = [trial.make(picture, seed) for picture in clean(data, name, n)]
        chroma = training_chroma(data, name) if task == "colorize" else None
        found, left_out = rivals(task, chroma, paper)
        skipped |= dict.fromkeys(left_out)
        label = data.resolve().name if name == "." else name
        rows += [measure(rival, cases, label, trial.damage, distance, progress) for rival in found]
    for note in skipped:
        say(f"note: {note}")
    head = results.provenance(sys.argv[1:], PROTOCOL, seed) | {"task": task, "skipped": list(skipped)}
    results.write(out or Path("results") / f"photo-{task}.json", head, rows)
    return head, rows, tables.photographs(rows)


def sheet(
    folder: Folder,
    out: Out,
    task: Task = "photo",
    blind: Blind = None,
    n: Count = None,
    colour: Colour = False,
    detail: Annotated[bool, typer.Option("--detail", help="Of each picture the part that changes most, 1:1.")] = False,
) -> None:
    """Before and after of a folder of real photographs on one page; or, blind, three versions in shuffled order."""
    with statuses(False):
        from relume.bench import sheets
        from relume.bench.photo_cases import clean

        pictures = clean(folder, ".", n)
        dials = {"colour": True} if colour else {}
        shown = len(pictures)
        if blind is None:
            sheets.contact(pictures, task, dials, out, detail=detail)
        else:
            shown = sheets.blind(pictures, task, dials, out, blind, detail=detail)
        tell(f"{out}: {shown} pictures, {out.stat().st_size // 1000} KB")


def speed(
    image: Annotated[Path, typer.Argument(help="A picture; its content decides how much there is to repair.")],
    runs: Annotated[int, typer.Option(min=1, help="Timed runs of each task.")] = 3,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/photo-speed.json"),
) -> None:
    """Processor time of each task for photographs on one megapixel, beside the paper's network in eager torch."""
    with statuses(False):
        try:
            from relume.train.speed import paper_photo
        except ImportError as error:
            raise UsageError("bench photo-speed compares with torch: pip install 'relume[train]'") from error
        from relume.bench import results, tables
        from relume.bench.photographs import SPEED_PROTOCOL, SPEED_SIDE, speed
        from relume.bench.sets import load

        rows = speed(load(image), runs, paper_photo((SPEED_SIDE, SPEED_SIDE)), say)
        results.write(out, results.provenance(sys.argv[1:], SPEED_PROTOCOL, 0) | {"task": "speed"}, rows)
        for line in tables.photo_speed(rows).splitlines():
            tell(line)


def worst(
    results: Annotated[Path, typer.Argument(help="Results of bench images with a task for photographs.")],
    data: Annotated[Path, typer.Option(help="The folder that they were measured on.")],
    out: Out,
    n: Annotated[int, typer.Option("--n", min=1, help="So many cases.")] = 8,
) -> None:
    """The cases in which ours gained least over the input, or lost: truth, damaged, ours."""
    with statuses(False):
        from relume.bench import sheets
        from relume.bench.photo_cases import TRIALS, Case, clean
        from relume.bench.results import read
        from relume.bench.sets import Picture

        found = read(results)
        trial = TRIALS[found["task"]]

        @cache
        def pictures(group: str) -> dict[str, Picture]:
            return {picture.name: picture for picture in clean(data, group, None)}

        def find(group: str, name: str) -> Case:
            return trial.make(pictures(group if group in trial.sets else ".")[name], found["seed"])

        sheets.worst(found["rows"], find, found["task"], n, out)


def samples(
    results: Annotated[list[Path], typer.Argument(help="Results of bench images with a task for photographs.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A PNG or SVG.")],
) -> None:
    """PSNR and SSIM of every sample, as the paper's Figures 5.1 and 5.2 show them."""
    with statuses(False):
        from relume.bench import sheets
        from relume.bench.results import read

        sheets.samples([read(path) for path in results], out)
