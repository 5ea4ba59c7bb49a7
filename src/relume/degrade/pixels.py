"""Fewer pixels: pixelation and resizing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from relume.degrade.base import (
    PictureDegradation,
    Span,
    as_planes,
    check_choice,
    check_picture,
    check_span,
    picture_shape,
    sample,
    sample_whole,
)
from relume.degrade.resample import resize
from relume.signal import Array, Draw, UsageError

Kernel = Literal["bicubic", "area", "bilinear", "nearest"]
KERNELS: tuple[Kernel, ...] = ("bicubic", "area", "bilinear", "nearest")


def block_means(x: Array, block: int) -> Array:
    """Every ``block`` x ``block`` square of ``x`` (H, W[, C]) replaced by its mean; squares at the edge are cut."""
    rows, cols = (np.arange(0, side, block) for side in x.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(x, rows, 0), cols, 1)
    tall, wide = np.diff(np.append(rows, x.shape[0])), np.diff(np.append(cols, x.shape[1]))
    area = np.outer(tall, wide).astype(x.dtype).reshape(*sums.shape[:2], *(1,) * (x.ndim - 2))
    return np.repeat(np.repeat(sums / area, tall, 0), wide, 1)


@dataclass(frozen=True)
class Pixelate(PictureDegradation):
    """Pixelation: squares of ``block`` pixels, each of its mean colour."""

    block: Span = (2, 8)

    def __post_init__(self) -> None:
        check_span(self, "block", 1, 4096, whole=True)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden side of the ``block``."""
        picture_shape(shape)
        return Draw(hidden={"block": sample_whole(self.block, rng)})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Block means of ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        return block_means(check_picture(x), draw.hidden["block"])


@lru_cache(maxsize=64)
def overlaps(length: int, out_length: int) -> Array:
    """Area resampling of one axis, (out_length, length) float64: the share of each old pixel in each new one."""
    edges = np.linspace(0, length, out_length + 1)
    low, high = np.arange(length)[None, :], np.arange(1, length + 1)[None, :]
    shared = np.clip(np.minimum(edges[1:, None], high) - np.maximum(edges[:-1, None], low), 0, None)
    matrix = np.asarray(shared / shared.sum(1, keepdims=True))
    matrix.flags.writeable = False
    return matrix


def resample(x: Array, size: tuple[int, int], kernel: Kernel) -> Array:
    """``x`` (H, W) or (H, W, 3) in [0, 1] resized to ``size`` (height, width), clipped to [0, 1].

    ``bicubic`` is antialiased, ``area`` averages the covered pixels, ``bilinear`` and ``nearest`` take two and one
    sample per axis as they are (and so alias when they shrink, as many programs do).
    """
    if kernel == "bicubic":
        return np.clip(resize(x, size=size), 0, 1)
    if kernel == "area":
        down, across = (overlaps(a, b).astype(x.dtype) for a, b in zip(x.shape[:2], size, strict=True))
        planes = np.moveaxis(as_planes(x), 2, 0)
        return np.ascontiguousarray(np.moveaxis(down @ planes @ across.T, 0, 2)).reshape(*size, *x.shape[2:])
    centres = [(np.arange(b) + 0.5) * (a / b) - 0.5 for a, b in zip(x.shape[:2], size, strict=True)]
    if kernel == "nearest":
        rows, cols = (np.clip(np.floor(c + 0.5).astype(int), 0, a - 1) for c, a in zip(centres, x.shape, strict=False))
        result: Array = x[rows][:, cols]
        return result
    for axis, centre in enumerate(centres):
        first = np.floor(centre).astype(int)
        part = (centre - first).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
        last = x.shape[axis] - 1
        x = (
            np.take(x, np.clip(first, 0, last), axis) * (1 - part)
            + np.take(x, np.clip(first + 1, 0, last), axis) * part
        )
    return x


@dataclass(frozen=True)
class Resize(PictureDegradation):
    """Resizing by a drawn ``factor`` (new side / old side, rounded) with one of four kernels or any."""

    factor: Span = (0.25, 1.0)
    kernel: Literal["bicubic", "area", "bilinear", "nearest", "any"] = "bicubic"

    def __post_init__(self) -> None:
        check_span(self, "factor", 0.01, 16)
        check_choice(self, "kernel", (*KERNELS, "any"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The ``size`` that results is known; the ``kernel`` is hidden. Nearest is never drawn for ``any``."""
        height, width = picture_shape(shape)
        factor, pick = sample(self.factor, rng), int(rng.integers(3))
        size = (max(1, round(height * factor)), max(1, round(width * factor)))
        return Draw(known={"size": size}, hidden={"kernel": KERNELS[pick] if self.kernel == "any" else self.kernel})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Resize ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        height, width = draw.known["size"]
        return resample(check_picture(x), (int(height), int(width)), draw.hidden["kernel"])

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """The drawn size, with the channels of ``shape``."""
        return (*draw.known["size"], *shape[2:])

    def carry(self, mask: Array, draw: Draw) -> Array:
        """A new pixel is damaged where any of the old ones that it covers was."""
        height, width = draw.known["size"]
        return resample(mask.astype(np.float32), (int(height), int(width)), "area") > 1e-6


@dataclass(frozen=True)
class Shrink(PictureDegradation):
    """Exact reduction by a whole ``scale``, as super-resolution undoes it; sides must be multiples of it."""

    scale: int = 4
    kernel: Literal["bicubic", "area", "bilinear", "nearest", "any"] = "bicubic"

    def __post_init__(self) -> None:
        if isinstance(self.scale, tuple):
            raise UsageError(f"Shrink: scale is one whole number, not the range {self.scale!r}")
        check_span(self, "scale", 1, 64, whole=True)
        check_choice(self, "kernel", (*KERNELS, "any"))

    def resize(self) -> Resize:
        """The same as a resize by 1/scale."""
        return Resize(1 / self.scale, self.kernel)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The ``size`` that results and the ``scale`` are known; the ``kernel`` is hidden."""
        if any(side % self.scale for side in picture_shape(shape)):
            raise UsageError(f"Shrink: the sides of {shape} are no multiples of {self.scale}; crop the picture first")
        drawn = self.resize().draw(shape, rng)
        return Draw(known={**drawn.known, "scale": self.scale}, hidden=drawn.hidden)

    def apply(self, x: Array, draw: Draw) -> Array:
        """Shrink ``x`` (H, W, 3) or (H, W) in [0, 1] to (H/scale, W/scale)."""
        return self.resize().apply(x, draw)

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """(H/scale, W/scale), with the channels of ``shape``."""
        return self.resize().out_shape(shape, draw)

    def carry(self, mask: Array, draw: Draw) -> Array:
        """A new pixel is damaged where any of the old ones that it covers was."""
        return self.resize().carry(mask, draw)
