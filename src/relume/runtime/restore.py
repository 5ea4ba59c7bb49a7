"""Restore one picture: a file to a file, bytes to bytes, an array to an array; or say what it would cost."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from relume.runtime import engine, heat
from relume.runtime.agreement import Agreement
from relume.runtime.arrays import from_object, to_object
from relume.runtime.files import appearing, sha256
from relume.runtime.flow import BASE_MEMORY, column_bytes, cut, strips
from relume.runtime.options import EngineName, Estimate, Options, PrecisionName, Progress, Result
from relume.runtime.pictures import (
    Sink,
    Source,
    Target,
    check_target,
    open_sink,
    open_source,
    output_suffix,
    written_dtype,
    written_kind,
)
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.tasks import upscale
from relume.runtime.tiling import Plan
from relume.runtime.working import Working
from relume.signal import Array, UsageError

__all__ = [
    "Estimate",
    "Options",
    "Progress",
    "Result",
    "estimate",
    "output_suffix",
    "restore",
    "restore_bytes",
    "restore_file",
]

Watch = Callable[[Progress], None] | None
OnTile = Callable[[int, int, Array], None] | None

_BLOCK_BYTES = 8 << 20
"""How much of a strip is handed on at a time: what is that small is allocated from memory in use already."""
_BYTES_A_SAMPLE = {"png": 0.65, "jpeg": 0.2, "webp": 0.4, "tiff": 0.8}
"""Of each raw byte, how many an encoded photograph takes, roughly and upwards."""


def restore_file(
    source: Path | bytes, target: Path, options: Options, progress: Watch = None, on_tile: OnTile = None
) -> Result:
    """Restore ``source`` (a file, or its bytes) into the new file ``target``, whose suffix gives the format.

    ``progress`` is called after each tile; ``on_tile`` before it, with the output's row and column where the tile
    belongs and its working values, (h, w, bands) float32 in [0, 1], which hold during the call alone.
    Raises a RelumeError; then, as after an interruption, no file is left.
    """
    started = time.perf_counter()
    kind = written_kind(target.suffix)
    picture = _open(source, options)
    with appearing(target) as partial:
        dtype = written_dtype(kind, picture.dtype)
        check_target(kind, picture.width * options.scale, picture.height * options.scale, picture.bands, picture.name)
        task = _prepare(options, picture)
        metadata = picture.metadata.stripped() if options.strip else picture.metadata
        made = Target(
            kind=kind,
            width=picture.width * options.scale,
            height=picture.height * options.scale,
            bands=picture.bands,
            dtype=dtype,
            metadata=metadata.declaring(task.source_type),
            lossless=picture.lossless,
            compression=picture.compression,
        )
        sink = open_sink(partial, made)
        try:
            tiles, agreement = _run(picture, task, dtype, options, progress, sink, on_tile)
            sink.finish()
        except BaseException:
            sink.abandon()
            raise
        digest = sha256(partial)
        if options.report is not None:
            heat.write(options.report, agreement.heat())
    notes = picture.notes
    if dtype != picture.dtype:
        notes += (f"{kind.upper()} holds {8 * dtype.itemsize} bits a sample",)
    return Result(
        width=made.width,
        height=made.height,
        bands=made.bands,
        depth=8 * dtype.itemsize,
        pixels_out=made.width * made.height,
        seconds=time.perf_counter() - started,
        network_seconds=task.network_seconds,
        task=options.task,
        scale=options.scale,
        model=task.model.name,
        model_sha256=task.model.sha256,
        engine=task.network.engine,
        precision=task.network.precision,
        tile=tiles.tile,
        consistency_db=round(agreement.decibels, 3),
        source_sha256=hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256(source),
        output_sha256=digest,
        digital_source_type=task.source_type,
        notes=notes,
        parameters=_parameters(options, task),
        realism=None if task.dial is None else task.dial.recorded(),
    )


def restore_bytes(source: bytes, suffix: str, options: Options, progress: Watch = None) -> tuple[bytes, Result]:
    """Restore the bytes of a file into those of another, whose format ``suffix`` (``.png``) gives."""
    written_kind(suffix)
    with tempfile.TemporaryDirectory(prefix="relume-") as folder:
        target = Path(folder) / f"out{suffix}"
        result = restore_file(source, target, options, progress)
        return target.read_bytes(), result


def restore(
    image: Any,
    task: str = "upscale",
    scale: int = 4,
    *,
    model: str | None = None,
    engine: EngineName = "auto",
    precision: PrecisionName = "auto",
    max_memory: int | None = None,
    consistent: bool = False,
    threads: int | None = None,
    realism: float = 0.0,
) -> Any:
    """The restored picture, of the same kind as ``image``; of a path, an array as below.

    ``image``: an array (H, W) or (H, W, C) of uint8, uint16 or float32 in [0, 1], C = 1 gray, 2 gray and alpha, 3 RGB,
    4 RGB and alpha; or a PIL image; or the path of a picture file. ``realism``: 0 faithful, 1 rich in texture.
    Raises a RelumeError.
    """
    options = Options(
        task=task,
        scale=scale,
        model=model,
        engine=engine,
        precision=precision,
        max_memory=max_memory,
        consistent=consistent,
        threads=threads,
        realism=realism,
    )
    picture = _open(Path(image), options) if isinstance(image, str | Path) else from_object(image)
    ready = _prepare(options, picture)
    out = np.empty((picture.height * scale, picture.width * scale, picture.bands), picture.dtype)
    _run(picture, ready, picture.dtype, options, None, _Collected(out))
    return to_object(out, image)


def estimate(source: Path, options: Options) -> Estimate:
    """What restoring ``source`` would give and cost: the time by this machine's measured speed, the rest by size."""
    picture = _open(source, options)
    kind = written_kind(output_suffix(source))
    dtype = written_dtype(kind, picture.dtype)
    task = _prepare(options, picture)
    tiles = cut(picture, task, dtype, options.memory)
    scale = options.scale
    macs = task.model.card.macs_per_pixel[task.model.card.output_for(scale)]
    width, height = picture.width * scale, picture.height * scale
    rows, columns = tiles.tile
    return Estimate(
        width=width,
        height=height,
        pixels_out=width * height,
        seconds=1.2 * 2 * macs * tiles.pixels / (1e9 * engine.gigaflops(task.network.precision)) + 0.3,
        memory=BASE_MEMORY
        + task.footprint * rows * columns
        + column_bytes(picture, scale, dtype) * rows * picture.width,
        disk=math.ceil(_BYTES_A_SAMPLE[kind] * width * height * picture.bands * dtype.itemsize),
    )


