"""The random shapes that damage is made of: smooth fields, wandering strokes, spots, and cells with cracks between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relume.degrade.resample import resize
from relume.signal import Array

STROKE_STEP = 0.6


def smooth(shape: tuple[int, int], cells: float, rng: np.random.Generator) -> Array:
    """A smooth random field (H, W) float32, about standard normal; ``cells`` is its knots along the shorter side."""
    knots = tuple(min(side, max(2, round(cells * side / min(shape)) + 1)) for side in shape)
    return resize(rng.standard_normal(knots, np.float32), size=shape)


def fractal(
    shape: tuple[int, int], cells: float, octaves: int, rng: np.random.Generator, roughness: float = 0.5
) -> Array:
    """A rough random field (H, W) float32 of about unit variance: smooth fields of doubling detail and falling size."""
    weights = roughness ** np.arange(octaves)
    total = np.zeros(shape, np.float32)
    for octave, weight in enumerate(weights / np.sqrt((weights**2).sum())):
        total += np.float32(weight) * smooth(shape, cells * 2**octave, rng)
    return total


def wobble(count: int, knots: int, rng: np.random.Generator) -> Array:
    """A random curve of ``count`` samples in [0, 1], straight between ``knots`` random values."""
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, max(knots, 2)), rng.random(max(knots, 2)))


def ramp(value: Array, low: float, high: float) -> Array:
    """0 below ``low``, 1 above ``high``, a smooth cubic between (the other way round where low > high)."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Stroke:
    """Points along one line: position in pixels, half width in pixels and opacity in [0, 1], each (N,)."""

    y: Array
    x: Array
    half_width: Array
    opacity: Array


def wander(
    start: tuple[float, float],
    heading: float,
    length: float,
    rng: np.random.Generator,
    bend: float = 0.0,
    jitter: float = 0.0,
    step: float = STROKE_STEP,
) -> tuple[Array, Array]:
    """The (y, x) of a line that starts somewhere and drifts: ``bend`` radians over its length, ``jitter`` of tremor."""
    count = max(3, int(length / step))
    angle = heading + bend * np.linspace(-0.5, 0.5, count) + jitter * (wobble(count, 2 + count // 25, rng) * 2 - 1)
    return start[0] + step * np.cumsum(np.sin(angle)), start[1] + step * np.cumsum(np.cos(angle))


def rasterise(shape: tuple[int, int], strokes: list[Stroke]) -> Array:
    """Antialiased opacity (H, W) float32 in [0, 1] of many strokes; where they cross, the stronger one counts."""
    canvas = np.zeros(shape, np.float32)
    if not strokes:
        return canvas
    y, x, half, opacity = (
        np.concatenate([getattr(s, name) for s in strokes]).astype(np.float32)
        for name in ("y", "x", "half_width", "opacity")
    )
    reach = np.ceil(half + 0.5).astype(int)
    inside = (opacity > 0) & (y > -reach) & (y < shape[0] + reach) & (x > -reach) & (x < shape[1] + reach)
    for radius in np.unique(reach[inside]):
        chosen = inside & (reach == radius)
        cy, cx = np.floor(y[chosen]).astype(np.int64), np.floor(x[chosen]).astype(np.int64)
        offsets = np.arange(-radius, radius + 1)
        rows, cols = cy[:, None] + offsets, cx[:, None] + offsets
        dy, dx = rows + np.float32(0.5) - y[chosen, None], cols + np.float32(0.5) - x[chosen, None]
        distance = np.sqrt(dy[:, :, None] ** 2 + dx[:, None, :] ** 2)
        ink = np.clip(half[chosen, None, None] + 0.5 - distance, 0, 1) * opacity[chosen, None, None]
        ok = ((rows >= 0) & (rows < shape[0]))[:, :, None] & ((cols >= 0) & (cols < shape[1]))[:, None, :] & (ink > 0)
        flat = (rows[:, :, None] * shape[1] + cols[:, None, :])[ok]
        np.maximum.at(canvas.reshape(-1), flat, ink[ok].astype(np.float32))
    return canvas


def spots(
    shape: tuple[int, int],
    centres: Array,
    radii: Array,
    opacities: Array,
    rng: np.random.Generator,
    softness: float,
    ragged: float,
) -> Array:
    """Opacity (H, W) float32 of round-about spots: centres (N, 2), radii (N,) in pixels, opacities (N,).

    ``softness`` is the width of the edge as a part of the radius; ``ragged`` how far the outline strays from a circle.
    """
    canvas = np.zeros(shape, np.float32)
    phases = rng.random((len(radii), 3)) * 2 * np.pi
    for (cy, cx), radius, opacity, phase in zip(centres, radii, opacities, phases, strict=True):
        reach = radius * (1 + ragged + softness) + 1
        top, left = max(0, int(cy - reach)), max(0, int(cx - reach))
        bottom, right = min(shape[0], int(cy + reach) + 2), min(shape[1], int(cx + reach) + 2)
        if top >= bottom or left >= right:
            continue
        dy = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - cy))[:, None]
        dx = (np.arange(left, right, dtype=np.float32) + np.float32(0.5 - cx))[None, :]
        angle = np.arctan2(dy, dx)
        wave = sum(np.sin((k + 2) * angle + phase[k]) / (k + 1.5) for k in range(3))
        distance = np.sqrt(dy * dy + dx * dx) / (1 + ragged * wave * np.float32(0.6))
        edge = max(softness * radius, 0.5)
        patch = np.float32(opacity) * ramp(distance, radius + edge, radius - edge)
        window = canvas[top:bottom, left:right]
        np.maximum(window, patch.astype(np.float32), out=window)
    return canvas


