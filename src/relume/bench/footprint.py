"""What the program costs beside its network, and what its shortcuts cost in quality.

Start-up (a 64x64 picture, the whole process, against importing NumPy), memory (16-bit TIFFs of growing size, the peak
of the whole process), quality lost to coarse precision and tiles, and what becomes of a smooth 16-bit ramp.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from relume.bench import child
from relume.bench.sets import Pair
from relume.metrics import psnr_y
from relume.runtime.flow import cut
from relume.runtime.options import Options
from relume.runtime.pictures import open_source
from relume.runtime.restore import restore
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.table import planned
from relume.signal import Array, ModelError

PROTOCOL = (
    "start-up: medians of whole processes run by turns, the model cache warm; whole command over its network: medians "
    "of whole processes over those of the network alone on the same tiles, by turns, the cache warm; memory: "
    "ru_maxrss of the whole process; "
    "quality: mean PSNR-Y of the difference between auto (or the named) precision in the smallest tiles and float32 in "
    "one; "
    "ramp: a 16-bit horizontal ramp of one level a pixel and channel"
)
SMALL_TILES = 192 << 20
PHOTOGRAPHS = ((1600, 1200), (4000, 3000))
LEVELS = 65535


def wall(command: Sequence[str]) -> float:
    """Seconds that one run of ``command`` takes from outside; a failing command is an error that quotes it."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise ModelError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds


def startup(runs: int, scale: int = 4) -> dict[str, Any]:
    """``relume restore`` of a 64x64 picture against ``python -c "import numpy"``, by turns, medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "small.png"
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(picture)
        times: dict[str, list[float]] = {"relume restore": [], "import numpy": []}
        for run in range(runs + 1):
            out = Path(folder) / str(run)
            for name, command in (
                ("relume restore", child.command(str(picture), "-o", str(out), "--scale", str(scale))),
                ("import numpy", [sys.executable, "-c", "import numpy"]),
            ):
                seconds = wall(command)
                if run:  # the first turn warms the caches
                    times[name].append(seconds)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    return {
        "what": "start-up",
        "ratio": medians["relume restore"] / medians["import numpy"],
        "seconds": medians,
        "runs": runs,
        "picture": "64x64 PNG, colour",
        "scale": scale,
    }


def overhead(runs: int, size: tuple[int, int], scale: int = 4) -> dict[str, Any]:
    """All that ``relume restore`` does to an 8-bit photograph (JPEG to JPEG, with the check) over its network alone.

    ``size``: (width, height). Medians of whole processes and of the network on the same tiles with nothing beside it,
    by turns.
    """
    wide, high = size
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photograph.jpg"
        shades = np.concatenate(list(gradient(wide)))[:high] >> 8
        Image.fromarray(shades.astype(np.uint8)).save(source, quality=92)
        alone = network_alone(source, scale)
        whole, network = [], []
        for run in range(runs + 1):
            took = wall(child.command(str(source), "-o", str(Path(folder) / str(run)), "--scale", str(scale)))
            began = time.perf_counter()
            alone()
            if run:  # the first warms the caches
                whole.append(took)
                network.append(time.perf_counter() - began)
    seconds = {"relume restore": float(np.median(whole)), "its network": float(np.median(network))}
    return {
        "what": "whole command over its network",
        "ratio": seconds["relume restore"] / seconds["its network"],
        "seconds": seconds,
        "runs": runs,
        "picture": f"{wide}x{high} JPEG, colour",
        "scale": scale,
    }


def network_alone(source: Path, scale: int) -> Callable[[], None]:
    """What runs the network on as many tiles, of that shape, as restoring ``source`` takes, and does nothing else."""
    options = Options(scale=scale)
    limits = {"max_pixels": options.pixels, "max_memory": options.memory}
    plan = planned(Request(lambda: open_source(source, **limits), options))
    tiles = cut(plan.source, plan.step, plan.source.dtype, options.memory)
    tile = np.random.default_rng(0).random((*tiles.tile, 3), np.float32)
    (net,) = plan.step.nets

    def run() -> None:
        for _ in range(tiles.tiles):
            net.network(tile)

    return run


def gradient(side: int) -> Iterator[Array]:
    """The rows of a colour picture (side, side, 3) uint16, 64 at a time: shades and a texture."""
    columns, rng = np.arange(side, dtype=np.float64), np.random.default_rng(side)
    for row in range(0, side, 64):
        y = np.arange(row, min(row + 64, side))[:, None]
        wave = 0.5 + 0.4 * np.sin(columns / 37 + y / 53) * np.cos(y / 91)
        block = np.stack([wave, wave[:, ::-1], 1 - wave], -1) + rng.normal(0, 0.01, (*wave.shape, 1))
        yield (np.clip(block, 0, 1) * LEVELS).astype(np.uint16)


def write_gradient(path: Path, side: int) -> None:
    """:func:`gradient` as a TIFF, written row by row and never held whole."""
    shape, large = (side, side, 3), side > 20000
    tifffile.imwrite(
        path, gradient(side), shape=shape, dtype=np.uint16, photometric="rgb", rowsperstrip=64, bigtiff=large
    )


def memory(side: int, scale: int, limit: int, precision: str = "auto") -> dict[str, Any]:
    """Peak memory and time of ``relume restore`` of a 16-bit TIFF of side x side pixels within ``limit`` bytes."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "scan.tif"
        write_gradient(source, side)
        arguments = [str(source), "-o", str(Path(folder) / "out"), "--scale", str(scale), "--max-memory", str(limit)]
        arguments += ["--precision", precision]
        told, peak = child.restore(arguments)
    return {
        "what": "memory",
        "side": side,
        "megapixels_in": side * side / 1e6,
        "peak_bytes": peak,
        "limit_bytes": limit,
        "scale": scale,
        "model": told["model"],
        "precision": precision,
        "seconds": told["seconds"],
        "consistency_db": told["consistency_db"],
    }


