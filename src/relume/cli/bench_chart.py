"""``relume bench chart`` and ``bench moved``: what a chart is worth, and how far relics as they are get moved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from relume.cli.output import emit, statuses, tell


def chart(
    data: Annotated[Path, typer.Option(help="The folder that holds relics and test sets.")],
    sets: Annotated[str, typer.Option(help="Sets, by commas; of relics the test part.")] = "relics,Set14",
    seed: Annotated[int, typer.Option(min=0, help="Of the captures.")] = 0,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/relic-chart.json"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Pictures in the wrong light, put right by a ColorChecker in the frame and by rules."""
    with statuses(as_json, {"rows": []}):
        from relume.bench import chart as charts
        from relume.bench import relic, results

        rows = []
        for name in (part.strip() for part in sets.split(",") if part.strip()):
            rows += charts.measure(relic.pictures(data, name), name, seed)
        head = results.provenance(sys.argv[1:], charts.PROTOCOL, seed) | {"weights_sha256": None}
        results.write(out, head, rows)
        if as_json:
            emit(head | {"rows": rows})
        else:
            for line in charts.table(rows).splitlines():
                tell(line)


def moved(
    data: Annotated[Path, typer.Option(help="The folder that holds relics.")],
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/relic-moved.json"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """How far the task relic moves the colours of the test relics as they are."""
    with statuses(as_json, {"rows": []}):
        from relume.bench import moved as distances
        from relume.bench import relic, results, tables
        from relume.runtime import zoo

        rows = distances.measure(relic.pictures(data, "relics"))
        head = results.provenance(sys.argv[1:], distances.PROTOCOL, seed=0)
        results.write(out, head | {"weights_sha256": zoo.find("relic-colour").sha256}, rows)
        if as_json:
            emit(head | {"rows": rows})
        else:
            for line in tables.moved(rows).splitlines():
                tell(line)
