"""A change of colour as a 3D lookup table: estimated once, applied everywhere alike, given away as a ``.cube``.

Between the nodes the table is interpolated on tetrahedra (Sakamoto and Itasaki 1981; the six of Kasson et al. 1995),
as photo programs do. The gray axis is an edge of each of them: where its nodes are neutral, gray comes out gray.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from relume.runtime import files
from relume.signal import Array, InputRejected, UsageError

LEAST, MOST = 2, 129
"""Nodes a side. The format allows 256; what lies above 129 serves nobody and takes much memory."""
_BLOCK = 1 << 15
"""Pixels looked up in one go: their temporaries stay in the processor's cache."""


class BadLut(InputRejected):
    """A .cube file that is damaged, of another kind, or not of the size that it states."""

    code = "lut"


@dataclass(frozen=True, eq=False)
class Lut:
    """``table``: (D, D, D, 3) float32 in [0, 1]; ``table[r, g, b]`` is what (r, g, b) / (D - 1) becomes."""

    table: Array

    def __post_init__(self) -> None:
        shape = self.table.shape
        if len(shape) != 4 or len(set(shape[:3])) != 1 or shape[3] != 3 or not LEAST <= shape[0] <= MOST:
            raise UsageError(f"a lookup table is (D, D, D, 3) with D from {LEAST} to {MOST}, not {shape}")
        if not (self.table.min() >= 0 and self.table.max() <= 1):
            raise UsageError("the values of a lookup table must lie in [0, 1]")

    @classmethod
    def identity(cls, size: int) -> Self:
        """The table of ``size`` nodes a side that changes nothing."""
        axis = np.linspace(0, 1, size, dtype=np.float32)
        return cls(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1))

    @classmethod
    def of_network(cls, output: Array) -> Self:
        """From a network's (3, D, D, D), ``output[c, b, g, r]``, clipped."""
        if output.ndim != 4 or not np.isfinite(output).all():
            raise UsageError(f"a lookup table is (3, D, D, D) and finite, not {output.shape}")
        return cls(np.ascontiguousarray(np.clip(output, 0, 1).transpose(3, 2, 1, 0), dtype=np.float32))

    @property
    def size(self) -> int:
        """Nodes a side, D."""
        return int(self.table.shape[0])

    def at(self, strength: float) -> Lut:
        """``strength`` of the way from no change (0) to this table (1)."""
        if not 0 <= strength <= 1:
            raise UsageError(f"color-strength must be between 0 (no change) and 1 (all of it), not {strength}")
        if strength == 1:
            return self
        none = type(self).identity(self.size).table
        return type(self)(np.float32(1 - strength) * none + np.float32(strength) * self.table)

    def neutral(self) -> Lut:
        """This table with its gray axis gray: what the axis is tinted by is taken from all colours of one lightness."""
        axis = np.einsum("iiic->ic", self.table).astype(np.float64)
        tint = axis - axis.mean(axis=1, keepdims=True)
        nodes = np.linspace(0, 1, self.size)
        grays = type(self).identity(self.size).table.astype(np.float64).mean(axis=-1)
        shift = np.stack([np.interp(grays, nodes, tint[:, c]) for c in range(3)], axis=-1)
        table = np.clip(self.table - shift, 0, 1)
        index = np.arange(self.size)
        table[index, index, index] = np.clip(axis.mean(axis=1, keepdims=True), 0, 1)
        return type(self)(table.astype(np.float32))

    @property
    def tone(self) -> Array:
        """What gray becomes: (D,) float64, the mean over channels of the gray axis."""
        result: Array = np.einsum("iiic->ic", self.table).mean(axis=1, dtype=np.float64)
        return result

    @cached_property
    def _nodes(self) -> Array:
        """(D^3, 4): rows of 16 bytes are gathered fastest."""
        rows = np.zeros((self.size**3, 4), np.float32)
        rows[:, :3] = self.table.reshape(-1, 3)
        return rows

    def __call__(self, x: Array) -> Array:
        """(h, w, 3) or gray (h, w, 1) float32 in [0, 1] to the same shape."""
        flat = np.ascontiguousarray(x, dtype=np.float32).reshape(-1, x.shape[-1])
        if x.shape[-1] == 1:
            return np.interp(flat, np.linspace(0, 1, self.size), self.tone).astype(np.float32).reshape(x.shape)
        out = np.empty_like(flat)
        for start in range(0, len(flat), _BLOCK):
            self._look_up(flat[start : start + _BLOCK], out[start : start + _BLOCK])
        return out.reshape(x.shape)

    def _look_up(self, x: Array, out: Array) -> None:
        """With f1 >= f2 >= f3 the fractions inside a cell: V0 (1 - f1) + V1 (f1 - f2) + V12 (f2 - f3) + V123 f3."""
        last = self.size - 1
        position = x * np.float32(last)
        cell = np.minimum(position.astype(np.int32), last - 1)
        f = position - cell
        strides = np.array([self.size**2, self.size, 1], np.int32)
        corner = cell @ strides
        red, green, blue = f[:, 0], f[:, 1], f[:, 2]
        f1 = np.maximum(np.maximum(red, green), blue)
        f3 = np.minimum(np.minimum(red, green), blue)
        f2 = np.maximum(np.minimum(red, green), np.minimum(np.maximum(red, green), blue))
        first = np.where(f1 == red, strides[0], np.where(f1 == green, strides[1], strides[2]))
        third = np.where(f3 == blue, strides[2], np.where(f3 == green, strides[1], strides[0]))
        whole = int(strides.sum())
        nodes = self._nodes
        value = nodes.take(corner, axis=0) * (1 - f1)[:, None]
        value += nodes.take(corner + first, axis=0) * (f1 - f2)[:, None]
        value += nodes.take(corner + (whole - third), axis=0) * (f2 - f3)[:, None]
        value += nodes.take(corner + whole, axis=0) * f3[:, None]
        np.clip(value[:, :3], 0, 1, out=out)