def _score(pairs: Sequence[Pair], scale: int, options: Options) -> tuple[float, list[Array]]:
    pictures = [
        np.asarray(restore(p.low, scale=scale, precision=options.precision, max_memory=options.max_memory))
        for p in pairs
    ]
    values = [psnr_y(p.high / 255.0, x / 255.0, scale) for p, x in zip(pairs, pictures, strict=True)]
    return float(np.mean(values)), pictures


def lost(pairs: Sequence[Pair], name: str, scale: int, precision: str = "auto") -> dict[str, Any]:
    """PSNR-Y that the shipped way (auto, or that precision; small tiles) loses against float32 in one piece, in dB."""
    exact, whole = _score(pairs, scale, Options(scale=scale, precision="f32", max_memory=8 << 30))
    tiles = Options(scale=scale, precision=precision, max_memory=SMALL_TILES)  # type: ignore[arg-type]  # checked there
    shipped, tiled = _score(pairs, scale, tiles)
    worst = max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(whole, tiled, strict=True))
    return {
        "what": "lost to precision and tiles",
        "set": name,
        "scale": scale,
        "precision": precision,
        "psnr_y_f32_whole": exact,
        "psnr_y_shipped": shipped,
        "lost_db": exact - shipped,
        "largest_difference_levels": worst,
    }


def ramp(scale: int, width: int = 2048, height: int = 48) -> dict[str, Any]:
    """A smooth 16-bit ramp: is it still monotone, and how far, of 65535, is it from the straight line?"""
    line = np.linspace(0.1, 0.9, width)
    picture = np.rint(np.repeat(np.tile(line, (height, 1))[..., None], 3, 2) * LEVELS).astype(np.uint16)
    out = np.asarray(restore(picture, scale=scale)).astype(np.int64)
    columns = (np.arange(width * scale) + 0.5) / scale - 0.5
    wanted = (0.1 + 0.8 * columns / (width - 1)) * LEVELS
    inner = slice(16 * scale, -16 * scale)
    middle = out[inner, inner]
    return {
        "what": "16-bit ramp",
        "scale": scale,
        "largest_error_of_65535": float(np.abs(middle - wanted[None, inner, None]).max()),
        "monotone": bool((np.diff(middle, axis=1) >= 0).all()),
        "deepest_step_back_of_65535": int(max(0, -np.diff(middle, axis=1).min())),
    }
