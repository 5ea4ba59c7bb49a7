"""A mural of any size through the task relic at x1: memory, time, and whether the change is the same everywhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from relume.bench import child
from relume.bench.footprint import write_gradient
from relume.runtime.lut import Lut, read_cube
from relume.runtime.pictures import open_source
from relume.runtime.working import Working

PROTOCOL = (
    "a synthesised 16-bit colour TIFF (shades, a texture, noise), restored by a process of its own; ru_maxrss of that "
    "process, all libraries included; seam: the largest difference, over every sample, between the result and the one "
    "lookup table of --lut-out applied to the input row by row"
)
_ROWS = 64


def measure(side: int, limit: int, lut: Path | None, folder: Path | None = None) -> dict[str, Any]:
    """Peak bytes, seconds and seam for a mural of side x side pixels within ``limit`` bytes; files go to ``folder``.

    ``lut``: a .cube to apply in place of the network's estimate.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        source, out, cube = place / "mural.tif", place / "out.tif", place / "change.cube"
        write_gradient(source, side)
        arguments = [str(source), "-o", str(out), "--task", "relic", "--model", "none", "--lut-out", str(cube)]
        arguments += ["--max-memory", str(limit), "--max-pixels", str(side * side)]
        found, peak = child.restore([*arguments, *([] if lut is None else ["--lut", str(lut)])])
        largest = seam(source, out, read_cube(cube))
    return {
        "what": "relic at x1",
        "side": side,
        "megapixels": side * side / 1e6,
        "peak_bytes": peak,
        "limit_bytes": limit,
        "seconds": found["seconds"],
        "seam_of_65535": largest,
        "colour": "given" if lut is not None else "estimated",
        "model": found["model"],
    }


def seam(source: Path, result: Path, change: Lut) -> int:
    """The largest difference of ``result`` from ``change`` applied to ``source``, in 16-bit levels."""
    low, high = (open_source(path, max_pixels=1 << 31, max_memory=1 << 30) for path in (source, result))
    working, most = Working(False), 0
    for start in range(0, low.height, _ROWS):
        stop = min(start + _ROWS, low.height)
        expected = working.back(change(working.of(low.read(start, stop))), high.dtype).astype(np.int64)
        most = max(most, int(np.abs(expected - high.read(start, stop)).max()))
    return most
