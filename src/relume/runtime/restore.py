"""Restore one picture: a file to a file, bytes to bytes, an array to an array; or say what it would cost."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from relume.runtime import engine, heat, lut, masks
from relume.runtime.agreement import Agreement
from relume.runtime.arrays import from_object, to_object
from relume.runtime.behind import Behind
from relume.runtime.colour_options import ColourOptions
from relume.runtime.files import appearing, sha256
from relume.runtime.flow import BASE_MEMORY, Place, column_bytes, cut, strips
from relume.runtime.options import EngineName, Estimate, Options, PrecisionName, Progress, Result
from relume.runtime.photo_options import PhotoOptions, read_hints
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
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.table import planned
from relume.runtime.tiling import Plan as Tiles
from relume.runtime.working import Working
from relume.signal import Array

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
Seal = Callable[[Path, Result], None] | None

_BLOCK_BYTES = 8 << 20
"""How much of a strip is handed on at a time: what is that small is allocated from memory in use already."""
_BYTES_A_SAMPLE = {"png": 0.65, "jpeg": 0.2, "webp": 0.4, "tiff": 0.8}
"""Of each raw byte, how many an encoded photograph takes, roughly and upwards."""


def restore_file(
    source: Path | bytes,
    target: Path,
    options: Options,
    progress: Watch = None,
    on_tile: OnTile = None,
    seal: Seal = None,
    replacing: bool = False,
) -> Result:
    """Restore ``source`` (a file, or its bytes) into the new file ``target``, whose suffix gives the format.

    ``progress`` is called after each tile; ``on_tile`` before it, with the output's row and column where the tile
    belongs and its working values, (h, w, bands) float32 in [0, 1], which hold during the call alone. ``seal`` is
    called with the finished file, before it takes its name, and the result. ``replacing``: there may be a target, which
    gives way. Raises a RelumeError; then, as after an interruption, no file is left.
    """
    started = time.perf_counter()
    kind = written_kind(target.suffix)
    mask_kind = options.mask_out and masks.check_target(options.mask_out)
    with contextlib.ExitStack() as ends:  # the first to begin is the last to take its name
        partial = ends.enter_context(appearing(target, replacing=replacing))
        report = options.report and ends.enter_context(appearing(options.report, replacing=replacing))
        mask_out = options.mask_out and ends.enter_context(appearing(options.mask_out, replacing=replacing))
        lut_out = options.lut_out and ends.enter_context(appearing(options.lut_out, replacing=replacing))
        task = planned(Request(lambda: _open(source, options), options, progress))
        picture = task.source
        dtype = written_dtype(kind, task.dtype)
        check_target(kind, task.width, task.height, task.bands, picture.name)
        metadata, unfit = picture.metadata.fit_for(task.bands)
        metadata = metadata.stripped() if options.strip else metadata
        made = Target(
            kind=kind,
            width=task.width,
            height=task.height,
            bands=task.bands,
            dtype=dtype,
            metadata=metadata.declaring(task.source_type),
            lossless=picture.lossless,
            compression=picture.compression,
        )
        sink = open_sink(partial, made)
        try:
            tiles, agreement = _run(task, dtype, options, progress, sink, on_tile)
            sink.finish()
        except BaseException:
            sink.abandon()
            raise
        digest = sha256(partial)
        if report is not None:
            heat.write(report, agreement.heat())
        if mask_out and mask_kind:
            masks.write(mask_out, mask_kind, _mask_of(task))
        if lut_out:
            from relume.runtime.tasks import relic

            lut.write_cube(relic.change_of(task), lut_out, picture.name)
        notes = (*picture.notes, *unfit, *task.notes)
        if dtype != task.dtype:
            notes += (f"{kind.upper()} holds {8 * dtype.itemsize} bits a sample",)
        result = Result(
            width=made.width,
            height=made.height,
            bands=made.bands,
            depth=8 * dtype.itemsize,
            pixels_out=made.width * made.height,
            seconds=time.perf_counter() - started,
            network_seconds=task.network_seconds,
            task=options.task,
            scale=options.scale,
            model=task.shaper.model.name if task.shaper else "none",
            model_sha256=task.shaper.model.sha256 if task.shaper else None,
            engine=task.shaper.network.engine if task.shaper else "numpy",
            precision=task.precision,
            tile=tiles.tile,
            consistency_db=round(agreement.decibels, 3) if task.compared else None,
            source_sha256=hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else sha256(source),
            output_sha256=digest,
            digital_source_type=task.source_type,
            notes=notes,
            parameters=_parameters(options, task),
            realism=None if task.dial is None else task.dial.recorded(),
            models=task.models,
            decisions=task.decisions,
        )
        if seal is not None:
            seal(partial, result)
    return result


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
    scale: int | None = None,
    *,
    model: str | None = None,
    engine: EngineName = "auto",
    precision: PrecisionName = "auto",
    max_memory: int | None = None,
    consistent: bool = False,
    self_ensemble: bool = False,
    threads: int | None = None,
    realism: float = 0.0,
    strength: float | None = None,
    mask: Any = None,
    sigma: float | None = None,
    block: int | None = None,
    hints: Iterable[str | tuple[int, int, str]] = (),
    colour: bool = False,
    colour_strength: float = 1.0,
    lock_neutral: bool = False,
    chart: tuple[int, int, int, int] | None = None,
    lut: str | Path | None = None,
) -> Any:
    """The restored picture, of the same kind as ``image``; of a path, an array as below.

    ``image``: an array (H, W) or (H, W, C) of uint8, uint16 or float32 in [0, 1], C = 1 gray, 2 gray and alpha, 3 RGB,
    4 RGB and alpha; or a PIL image; or the path of a picture file. ``realism``: 0 faithful, 1 rich in texture.
    ``self_ensemble``: the mean of eight looks at the picture, flipped and turned, in eight times the time.
    For photographs (see :class:`PhotoOptions`): ``strength``; ``mask``, a path, a PIL image or an array (H, W);
    ``sigma`` in 8-bit levels; ``block``; ``hints``, ``"120,48=#8a5a3c"`` or ``(120, 48, "#8a5a3c")``; ``colour``.
    For relics (see :class:`ColourOptions`): ``colour_strength``, ``lock_neutral``, ``chart``, and ``lut``, a .cube.
    Raises a RelumeError.
    """
    path = str(mask) if isinstance(mask, str | Path) else None
    options = Options(
        task=task,
        scale=scale,  # type: ignore[arg-type]  # None is the task's own
        photo=PhotoOptions(strength, path, None, sigma, block, read_hints(hints), colour),
        model=model,
        engine=engine,
        precision=precision,
        max_memory=max_memory,
        consistent=consistent,
        self_ensemble=self_ensemble,
        threads=threads,
        realism=realism,
        relic=ColourOptions(colour_strength, lock_neutral, chart, lut=None if lut is None else str(lut)),
    )

    def again() -> Source:
        return _open(Path(image), options) if isinstance(image, str | Path) else from_object(image)

    ready = planned(Request(again, options, mask=None if mask is None or path else np.asarray(mask)))
    out = np.empty((ready.height, ready.width, ready.bands), ready.dtype)
    _run(ready, ready.dtype, options, None, _Collected(out))
    return to_object(out, image)


def estimate(source: Path, options: Options) -> Estimate:
    """What restoring ``source`` would give and cost: the time by this machine's measured speed, the rest by size."""
    task = planned(Request(lambda: _open(source, options), options, dry=True))
    kind = written_kind(output_suffix(source))
    dtype = written_dtype(kind, task.dtype)
    tiles = cut(task.source, task.step, dtype, options.memory)
    rows, columns = tiles.tile
    precision = task.shaper.network.precision if task.shaper else "f32"
    return Estimate(
        width=task.width,
        height=task.height,
        pixels_out=task.width * task.height,
        seconds=1.2 * 2 * task.step.macs * tiles.pixels / (1e9 * engine.gigaflops(precision)) + 0.3,
        memory=BASE_MEMORY
        + task.step.footprint * rows * columns
        + column_bytes(task.source, task.step, dtype) * rows * task.source.width,
        disk=math.ceil(_BYTES_A_SAMPLE[kind] * task.width * task.height * task.bands * dtype.itemsize),
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


def _run(
    task: Plan,
    dtype: np.dtype[Any],
    options: Options,
    progress: Watch,
    sink: Sink,
    on_tile: OnTile = None,
) -> tuple[Tiles, Agreement]:
    """Restore all of the picture into ``sink``, and measure how well the result agrees with it."""
    picture, step, scale, seen = task.source, task.step, task.step.scale, task.expected
    working = Working(picture.alpha, tone_curve(picture.metadata.profile))
    made = working if task.bands == picture.bands else Working(picture.alpha)
    tiles = cut(picture, step, dtype, options.memory)
    agreement = Agreement(
        picture.height,
        picture.width,
        scale,
        working.of,
        mapped=options.report is not None,
        expected=None if seen is None else lambda low: seen(low, Place()),
        made=made.of,
    )
    top, left = task.crop
    row = 0

    def take(low: Array, high: Array) -> None:
        nonlocal row
        rows = max(1, _BLOCK_BYTES // (high[0].nbytes * scale))
        for start in range(0, len(low), rows):
            block = high[start * scale : (start + rows) * scale]
            own = block[max(0, top - row) : max(0, top + task.height - row), left : left + task.width]
            row += len(block)
            if len(own):
                sink.write(own)
            if task.compared:
                agreement.add(low[start : start + rows], block)

    with Behind() as behind:
        for low, high in strips(picture, step, tiles, working, dtype, progress, on_tile, made, behind):
            behind.do(partial(take, low.copy(), high))
    return tiles, agreement


def _mask_of(task: Plan) -> Array:
    """What was filled, (H, W) bool at the size of the input."""
    return np.zeros((task.source.height, task.source.width), bool) if task.mask is None else task.mask


def _parameters(options: Options, task: Plan) -> dict[str, Any]:
    """All of the options that shape the output, as plain values, with what 'auto' and None turned out to be."""
    chosen = dataclasses.asdict(options) | {"report": None, "mask_out": None, "lut_out": None}
    if options.task == "relic":
        from relume.runtime.tasks import relic

        chosen["model"] = options.model or relic.detail_of(task)
    elif options.task != "photo" and task.shaper is not None:
        model = task.shaper.model if task.dial is None else task.dial.faithful
        chosen["model"] = options.model or model.name
    if task.shaper is not None and task.shaper.network.engine in ("openvino", "onnxruntime"):
        chosen |= {"engine": task.shaper.network.engine, "precision": task.precision}
    return chosen
