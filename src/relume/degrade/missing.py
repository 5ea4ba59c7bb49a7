"""Damage that takes the picture away: torn corners, holes, craquelure and flaked paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import uniform_filter

from relume.degrade.base import (
    Damage,
    Layer,
    Span,
    check_choice,
    check_span,
    cover,
    sample,
    sample_whole,
    unit_of,
)
from relume.degrade.fields import cells, fractal, ramp, smooth
from relume.signal import Array

Backing = Literal["white", "black", "card", "any"]
BACKINGS = {"white": (0.97, 0.97, 0.96), "black": (0.04, 0.04, 0.04), "card": (0.72, 0.66, 0.55)}
FIBRE = np.array([0.92, 0.89, 0.83])
CRACK = np.array([0.13, 0.10, 0.08])
PLASTER = np.array([0.80, 0.74, 0.64])


def torn(depth: Array, unit: float, backing: Array, rim: float) -> Layer:
    """What is left where ``depth`` (H, W), in pixels beyond the tear, is positive: the backing, behind a paper rim."""
    gone = np.clip(depth + 0.5, 0, 1)
    bare = np.clip(depth + rim * unit + 0.5, 0, 1)
    shade = 0.35 * ramp(depth, 3 * unit, 0) * (depth > 0)
    return cover(bare, FIBRE).under(cover(gone, backing)).under(cover(shade, np.zeros(3)))


def shifted(field: Array, by: int) -> Array:
    """``field`` (H, W) moved ``by`` pixels down and right (up and left where negative); its edge is repeated."""
    rows, cols = (np.clip(np.arange(side) - by, 0, side - 1) for side in field.shape)
    return field[rows][:, cols]


def backing_colour(name: Backing, rng: np.random.Generator) -> Array:
    """The colour behind the print, (3,) in [0, 1]."""
    names = list(BACKINGS)
    pick = names[int(rng.integers(len(names)))]
    return np.clip(np.array(BACKINGS[pick if name == "any" else name]) + rng.normal(0, 0.015), 0, 1)


@dataclass(frozen=True)
class Corners(Damage):
    """Corners torn off: the backing shows, and a rim of white paper fibre along the tear.

    ``count`` of the four corners; ``size`` as a part of the shorter side; ``backing`` white, black, card or any.
    """

    count: Span = (1, 3)
    size: Span = (0.05, 0.25)
    backing: Backing = "any"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 4, whole=True)
        check_span(self, "size", 0.005, 1)
        check_choice(self, "backing", (*BACKINGS, "any"))

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """The tears of the chosen corners, joined."""
        unit, side = unit_of(shape), min(shape)
        backing = backing_colour(self.backing, rng)
        rough = unit * (2.2 * fractal(shape, 8, 4, rng, roughness=0.6))
        depth = np.full(shape, -np.inf, np.float32)
        for corner in rng.permutation(4)[: sample_whole(self.count, rng)]:
            across, down = (side * sample(self.size, rng) for _ in range(2))
            y = np.arange(shape[0], dtype=np.float32)[:: -1 if corner & 1 else 1][:, None]
            x = np.arange(shape[1], dtype=np.float32)[:: -1 if corner & 2 else 1][None, :]
            slope = np.float32(1 / np.hypot(1 / across, 1 / down))
            depth = np.maximum(depth, (1 - y / np.float32(down) - x / np.float32(across)) * slope)
        return torn(depth + rough, unit, backing, rim=1.0 + 2.5 * rng.random())


@dataclass(frozen=True)
class Holes(Damage):
    """Holes and torn-out pieces: insects, pins, burns.

    ``count`` holes; ``size`` their radius as a part of the shorter side; ``ragged`` how far the outline strays;
    ``backing`` white, black, card or any.
    """

    count: Span = (1, 5)
    size: Span = (0.01, 0.09)
    ragged: float = 0.3
    backing: Backing = "any"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 200, whole=True)
        check_span(self, "size", 0.002, 1)
        check_span(self, "ragged", 0, 1)
        check_choice(self, "backing", (*BACKINGS, "any"))

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """All holes at once, over one backing."""
        unit, side = unit_of(shape), min(shape)
        backing = backing_colour(self.backing, rng)
        rough = fractal(shape, 12, 4, rng, roughness=0.6)
        depth = np.full(shape, -np.inf, np.float32)
        for _ in range(sample_whole(self.count, rng)):
            centre, radius = rng.random(2) * shape, np.float32(side * sample(self.size, rng))
            y = (np.arange(shape[0], dtype=np.float32) - np.float32(centre[0]))[:, None]
            x = (np.arange(shape[1], dtype=np.float32) - np.float32(centre[1]))[None, :]
            stretch = np.float32(0.7 + 0.6 * rng.random())
            hole = radius * (1 + np.float32(self.ragged) * rough) - np.sqrt(y * y * stretch + x * x / stretch)
            depth = np.maximum(depth, hole)
        return torn(depth, unit, backing, rim=0.6 + 1.2 * rng.random())


@dataclass(frozen=True)
class Craquelure(Damage):
    """The crack network of an old paint layer: wide cracks about large islands, finer ones within, absent in places.

    ``size`` of the islands in damage units; ``width`` of the cracks in damage units; ``opacity`` in [0, 1]; ``spread``
    in [0, 1], how much of the surface is cracked.
    """

    size: Span = (14.0, 45.0)
    width: Span = (0.5, 1.3)
    opacity: Span = (0.4, 0.95)
    spread: Span = (0.3, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "size", 2, 500)
        check_span(self, "width", 0.1, 20)
        check_span(self, "opacity", 0, 1)
        check_span(self, "spread", 0, 1)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Dark cracks, with a faint lit edge where the paint cups."""
        unit = unit_of(shape)
        size, width = max(4.0, unit * sample(self.size, rng)), unit * sample(self.width, rng)
        spread, opacity = sample(self.spread, rng), sample(self.opacity, rng)
        where = fractal(shape, 5, 3, rng)
        present = ramp(where, 1.6 - 3.6 * spread, 2.4 - 3.6 * spread)
        alpha = np.zeros(shape, np.float32)
        for level, finer in enumerate((1.0, 0.42)):
            away = cells(shape, max(7.0, size * finer), rng, warp=0.12).border * np.float32(max(7.0, size * finer))
            half = np.float32(0.5 * width * 0.5**level) * (0.5 + ramp(where + np.float32(0.7 * level), -0.5, 1.5))
            shown = present if level == 0 else present * ramp(smooth(shape, 6, rng), -0.2, 0.8)
            alpha = np.maximum(alpha, np.clip(half + np.float32(0.4) - away, 0, 1) * shown)
        lip = shifted(alpha, -1)
        return cover(0.25 * opacity * lip, np.ones(3)).under(cover(opacity * alpha, CRACK))


