"""``relume bench footprint``: start-up, memory, what precision and tiles cost, and the 16-bit ramp."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from relume.cli.output import emit, statuses, tell
from relume.signal import UsageError


def memory_plot(
    found: Annotated[list[Path], typer.Argument(metavar="RESULTS...", help="What bench footprint wrote, one or more.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A PNG or SVG.")],
) -> None:
    """Peak memory of an enlargement against the size of the picture."""
    with statuses(False):
        from relume.bench import figures
        from relume.bench.results import read

        rows = [row for path in found for row in read(path)["rows"] if row["what"] == "memory"]
        if not rows:
            raise UsageError("no memory was measured in these results: bench footprint --sides 1000,2000,4000")
        figures.memory(rows, out)


def footprint(
    data: Annotated[Path | None, typer.Option(help="The folder with the test sets, for what is lost.")] = None,
    sets: Annotated[str, typer.Option(help="Test sets, by commas.")] = "Set5,Set14,BSD100",
    sides: Annotated[
        str, typer.Option(help="Sides of the TIFFs for memory, by commas; empty: none.")
    ] = "1000,2000,4000",
    precision: Annotated[str, typer.Option(help="For memory (auto: f32 at 16 bits) and for what is lost.")] = "auto",
    runs: Annotated[int, typer.Option(min=0, help="Turns for start-up; 0: none.")] = 9,
    out: Annotated[Path, typer.Option(help="The results file.")] = Path("results/footprint.json"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Start-up, memory against size, quality lost to precision and tiles, a 16-bit ramp."""
    with statuses(as_json, {"rows": []}):
        from relume.bench import footprint as measure
        from relume.bench import results
        from relume.bench.sets import pair, read_set
        from relume.runtime.zoo import find

        try:
            lengths = [int(side) for side in sides.split(",") if side.strip()]
        except ValueError as error:
            raise UsageError(f"--sides takes whole numbers by commas, not '{sides}'") from error
        rows = [measure.startup(runs)] if runs else []
        rows += [measure.overhead(min(runs, 3), size) for size in measure.PHOTOGRAPHS if runs]
        rows += [measure.ramp(scale) for scale in (2, 3, 4)]
        if data is not None:
            for name in (part.strip() for part in sets.split(",") if part.strip()):
                rows.append(measure.lost([pair(p, 4) for p in read_set(data, name)], name, 4, precision))
        rows += [measure.memory(side, 2, 1 << 30, precision) for side in lengths]
        head = results.provenance(sys.argv[1:], measure.PROTOCOL, seed=0)
        results.write(out, head | {"weights_sha256": find("cascade-psnr").sha256}, rows)
        if as_json:
            emit(head | {"rows": rows})
        else:
            for row in rows:
                tell(", ".join(f"{key} {value}" for key, value in row.items()))
