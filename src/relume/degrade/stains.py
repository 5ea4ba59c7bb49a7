"""Damage that soaks in: stains with tide lines, and foxing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relume.degrade.base import Damage, Layer, Span, check_span, cover, sample, sample_whole, stain, unit_of
from relume.degrade.fields import fractal, ramp, spots
from relume.signal import Array

TEA = np.array([0.62, 0.45, 0.26])
RUST = np.array([0.55, 0.33, 0.16])


@dataclass(frozen=True)
class Stains(Damage):
    """Water and liquid stains: a faint yellow-brown wash that ends in one or more dark tide lines.

    ``count`` stains; ``size`` their radius as a part of the shorter side; ``strength`` in [0, 1]; ``tides`` how many
    tide lines lie inside one another; ``ragged`` how far the outline strays from a circle.
    """

    count: Span = (1, 3)
    size: Span = (0.1, 0.45)
    strength: Span = (0.25, 0.8)
    tides: Span = (1, 3)
    ragged: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 50, whole=True)
        check_span(self, "size", 0.01, 2)
        check_span(self, "strength", 0, 1)
        check_span(self, "tides", 0, 10, whole=True)
        check_span(self, "ragged", 0, 1)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """One stain over the other."""
        layer = stain(np.zeros(shape, np.float32), TEA)
        for _ in range(sample_whole(self.count, rng)):
            tone = np.clip(TEA + rng.normal(0, 0.06, 3), 0, 1)
            layer = layer.under(stain(self.wash(shape, rng), tone))
        return layer

    def wash(self, shape: tuple[int, int], rng: np.random.Generator) -> Array:
        """Opacity (H, W) of one stain: wash and tide lines, each fainter than the one outside it."""
        unit = unit_of(shape)
        centre, radius = rng.random(2) * shape, sample(self.size, rng) * min(shape)
        strength = sample(self.strength, rng)
        y = (np.arange(shape[0], dtype=np.float32) - np.float32(centre[0]))[:, None]
        x = (np.arange(shape[1], dtype=np.float32) - np.float32(centre[1]))[None, :]
        stretch = np.float32(0.7 + 0.6 * rng.random())
        outline = fractal(shape, 1.2 * min(shape) / max(radius, 1), 4, rng, roughness=0.45)
        depth = np.float32(radius) * (1 + np.float32(self.ragged) * outline) - np.sqrt(
            y * y * stretch + x * x / stretch
        )
        mottle = 1 + np.float32(0.25) * fractal(shape, 10, 2, rng)
        alpha = 0.25 * strength * ramp(depth, 0, 2 * unit) * mottle
        inward = 0.0
        for tide in range(sample_whole(self.tides, rng)):
            soft = np.float32(unit * (1.5 + 5 * rng.random()))
            edge = depth - np.float32(inward)
            line = ramp(edge, -0.5, max(1.0, unit)) * np.exp(-np.maximum(edge, 0) / soft)
            alpha += np.float32(0.75 * strength * 0.55**tide) * line
            inward += radius * (0.08 + 0.25 * rng.random())
        return np.clip(alpha * (depth > 0), 0, 1)


@dataclass(frozen=True)
class Foxing(Damage):
    """Foxing: brown, soft-edged speckles of old paper, in loose clusters, a few large and many small.

    ``count`` speckles; ``size`` the radius of the larger ones in damage units; ``strength`` in [0, 1]; ``clusters``
    the number of places that they gather about.
    """

    count: Span = (25, 110)
    size: Span = (3.0, 7.0)
    strength: Span = (0.4, 0.95)
    clusters: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_span(self, "count", 0, 2000, whole=True)
        check_span(self, "size", 0.3, 60)
        check_span(self, "strength", 0, 1)
        check_span(self, "clusters", 1, 100, whole=True)

    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """Halos below, darker cores above, with a little opaque rust that shows on dark places too."""
        unit, count = unit_of(shape), sample_whole(self.count, rng)
        hubs = rng.random((self.clusters, 2)) * shape
        near = hubs[rng.integers(self.clusters, size=count)] + rng.normal(0, 0.12 * min(shape), (count, 2))
        centres = np.where(rng.random((count, 1)) < 0.6, near, rng.random((count, 2)) * shape)
        radius = np.maximum(0.6, unit * sample(self.size, rng) * (0.2 + 0.8 * rng.beta(0.8, 2.2, count)))
        strength = sample(self.strength, rng) * (0.5 + 0.5 * rng.random(count))
        tone = np.clip(RUST + rng.normal(0, 0.05, 3), 0, 1)
        halo = spots(shape, centres, radius, 0.7 * strength, rng, softness=0.8, ragged=0.2)
        core = spots(shape, centres, radius * 0.45, 0.7 * strength, rng, softness=0.8, ragged=0.25)
        return stain(halo, tone).under(stain(core, tone * 0.8)).under(cover(0.22 * core, RUST))
