"""The residual layer: what was added to the original to make the result, to the bit.

Let B be the original, at x2 and x4 enlarged by bicubic interpolation. The layer holds, for every sample of the result,

    layer = (result - B + 32768) mod 65536,    so that    result = (B + layer - 32768) mod 65536,

in a 16-bit TIFF: 32768 means no change. The difference of two 8-bit pictures always fits; that of two 16-bit ones may
wrap around, and the modulus takes it back. B is exact on any machine: at these factors the weights of the cubic are
multiples of 1/128 and 1/1024, and double precision holds their sums without rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relume.degrade.resample import weights
from relume.runtime.files import appearing
from relume.runtime.options import DEFAULT_MEMORY, DEFAULT_PIXELS
from relume.runtime.pictures import Metadata, Source, Target, open_sink, open_source
from relume.runtime.resampling import mirror
from relume.signal import Array, UsageError

ZERO = 1 << 15
SCALES = (1, 2, 4)
_REACH = 2
_BAND_BYTES = 16 << 20


@dataclass(frozen=True)
class Residual:
    """What a layer says in sum: ``changed`` samples, a share of all; ``largest`` and ``mean`` difference, in [0, 1]."""

    changed: float
    largest: float
    mean: float


def opened(path: Path) -> Source:
    """A picture that may be as large as results become."""
    return open_source(path, max_pixels=64 * DEFAULT_PIXELS, max_memory=2 * DEFAULT_MEMORY)


def write(original: Path, result: Path, target: Path) -> Residual:
    """Write the layer between two files, read in strips; raises UsageError where they do not belong together."""
    low, high = opened(original), opened(result)
    scale = _scale(low, high)
    made = Target("tiff", high.width, high.height, high.bands, np.dtype(np.uint16), Metadata())
    changed, total, largest, samples = 0, 0.0, 0, 0
    with appearing(target) as partial:
        sink = open_sink(partial, made)
        try:
            for start, base in _bases(low, scale, high.dtype):
                rows = high.read(start, start + len(base)).astype(np.int32)
                rows -= base
                changed += int(np.count_nonzero(rows))
                largest = max(largest, int(np.abs(rows).max()))
                total += float(np.abs(rows).sum(dtype=np.float64))
                samples += rows.size
                sink.write(((rows + ZERO) & 0xFFFF).astype(np.uint16))
            sink.finish()
        except BaseException:
            sink.abandon()
            raise
    return Residual(changed / samples, largest / high.white, total / samples / high.white)


def rebuild(original: Path, layer: Path, target: Path, depth: int, strength: float = 1.0) -> None:
    """The result again as a TIFF of ``depth`` 8 or 16 bits, from the original and its layer.

    ``strength`` 1 gives it to the bit, 0 the (enlarged) original, what lies between a blend.
    """
    if depth not in (8, 16) or not 0 <= strength <= 1:
        raise UsageError(f"the depth is 8 or 16 and the strength from 0 to 1, not {depth} and {strength}")
    low, residual = opened(original), opened(layer)
    dtype = np.dtype(np.uint8 if depth == 8 else np.uint16)
    scale = _scale(low, residual)
    made = Target("tiff", residual.width, residual.height, residual.bands, dtype, low.metadata)
    with appearing(target) as partial:
        sink = open_sink(partial, made)
        try:
            for start, base in _bases(low, scale, dtype):
                result = (base + residual.read(start, start + len(base)) - ZERO) & 0xFFFF
                sink.write(np.rint(base + strength * (result - base)).astype(dtype))
            sink.finish()
        except BaseException:
            sink.abandon()
            raise


def enlarged(x: Array, scale: int) -> Array:
    """(n + 4, w, bands) integer samples, two rows of context at either end, to (s n, s w, bands) int32, clipped to 0.

    Bicubic (Keys, a = -1/2), halves rounded up; columns are mirrored at the sides.
    """
    if scale == 1:
        return x[_REACH : len(x) - _REACH].astype(np.int32)
    matrix = weights(2 * _REACH + 1, scale * (2 * _REACH + 1), float(scale))
    taps = matrix[scale * _REACH : scale * (_REACH + 1)]
    rows = np.empty((scale * (len(x) - 2 * _REACH), *x.shape[1:]))
    for phase in range(scale):
        rows[phase::scale] = sum(w * x[k : len(x) - 2 * _REACH + k] for k, w in enumerate(taps[phase]) if w)
    wide = rows[:, mirror(-_REACH, x.shape[1] + _REACH, x.shape[1])]
    out = np.empty((len(rows), scale * x.shape[1], x.shape[2]))
    for phase in range(scale):
        out[:, phase::scale] = sum(w * wide[:, k : x.shape[1] + k] for k, w in enumerate(taps[phase]) if w)
    return np.floor(out + 0.5).astype(np.int32)


def _bases(low: Source, scale: int, dtype: np.dtype) -> Iterator[tuple[int, Array]]:  # type: ignore[type-arg]
    """B in strips from the top, each with its first row in the result: int32 samples of ``dtype``."""
    white = np.iinfo(dtype).max
    factor = 257 if white > low.white else 1
    step = max(4, _BAND_BYTES // (8 * low.width * low.bands * scale * scale))
    held, first, have = np.empty((0, low.width, low.bands), low.dtype), 0, 0
    for start in range(0, low.height, step):
        stop = min(start + step, low.height)
        need = min(stop + _REACH, low.height)
        fresh = [low.read(have, need)] if need > have else []
        held = np.concatenate([held[max(0, start - _REACH) - first :], *fresh])
        first, have = max(0, start - _REACH), need
        context = held[mirror(start - _REACH, stop + _REACH, low.height) - first]
        yield start * scale, np.clip(enlarged(context.astype(np.float64) * factor, scale), 0, white)


def _scale(low: Source, high: Source) -> int:
    scale = high.width // low.width
    if scale not in SCALES or (high.width, high.height) != (low.width * scale, low.height * scale):
        sizes = f"{high.width}x{high.height} is not {low.width}x{low.height} times {', '.join(map(str, SCALES))}"
        raise UsageError(f"{high.name}: no residual to {low.name}: {sizes}")
    if high.bands != low.bands:
        raise UsageError(f"{high.name}: no residual to {low.name}: {high.bands} channels, not {low.bands}")
    if "f" in (low.dtype.kind, high.dtype.kind) or low.dtype.itemsize > high.dtype.itemsize:
        raise UsageError(f"{high.name}: no residual to {low.name}: it needs 8 or 16 bits, as many as the original")
    return scale
