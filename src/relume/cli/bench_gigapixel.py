"""``relume bench gigapixel``: memory, time and seams of the task relic on a mural of any size."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from relume.cli.output import emit, statuses, tell


def gigapixel(
    side: Annotated[int, typer.Option(min=64, help="Pixels a side; 30000 for a gigapixel.")] = 8000,
    limit: Annotated[str, typer.Option(help="--max-memory of the restoration.")] = "1G",
    lut: Annotated[Path | None, typer.Option(help="A .cube to apply in place of the network's estimate.")] = None,
    folder: Annotated[Path | None, typer.Option(help="A folder with room for two 16-bit TIFFs of that size.")] = None,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/gigapixel.json"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Colour of a synthesised 16-bit mural at x1: peak memory, time, and the largest difference from one table."""
    with statuses(as_json, {"rows": []}):
        from relume.bench import results
        from relume.bench.gigapixel import PROTOCOL, measure
        from relume.cli.restore import quantity
        from relume.runtime import zoo

        row = measure(side, quantity(limit, "--limit") or 0, lut, folder)
        weights = zoo.find("relic-colour").sha256 if lut is None else None
        head = results.provenance(sys.argv[1:], PROTOCOL, seed=side) | {"weights_sha256": weights}
        results.write(out, head, [row])
        if as_json:
            emit(head | {"rows": [row]})
        else:
            tell(", ".join(f"{key} {value}" for key, value in row.items()))
