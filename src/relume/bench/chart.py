"""What a chart in the frame is worth: pictures taken in the wrong light, put right by a chart and by rules.

The truth is a picture with a ColorChecker pasted into its corner. A capture, drawn by a seed, gives it another light
(gains of the channels in linear light), an exposure, crosstalk between channels, flare, another tone curve and noise.
The chart is found in the frame by its box; the error is measured on the picture alone, outside the chart.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from relume.bench.relic import auto_levels, gray_world
from relume.bench.results import interval
from relume.bench.sets import Picture
from relume.colour import linear_to_srgb, srgb_to_linear
from relume.degrade.resample import to_bytes
from relume.metrics import delta_e
from relume.runtime import chart
from relume.runtime.pictures import colours
from relume.runtime.restore import restore
from relume.signal import Array

BOX = (8, 8, 8 + 6 * 24, 8 + 4 * 24)
PROTOCOL = (
    "a ColorChecker of 24x24-pixel fields pasted into each picture; captures by a draw of their own from the seed and "
    "the name: gains 0.5 to 1 of the channels and exposure 0.5 to 1 in linear light, crosstalk up to 0.1, flare up to "
    "0.04, tone curve x^g with g from 0.85 to 1.2, noise of 0.005, rounded to 8 bits; mean CIEDE2000 (sRGB, D65) of "
    "the picture outside the chart's corner; means with Student's 95 % interval; chart: the task relic with --chart"
)


def framed(pixels: Array) -> Array:
    """(H, W, 3) uint8 with the chart in its top left corner, in [0, 1]."""
    x = pixels / 255.0
    fields = colours.from_lab(chart.checker(BOX)[0], b"").reshape(4, 6, 3)
    x[: BOX[3] + 8, : BOX[2] + 8] = 0.1
    x[BOX[1] : BOX[3], BOX[0] : BOX[2]] = fields.repeat(24, axis=0).repeat(24, axis=1)
    return x


def captured(x: Array, rng: np.random.Generator) -> Array:
    """(H, W, 3) in [0, 1], taken in another light by another camera; uint8."""
    light = srgb_to_linear(x) * rng.uniform(0.5, 1, 3) * rng.uniform(0.5, 1)
    mix = np.eye(3) + rng.uniform(0, 0.1, (3, 3)) * (1 - np.eye(3))
    light = light @ (mix / mix.sum(1, keepdims=True)).T
    flare = rng.uniform(0, 0.04)
    coded = linear_to_srgb(np.clip(light * (1 - flare) + flare, 0, 1)) ** rng.uniform(0.85, 1.2)
    return to_bytes(coded + rng.normal(0, 0.005, x.shape))


def by_chart(x: Array) -> Array:
    """The task relic, its colour measured on the chart."""
    return np.asarray(restore(x, task="relic", scale=1, model="none", chart=BOX))


RIVALS: dict[str, Callable[[Array], Array]] = {
    "as taken": lambda x: x,
    "gray-world": gray_world,
    "auto-levels": auto_levels,
    "chart": by_chart,
}


def measure(pictures: Sequence[Picture], set_name: str, seed: int) -> list[dict[str, Any]]:
    """One row for each rival: mean CIEDE2000 over ``pictures``, and how many stay below 5."""
    errors: dict[str, dict[str, float]] = {name: {} for name in RIVALS}
    for picture in pictures:
        if min(picture.pixels.shape[:2]) < 2 * BOX[2] or picture.pixels.ndim != 3:
            continue
        truth = framed(picture.pixels)
        taken = captured(truth, np.random.default_rng([seed, zlib.crc32(picture.name.encode())]))
        own = np.ones(truth.shape[:2], bool)
        own[: BOX[3] + 8, : BOX[2] + 8] = False
        for name, mend in RIVALS.items():
            errors[name][picture.name] = delta_e(mend(taken)[own] / 255.0, truth[own])
    return [
        {
            "model": name,
            "set": set_name,
            "n": len(found),
            "delta_e": float(np.mean(list(found.values()))),
            "delta_e_interval_95": list(interval(list(found.values()))),
            "below_5": float(np.mean([value < 5 for value in found.values()])),
            "pictures": found,
        }
        for name, found in errors.items()
    ]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| set | way | dE2000 | pictures below 5 |", "|---|---|---|---|"]
    lines += [
        f"| {r['set']} ({r['n']}) | {r['model']} | {r['delta_e']:.2f} | {100 * r['below_5']:.0f} % |" for r in rows
    ]
    return "\n".join(lines)
