"""``relume bench images --task relic``, ``bench row`` and ``bench sheet``: relics by every rival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from relume.cli.output import statuses
from relume.signal import UsageError

SETS = ("relics", "Set14")
FRESH = "Set14"
SEED = 0


def relics(
    data: Path,
    scale: int,
    sets: Sequence[str],
    models: Sequence[str],
    out: Path | None,
    progress: Callable[[str], None],
) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Head, rows and table of the comparison, which is also written to ``out``."""
    import sys

    from relume.bench import lpips, relic, results, tables
    from relume.bench.images import colour
    from relume.bench.sets import Pair

    distance = lpips.load(lpips.ALEX)
    found = relic.chosen(models, scale)
    rows = []
    for name in sets or SETS:
        pairs = [relic.aged(picture, scale, SEED) for picture in relic.pictures(data, name)]
        rows += [relic.measure(rival, pairs, f"{name} aged", scale, distance, progress) for rival in found]
    if FRESH in (sets or SETS):
        whole = [colour(picture.pixels) for picture in relic.pictures(data, FRESH)]
        names = [picture.name for picture in relic.pictures(data, FRESH)]
        fresh = [Pair(name, pixels, pixels) for name, pixels in zip(names, whole, strict=True)]
        rows += [relic.measure(rival, fresh, f"{FRESH} fresh", 1, distance, progress) for rival in found]
    rows = relic.compared(rows)
    head = results.provenance(sys.argv[1:], relic.PROTOCOL, SEED)
    results.write(out or Path("results") / f"relic-x{scale}.json", head, rows)
    return head, rows, tables.relics(rows)


def row(
    image: Annotated[Path, typer.Argument(help="A picture of a relic, as it is.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A PNG or SVG.")],
    scale: Annotated[int, typer.Option(help="Enlarge by this factor.")] = 4,
    models: Annotated[
        str, typer.Option(help="Rivals by commas [default: bicubic, srgan if it ships, ours both ways].")
    ] = "",
    box: Annotated[str, typer.Option(help="Also this part, X0,Y0,X1,Y1.")] = "",
    side: Annotated[int, typer.Option(min=16, help="First shrink the picture to so many pixels a side.")] = 4096,
) -> None:
    """The comparison of the survey's Figures 5 and 6: original, bicubic, SRGAN, CR-SRGAN."""
    with statuses(False):
        from relume.bench import relic, relic_figures
        from relume.bench.images import colour
        from relume.bench.sets import Picture, load
        from relume.runtime import zoo

        rich = list(relic.DIALLED)[-1]
        usual = [name for name in ("bicubic", "srgan", "ours", rich) if name != "srgan" or name in zoo.SHIPPED]
        try:
            corners = [int(part) for part in box.split(",")] if box else []
        except ValueError as error:
            raise UsageError(f"--box takes four whole numbers X0,Y0,X1,Y1, not '{box}'") from error
        picture = Picture(image.stem, relic_figures.within(colour(load(image)), side))
        relic_figures.row(picture, relic.chosen(_names(models) or usual, scale), scale, out, corners)


def sheet(
    data: Annotated[Path, typer.Option(help="The folder that holds relics.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The contact sheet, a PNG or SVG.")],
    key: Annotated[Path | None, typer.Option(help="Shuffle and letter the lines; the key goes to this JSON.")] = None,
    models: Annotated[str, typer.Option(help="Rivals by commas.")] = "CLAHE,ours",
    only: Annotated[str, typer.Option(help="Pictures whose name begins so.")] = "",
    seed: Annotated[int, typer.Option(help="Of the shuffling.")] = 0,
) -> None:
    """Every test relic as it is and restored, by name, or blind with a key in a file of its own."""
    with statuses(False):
        from relume.bench import relic, relic_figures

        pictures = [picture for picture in relic.pictures(data, "relics") if picture.name.startswith(only)]
        if not pictures:
            raise UsageError(f"no test relic is called {only}...")
        rivals = [rival for rival in relic.chosen(_names(models), 1) if rival.name in _names(models)]
        if key is None:
            relic_figures.contact(pictures, rivals, out)
        else:
            relic_figures.blind(pictures, rivals, out, key, seed)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