@dataclass(frozen=True)
class Cells:
    """A plane cut into cells: distance to the nearest border in cell sizes, and a random number per cell, (H, W)."""

    border: Array
    value: Array


def cells(shape: tuple[int, int], size: float, rng: np.random.Generator, warp: float = 0.15) -> Cells:
    """Cut (H, W) into Voronoi cells about ``size`` pixels wide, with borders that stray by ``warp`` of a cell.

    The seeds are a jittered grid, so a pixel needs to look at nine of them only; the distance to the border is the
    distance to the bisector of the two nearest seeds.
    """
    height, width = shape
    rows, cols = int(np.ceil(height / size)) + 3, int(np.ceil(width / size)) + 3
    seed_y = (np.arange(rows)[:, None] + rng.random((rows, cols))).astype(np.float32)
    seed_x = (np.arange(cols)[None, :] + rng.random((rows, cols))).astype(np.float32)
    values = rng.random((rows, cols)).astype(np.float32)
    per_cell = min(shape) / size
    stray_y, stray_x = (np.float32(warp) * fractal(shape, 1.5 * per_cell, 2, rng) for _ in range(2))
    y = np.clip((np.arange(height, dtype=np.float32) / np.float32(size) + 1)[:, None] + stray_y, 1, rows - 1.001)
    x = np.clip((np.arange(width, dtype=np.float32) / np.float32(size) + 1)[None, :] + stray_x, 1, cols - 1.001)
    base = y.astype(np.int32) * cols + x.astype(np.int32)
    seed_y, seed_x = seed_y.reshape(-1), seed_x.reshape(-1)
    # Squared distance (in 2^-20 of a cell) and neighbour in one integer, so that the two least keep their seeds.
    first = np.full(shape, np.iinfo(np.int32).max, np.int32)
    second = first.copy()
    steps = np.array([dy * cols + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1)], np.int32)
    for neighbour, step in enumerate(steps):
        index = base + step
        dy, dx = y - seed_y.take(index, mode="clip"), x - seed_x.take(index, mode="clip")
        dy *= dy
        dx *= dx
        dy += dx
        dy *= 2**20
        key = (dy.astype(np.int32) << 4) | neighbour
        second = np.minimum(second, np.maximum(first, key))
        first = np.minimum(first, key)
    nearest, other = base + steps[first & 15], base + steps[second & 15]
    apart = np.hypot(
        seed_y.take(nearest, mode="clip") - seed_y.take(other, mode="clip"),
        seed_x.take(nearest, mode="clip") - seed_x.take(other, mode="clip"),
    )
    border = ((second >> 4) - (first >> 4)) * np.float32(2**-21) / np.maximum(apart, np.float32(1e-3))
    return Cells(border.astype(np.float32), values.reshape(-1).take(nearest, mode="clip"))
