"""Colour that can be measured: patches of known colour in the picture give the transform that fits them.

The patches' means and their references meet in linear light (ROMM RGB, D50), where a change of illuminant, exposure or
filter is nearly linear; what faded in the coded values is fitted there. Candidates are those of colour-science: affine
(Cheung et al. 2004) and root-polynomial (Finlayson, Mackiewicz and Hurlbert 2015). Which one serves is decided by
leaving each patch out in turn, so that a flexible fit cannot praise itself.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from relume.metrics import ciede2000
from relume.runtime.colour_options import Patch
from relume.runtime.files import why
from relume.runtime.glance import Box
from relume.runtime.lut import Lut
from relume.runtime.pictures import colours
from relume.runtime.pictures.icc import srgb_encode
from relume.signal import Array, InputRejected, UsageError

CHECKER = "ColorChecker24 - After November 2014"
ROWS, COLUMNS = 4, 6
LEAST_PATCHES = 6
NODES = 33
WORST = 10.0
"""Mean CIEDE2000, each patch left out in turn, above which the patches are not what they are said to be."""
LEAST_SPREAD = 4.0
"""Standard deviation of the patches' L*, a* and b* together below which there is nothing to fit."""
_INNER = 1 / 3
"""Of each field of a chart, the part that is measured, away from its frame."""
_GAMMA = 1 / 2.4


class ChartRejected(InputRejected):
    """A chart that is not there, a reference with too few patches, or a table of patches that makes no sense."""

    code = "chart"


@dataclass(frozen=True)
class Fit:
    """A transform of colours. Mean CIEDE2000 to the references: ``before``, ``after``, and ``left_out`` in turn."""

    method: str
    before: float
    after: float
    left_out: float
    patches: int
    change: Callable[[Array], Array]

    def plain(self) -> dict[str, Any]:
        """What a record keeps."""
        numbers = {name: round(getattr(self, name), 3) for name in ("before", "after", "left_out")}
        names = {"before": "delta_e_before", "after": "delta_e_after", "left_out": "delta_e_left_out"}
        return {"method": self.method, "patches": self.patches} | {names[k]: v for k, v in numbers.items()}


def fields(chart: Box) -> tuple[Box, ...]:
    """The inner parts of the 24 fields of a chart whose patches fill the box, row by row as it lies."""
    x0, y0, x1, y1 = chart
    rows, columns = (ROWS, COLUMNS) if x1 - x0 >= y1 - y0 else (COLUMNS, ROWS)
    wide, tall = (x1 - x0) / columns, (y1 - y0) / rows
    if min(wide, tall) * _INNER < 2:
        raise ChartRejected(f"no chart can be read in {x1 - x0}x{y1 - y0} pixels: its fields are too small")
    found = []
    for row in range(rows):
        for column in range(columns):
            left, top = x0 + (column + 0.5 - _INNER / 2) * wide, y0 + (row + 0.5 - _INNER / 2) * tall
            found.append((round(left), round(top), round(left + _INNER * wide), round(top + _INNER * tall)))
    return tuple(found)


def checker(chart: Box) -> list[Array]:
    """CIELAB (D50) of the ColorChecker's patches in the order of :func:`fields`, for each way it can be turned."""
    x0, y0, x1, y1 = chart
    colour = _colour()
    data = colour.CCS_COLOURCHECKERS[CHECKER]
    xyz = colour.xyY_to_XYZ(np.array(list(data.data.values())))
    lab = np.asarray(colour.XYZ_to_Lab(xyz, data.illuminant)).reshape(ROWS, COLUMNS, 3)
    turns = (0, 2) if x1 - x0 >= y1 - y0 else (1, 3)
    return [np.rot90(lab, turn).reshape(-1, 3) for turn in turns]


def of_checker(measured: Array, chart: Box, name: str) -> Fit:
    """The fit to a ColorChecker whose fields are ``measured`` (24, 3), CIELAB; ChartRejected if none is there."""
    _check_spread(measured, name)
    best = min((_best(measured, reference) for reference in checker(chart)), key=lambda fit: fit.left_out)
    if best.left_out > WORST:
        raise ChartRejected(
            f"{name}: no ColorChecker in the box {','.join(map(str, chart))}: "
            f"the best fit leaves a colour difference of {best.left_out:.0f}"
        )
    return best


def of_patches(measured: Array, patches: tuple[Patch, ...], name: str) -> Fit:
    """The fit to reference patches whose CIELAB is ``measured`` (n, 3); raises ChartRejected where they do not fit."""
    _check_spread(measured, name)
    best = _best(measured, np.array(patches)[:, 4:])
    if best.left_out > WORST:
        raise ChartRejected(
            f"{name}: the reference patches do not fit: the best transform leaves a colour difference of "
            f"{best.left_out:.0f}; check their places and values"
        )
    return best