class _Collected:
    """A sink that fills an array."""

    def __init__(self, out: Array) -> None:
        self._out, self._at = out, 0

    def write(self, rows: Array) -> None:
        self._out[self._at : self._at + len(rows)] = rows
        self._at += len(rows)

    def finish(self) -> None:
        """Nothing is left to do."""

    def abandon(self) -> None:
        """Nothing is held."""


def _open(source: Path | bytes, options: Options) -> Source:
    return open_source(source, max_pixels=options.pixels, max_memory=options.memory)


def _prepare(options: Options, picture: Source) -> upscale.Upscale:
    if options.task != "upscale":
        raise UsageError(f"no task is called '{options.task}'; there is upscale")
    return upscale.prepare(options, picture.dtype)


def _run(
    picture: Source,
    task: upscale.Upscale,
    dtype: np.dtype[Any],
    options: Options,
    progress: Watch,
    sink: Sink,
    on_tile: OnTile = None,
) -> tuple[Plan, Agreement]:
    """Restore all of ``picture`` into ``sink``, and measure how well the result agrees with it."""
    working = Working(picture.alpha, tone_curve(picture.metadata.profile))
    tiles = cut(picture, task, dtype, options.memory)
    task.network_seconds = 0.0
    agreement = Agreement(picture.height, picture.width, options.scale, working.of, mapped=options.report is not None)
    for low, high in strips(picture, task, tiles, working, dtype, progress, on_tile):
        step = max(1, _BLOCK_BYTES // (high[0].nbytes * options.scale))
        for start in range(0, len(low), step):
            block = high[start * options.scale : (start + step) * options.scale]
            sink.write(block)
            agreement.add(low[start : start + step], block)
    return tiles, agreement


def _parameters(options: Options, task: upscale.Upscale) -> dict[str, Any]:
    """All of the options that shape the output, as plain values, with what 'auto' and None turned out to be."""
    model = task.model if task.dial is None else task.dial.faithful
    chosen = dataclasses.asdict(options) | {"model": options.model or model.name, "report": None}
    if task.network.engine in ("openvino", "onnxruntime"):
        chosen |= {"engine": task.network.engine, "precision": task.network.precision}
    return chosen
