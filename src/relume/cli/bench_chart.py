"""``relume bench chart``: what a chart in the frame is worth."""

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
