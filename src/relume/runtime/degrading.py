"""A picture file degraded on purpose: read whole, degraded by a seed, written beside its damage mask."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relume.degrade.base import PictureDegradation, mask_of
from relume.degrade.pixels import resample
from relume.degrade.sheet import contact_sheet
from relume.runtime.pictures import (
    Metadata,
    Source,
    Target,
    check_target,
    open_sink,
    open_source,
    written_dtype,
    written_kind,
)
from relume.runtime.pictures.errors import Exists, Unwritable
from relume.signal import Array, UsageError

# A degradation sees the whole picture, in float, several times over: about 100 bytes a pixel.
MAX_PIXELS = 100_000_000
MAX_MEMORY = 1 << 31


@dataclass(frozen=True)
class Degraded:
    """What was written: the size in pixels, and the share of damaged pixels in [0, 1] (None: no mask)."""

    width: int
    height: int
    damaged: float | None


def degrade_file(
    source: Path, target: Path, degradation: PictureDegradation, seed: int, mask_target: Path | None = None
) -> Degraded:
    """Degrade ``source`` into ``target``, which must not exist; the same seed gives the same file.

    ``mask_target``: where the damage mask goes, a gray PNG, TIFF or WebP, 255 where the picture is damaged. Samples and
    alpha keep their kind. Raises the kinds of ``relume.signal``; nothing is left behind then.
    """
    picture, samples = _read(source)
    _refuse(source, target, mask_target)
    x = samples[..., : picture.colours]
    x = x[..., 0] if picture.colours == 1 else x
    draw = degradation.draw(x.shape, np.random.default_rng(seed))
    mask = mask_of(draw)
    if mask_target is not None and mask is None:
        raise UsageError(
            f"{mask_target}: there is no mask to write; nothing in this draw damages a part of the picture only"
        )
    y = degradation.apply(x, draw)
    size = (y.shape[0], y.shape[1])
    out = y.reshape(*size, picture.colours)
    if picture.alpha:
        alpha = samples[..., -1]
        alpha = alpha if alpha.shape == size else resample(alpha, size, "area")
        out = np.concatenate([out, alpha[..., None]], 2)
    with _together(target, mask_target):
        if mask_target is not None and mask is not None:
            _write(mask_target, mask[..., None].astype(np.float32), np.dtype(np.uint8), Metadata())
        _write(target, out, picture.dtype, picture.metadata)
    return Degraded(size[1], size[0], None if mask is None else float(mask.mean()))


def sheet_file(source: Path, target: Path, degradations: list[PictureDegradation], seed: int) -> Degraded:
    """Write a contact sheet of ``degradations`` on the middle of ``source``; see :func:`contact_sheet`."""
    picture, samples = _read(source)
    _refuse(source, target, None)
    x = samples[..., : picture.colours]
    sheet = contact_sheet(x[..., 0] if picture.colours == 1 else x, degradations, np.random.default_rng(seed))
    with _together(target, None):
        _write(target, sheet, np.dtype(np.uint8), Metadata())
    return Degraded(sheet.shape[1], sheet.shape[0], None)


def _read(source: Path) -> tuple[Source, Array]:
    """The picture, and its samples (H, W, bands) as float32 in [0, 1]."""
    picture = open_source(source, max_pixels=MAX_PIXELS, max_memory=MAX_MEMORY)
    samples = picture.read(0, picture.height).astype(np.float32)
    samples /= picture.white
    return picture, samples


def _refuse(source: Path, target: Path, mask_target: Path | None) -> None:
    for path in filter(None, (target, mask_target)):
        written_kind(path.suffix)
        if path.exists():
            raise Exists(f"{path}: exists already; remove it or choose another name")
    if mask_target is not None and mask_target.absolute() == target.absolute():
        raise UsageError(f"{target}: the picture and its mask need names of their own")


@contextlib.contextmanager
def _together(*paths: Path | None) -> Iterator[None]:
    """Begin the files as new ones, and remove all of them if anything inside fails."""
    made: list[Path] = []
    try:
        for path in filter(None, paths):
            try:
                path.open("xb").close()
            except FileExistsError as error:
                raise Exists(f"{path}: exists already; remove it or choose another name") from error
            except OSError as error:
                raise Unwritable(f"{path}: cannot be written: {error.strerror}") from error
            made.append(path)
        yield
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _write(path: Path, picture: Array, dtype: np.dtype, metadata: Metadata) -> None:  # type: ignore[type-arg]
    """Write (H, W, bands) float in [0, 1] as samples of ``dtype``, or of the nearest kind that the format holds."""
    kind = written_kind(path.suffix)
    height, width, bands = picture.shape
    check_target(kind, width, height, bands, str(path))
    held = written_dtype(kind, dtype)
    white = 1 if held.kind == "f" else np.iinfo(held).max
    samples = picture if held.kind == "f" else np.rint(np.clip(picture, 0, 1) * white)
    sink = open_sink(path, Target(kind, width, height, bands, held, metadata))
    try:
        sink.write(samples.astype(held))
        sink.finish()
    except BaseException:
        with contextlib.suppress(Exception):
            sink.abandon()
        raise