@dataclass(frozen=True)
class Flaking(Damage):
    """Paint that has come off in islands along its cracks, and the ground that shows there.

    ``size`` of the flakes in damage units; ``share`` in [0, 1] of the surface that is lost, about; ``ground`` white
    plaster, dark wood or any.
    """

    size: Span = (6.0, 18.0)
    share: Span = (0.02, 0.15)
    ground: Literal["plaster", "wood", "any"] = "any"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "size", 2, 500)
        check_span(self, "share", 0, 1)
        check_choice(self, "ground", ("plaster", "wood", "any"))

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Cells are lost where a rough field and the cell's own luck say so; their upper left rim lies in shadow."""
        unit = unit_of(shape)
        size, share = max(4.0, unit * sample(self.size, rng)), sample(self.share, rng)
        dark = self.ground == "wood" or (self.ground == "any" and rng.random() < 0.35)
        cut = cells(shape, size, rng, warp=0.25)
        luck = fractal(shape, 4, 3, rng) + 2.2 * (cut.value - np.float32(0.5))
        lost = luck > np.quantile(luck, 1 - share) if share > 0 else np.zeros(shape, bool)
        gone = uniform_filter(lost.astype(np.float32), 3)
        ground = (np.array([0.30, 0.22, 0.15]) if dark else PLASTER) + rng.normal(0, 0.04) + rng.normal(0, 0.01, 3)
        texture = np.float32(0.06) * fractal(shape, 30, 3, rng, roughness=0.8)
        ink = np.clip(ground.astype(np.float32) + texture[:, :, None], 0, 1)
        step = max(1, round(unit))
        shadow = gone * (1 - shifted(gone, step))
        return cover(gone, ink).under(cover(0.55 * shadow, np.zeros(3)))