def read_patches(path: Path) -> tuple[Patch, ...]:
    """Read a CSV with the columns x0, y0, x1, y1 and either L, a, b (CIELAB, D50) or r, g, b (sRGB, 0 to 255)."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            names = tuple((name or "").strip() for name in reader.fieldnames or ())
            rows = [dict(zip(names, row.values(), strict=False)) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise ChartRejected(f"{path}: cannot be read as a table of patches: {why(error)}") from error
    kinds = [kind for kind in (("L", "a", "b"), ("r", "g", "b")) if set(kind) <= set(names)]
    if not {"x0", "y0", "x1", "y1"} <= set(names) or not kinds:
        raise ChartRejected(f"{path}: needs the columns x0,y0,x1,y1 and L,a,b (or r,g,b); it has {','.join(names)}")
    if len(rows) < LEAST_PATCHES:
        raise ChartRejected(f"{path}: {len(rows)} patches; a transform needs at least {LEAST_PATCHES}")
    found: list[Patch] = []
    for number, row in enumerate(rows, 2):
        try:
            x0, y0, x1, y1 = (float(row[name]) for name in ("x0", "y0", "x1", "y1"))
            values = np.array([float(row[name]) for name in kinds[0]])
        except (TypeError, ValueError) as error:
            raise ChartRejected(f"{path}: line {number} holds what is no number") from error
        if not (np.isfinite([x0, y0, x1, y1, *values]).all() and 0 <= x0 < x1 and 0 <= y0 < y1):
            raise ChartRejected(f"{path}: line {number} is no box with a colour")
        lab = values if kinds[0][0] == "L" else colours.to_lab(values[None] / 255, b"")[0]
        found.append((x0, y0, x1, y1, float(lab[0]), float(lab[1]), float(lab[2])))
    return tuple(found)


def boxes(patches: tuple[Patch, ...]) -> tuple[Box, ...]:
    """The places of the patches in whole pixels, at least one each."""
    return tuple(
        (int(x0), int(y0), max(int(x0) + 1, round(x1)), max(int(y0) + 1, round(y1))) for x0, y0, x1, y1, *_ in patches
    )


def table(fit: Fit, profile: bytes, tone: Array | None = None, nodes: int = NODES) -> Lut:
    """The fit as a lookup table of working values, coded by ``tone`` (see :mod:`relume.runtime.working`).

    Raises BadProfile where the profile has no inverse.
    """
    grid = Lut.identity(nodes).table.reshape(-1, 3)
    if tone is not None:
        codes, worked = np.linspace(0, 1, len(tone)), srgb_encode(tone)
        grid = np.interp(grid, worked, codes)
    out = np.clip(colours.from_lab(fit.change(colours.to_lab(grid, profile)), profile), 0, 1)
    if tone is not None:
        out = np.interp(out, codes, worked)
    return Lut(out.reshape(nodes, nodes, nodes, 3).astype(np.float32))


def _check_spread(measured: Array, name: str) -> None:
    spread = float(np.sqrt(measured.var(axis=0).sum()))
    if spread < LEAST_SPREAD:
        raise ChartRejected(
            f"{name}: no chart there: its patches all look alike (they spread by {spread:.1f} in CIELAB)"
        )


def _colour() -> ModuleType:
    try:
        import colour
    except ImportError as error:
        raise UsageError("charts and reference patches need colour-science: pip install 'relume[relic]'") from error
    return colour  # type: ignore[no-any-return]


def _best(measured: Array, reference: Array) -> Fit:
    """The candidate whose error, each patch left out in turn, is least."""
    before = float(ciede2000(measured, reference).mean())
    fits = []
    for method, (terms, solve) in _candidates().items():
        if terms > len(measured) - 2:
            continue
        errors = []
        for out in range(len(measured)):
            kept = np.arange(len(measured)) != out
            change = solve(measured[kept], reference[kept])
            errors.append(float(ciede2000(change(measured[out : out + 1]), reference[out : out + 1])[0]))
        change = solve(measured, reference)
        after = float(ciede2000(change(measured), reference).mean())
        fits.append(Fit(method, before, after, float(np.mean(errors)), len(measured), change))
    return min(fits, key=lambda fit: fit.left_out)


Solve = Callable[[Array, Array], Callable[[Array], Array]]


def _candidates() -> dict[str, tuple[int, Solve]]:
    """name -> (weights of each channel, how to solve for them)"""
    return {
        "no change": (0, lambda measured, reference: lambda lab: lab),
        "linear in light": (3, _solver("Cheung 2004", coded=False, terms=3)),
        "affine in light": (4, _solver("Cheung 2004", coded=False, terms=4)),
        "affine in coded values": (4, _solver("Cheung 2004", coded=True, terms=4)),
        "root-polynomial of degree 2 in light": (6, _solver("Finlayson 2015", coded=False, degree=2)),
    }


def _solver(method: str, *, coded: bool, **keywords: int) -> Solve:
    colour = _colour()

    def solve(measured: Array, reference: Array) -> Callable[[Array], Array]:
        matrix = colour.characterisation.matrix_colour_correction(
            _light(measured, coded), _light(reference, coded), method=method, **keywords
        )

        def change(lab: Array) -> Array:
            light = _light(lab, coded)
            moved = colour.characterisation.apply_matrix_colour_correction(light, matrix, method=method, **keywords)
            return _lab(np.maximum(moved, 0), coded)

        return change

    return solve


def _light(lab: Array, coded: bool) -> Array:
    """CIELAB (D50) to ROMM RGB, in linear light or coded with a gamma of 2.4; not below 0."""
    colour = _colour()
    space = colour.RGB_COLOURSPACES["ROMM RGB"]
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]
    light = np.maximum(colour.Lab_to_XYZ(lab, white) @ space.matrix_XYZ_to_RGB.T, 0)
    return np.asarray(light**_GAMMA if coded else light)


def _lab(light: Array, coded: bool) -> Array:
    """The inverse of :func:`_light`."""
    colour = _colour()
    space = colour.RGB_COLOURSPACES["ROMM RGB"]
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D50"]
    linear = light ** (1 / _GAMMA) if coded else light
    return np.asarray(colour.XYZ_to_Lab(linear @ space.matrix_RGB_to_XYZ.T, white))