def sha256(path: Path) -> str:
    """The hash of a .cube file; raises BadLut where it cannot be read."""
    try:
        return files.sha256(path)
    except OSError as error:
        raise BadLut(f"{path}: the .cube cannot be read: {error.strerror}") from error


def write_cube(lut: Lut, path: Path, title: str) -> None:
    """Write Adobe's Cube LUT 1.0 into a file that is there: red fastest, digits enough to read the same floats."""
    rows = lut.table.transpose(2, 1, 0, 3).reshape(-1, 3)
    quiet = "".join(c for c in title if c.isprintable() and c != '"')
    head = f'TITLE "{quiet}"\nLUT_3D_SIZE {lut.size}\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n'
    lines = "\n".join(f"{r:.9g} {g:.9g} {b:.9g}" for r, g, b in rows.tolist())
    path.write_text(head + lines + "\n", encoding="utf-8")


def read_cube(path: Path) -> Lut:
    """Read a 3D ``.cube`` of domain [0, 1]; raises BadLut where it is anything else."""
    try:
        if path.stat().st_size > 200 * MOST**3:
            raise BadLut(f"{path}: too large for a lookup table")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BadLut(f"{path}: cannot be read as a .cube: {files.why(error)}") from error
    size, values = 0, []
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words or words[0] == "TITLE":
            continue
        try:
            if words[0] == "LUT_1D_SIZE":
                raise BadLut(f"{path}: a one-dimensional table; relume takes LUT_3D_SIZE")
            if words[0] == "LUT_3D_SIZE":
                size = int(words[1])
            elif words[0] in ("DOMAIN_MIN", "DOMAIN_MAX"):
                if {float(word) for word in words[1:]} != {float(words[0] == "DOMAIN_MAX")}:
                    raise BadLut(f"{path}: its domain is not 0 to 1")
            else:
                values.append((float(words[0]), float(words[1]), float(words[2])))
                if not all(math.isfinite(v) for v in values[-1]):
                    raise ValueError
        except (ValueError, IndexError) as error:
            raise BadLut(f"{path}: line {number} makes no sense in a .cube: {line[:60]!r}") from error
    if not LEAST <= size <= MOST:
        raise BadLut(f"{path}: LUT_3D_SIZE must be between {LEAST} and {MOST}, not {size}")
    if len(values) != size**3:
        raise BadLut(f"{path}: {len(values)} rows, but LUT_3D_SIZE {size} needs {size**3}")
    table = np.clip(np.array(values, np.float32), 0, 1).reshape(size, size, size, 3).transpose(2, 1, 0, 3)
    return Lut(np.ascontiguousarray(table))
