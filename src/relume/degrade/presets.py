"""Whole degradations to train and test with: the real world's, an old photograph's, an aged relic's.

Each is a value whose fields are ranges; ``chain()`` spells it out in single steps, and its draws are that chain's.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from relume.degrade.ageing import Darken, Fade, Illumination, Varnish
from relume.degrade.base import PictureDegradation, Side, Span, check_choice, check_span, picture_shape
from relume.degrade.blur import Defocus, GaussianBlur, GeneralisedBlur
from relume.degrade.chain import Chain, OneOf, RandomOrder, Sometimes
from relume.degrade.damage import Dust, Folds, Overlay, Scratches
from relume.degrade.jpeg import Jpeg
from relume.degrade.missing import Corners, Craquelure, Flaking, Holes
from relume.degrade.noise import FilmGrain, GaussianNoise, SensorNoise
from relume.degrade.pixels import Resize, Shrink, resample
from relume.degrade.stains import Foxing, Stains
from relume.degrade.tone import Gray, Sepia
from relume.signal import Array, Draw, UsageError


class Preset(PictureDegradation):
    """A degradation that is spelled out by :meth:`chain`."""

    @abstractmethod
    def chain(self) -> Chain:
        """The single steps."""

    @cached_property
    def steps(self) -> Chain:
        """The chain, made once."""
        return self.chain()

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The chain's draw."""
        return self.steps.draw(shape, rng)

    def apply(self, x: Array, draw: Draw) -> Array:
        """Apply the chain to ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        return self.steps.apply(x, draw)

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """The chain's result shape."""
        return self.steps.out_shape(shape, draw)

    def carry(self, mask: Array, draw: Draw) -> Array:
        """Carry the mask through the chain."""
        return self.steps.carry(mask, draw)


@dataclass(frozen=True)
class Fit(PictureDegradation):
    """Resizing to a set ``size`` (height, width), with one of the smooth kernels drawn."""

    size: tuple[int, int]

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The hidden ``kernel``."""
        return Draw(hidden={"kernel": ("bicubic", "area", "bilinear")[int(rng.integers(3))]})

    def apply(self, x: Array, draw: Draw) -> Array:
        """Resize ``x`` (H, W, 3) or (H, W) in [0, 1]."""
        return resample(x, self.size, draw.hidden["kernel"])

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """The set size, with the channels of ``shape``."""
        return (*self.size, *shape[2:])

    def carry(self, mask: Array, draw: Draw) -> Array:
        """A new pixel is damaged where any of the old ones that it covers was."""
        return resample(mask.astype(np.float32), self.size, "area") > 1e-6


@dataclass(frozen=True)
class RealWorld(PictureDegradation):
    """What real photographs have been through, twice over: blur, resizing, noise and JPEG, each time in random order.

    The second-order idea is that of Wang et al., "Real-ESRGAN" (2021), section 3; the random order within each round is
    that of Zhang et al., "Designing a Practical Degradation Model" (2021). Deviations: no sinc ringing filter; sensor
    noise by its normal approximation; the last resize brings the sides to exactly 1/``scale`` of the input's (which
    must be multiples of ``scale``), and a last JPEG stands before or after it. The second round is milder by ``echo``.
    """

    scale: int = 4
    sigma: Span = (0.2, 2.0)
    factor: Span = (0.4, 1.2)
    noise: Span = (0.002, 0.07)
    quality: Span = (35, 95)
    echo: float = 0.6

    def __post_init__(self) -> None:
        if isinstance(self.scale, tuple):
            raise UsageError(f"RealWorld: scale is one whole number, not the range {self.scale!r}")
        check_span(self, "scale", 1, 16, whole=True)
        check_span(self, "sigma", 0.05, 20)
        check_span(self, "factor", 0.1, 2)
        check_span(self, "noise", 0, 0.5)
        check_span(self, "quality", 1, 100, whole=True)
        check_span(self, "echo", 0.05, 1)

    def round(self, strength: float) -> RandomOrder:
        """One round of the four, its blur, noise and resizing weaker by ``strength`` in (0, 1]."""
        low, high = (self.sigma, self.sigma) if isinstance(self.sigma, float | int) else self.sigma
        sigma = (max(0.05, low * strength), max(0.05, high * strength))
        low, high = (self.noise, self.noise) if isinstance(self.noise, float | int) else self.noise
        noise = (low * strength, high * strength)
        low, high = (self.factor, self.factor) if isinstance(self.factor, float | int) else self.factor
        factor = (low**strength, high**strength)
        blurs = (GaussianBlur(sigma), GaussianBlur(sigma, isotropic=False), GeneralisedBlur(sigma), Defocus(sigma))
        blur = OneOf(blurs, (0.4, 0.3, 0.2, 0.1))
        shot = (noise[0] ** 2, noise[1] ** 2)
        grain = OneOf((GaussianNoise(noise), SensorNoise(shot=shot, read=noise)), (0.5, 0.5))
        return RandomOrder((blur, Resize(factor, "any"), grain, Jpeg(self.quality, "any")))

    def last(self, size: tuple[int, int]) -> RandomOrder:
        """The resize to the final size and the last JPEG, in either order."""
        return RandomOrder((Fit(size), Jpeg(self.quality, "any")))

    def chain(self, size: tuple[int, int]) -> Chain:
        """Two rounds and the end, for a result of ``size`` (height, width)."""
        return Chain((self.round(1.0), self.round(self.echo), self.last(size)))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The chain's draw; ``scale`` and the resulting ``size`` are known."""
        sides = picture_shape(shape)
        if any(side % self.scale for side in sides):
            raise UsageError(
                f"RealWorld: the sides of {shape} are no multiples of {self.scale}; crop the picture first"
            )
        size = (sides[0] // self.scale, sides[1] // self.scale)
        drawn = self.chain(size).draw(shape, rng)
        return Draw({**drawn.known, "scale": self.scale, "size": size}, drawn.hidden)

    def at(self, draw: Draw) -> Chain:
        """The chain that a draw was made with."""
        height, width = draw.known["size"]
        return self.chain((int(height), int(width)))

    def apply(self, x: Array, draw: Draw) -> Array:
        """Degrade ``x`` (H, W, 3) or (H, W) in [0, 1] to (H/scale, W/scale)."""
        return self.at(draw).apply(x, draw)

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """(H/scale, W/scale), with the channels of ``shape``."""
        return (*draw.known["size"], *shape[2:])

    def carry(self, mask: Array, draw: Draw) -> Array:
        """Carry the mask through the chain."""
        return self.at(draw).carry(mask, draw)


@dataclass(frozen=True)
class OldPhoto(Preset):
    """An old photograph as it comes out of the drawer and through the scanner.

    In order: the film's view (``tone`` gray, sepia, faded colour or any), soft focus, grain, fading and uneven light;
    then damage, each kind with its own chance times ``damage`` in [0, 1]; then the scanner's noise and JPEG. ``mask``
    says whether the damage mask is known. Gray pictures (H, W) take every step but sepia, so ``tone`` must then be
    gray or faded.
    """

    tone: Literal["gray", "sepia", "faded", "any"] = "any"
    damage: float = 0.8
    grain: Span = (0.0, 0.06)
    blur: Span = (0.3, 1.4)
    noise: Span = (0.0, 0.05)
    quality: Span = (55, 95)
    mask: Side = "hidden"

    def __post_init__(self) -> None:
        check_choice(self, "tone", ("gray", "sepia", "faded", "any"))
        check_span(self, "damage", 0, 1)
        check_span(self, "grain", 0, 1)
        check_span(self, "blur", 0.05, 20)
        check_span(self, "noise", 0, 1)
        check_span(self, "quality", 1, 100, whole=True)
        check_choice(self, "mask", ("known", "hidden"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """The chain's draw."""
        picture_shape(shape)
        if len(shape) == 2 and self.tone in ("sepia", "any"):
            raise UsageError(f"OldPhoto: a gray picture {shape} cannot be toned; set tone to gray or faded")
        return super().draw(shape, rng)

    def film(self) -> PictureDegradation:
        """What is left of the colours."""
        gray, sepia = Gray("any"), Chain((Gray("any"), Sepia()))
        faded = Fade(keep=(0.4, 0.9), lost=(0.1, 0.4))
        choices = {"gray": (gray,), "sepia": (sepia,), "faded": (faded,), "any": (gray, sepia, faded)}
        return OneOf(choices[self.tone])

    def chain(self) -> Chain:
        """Film, ageing, damage, scan."""
        share, mask = self.damage, self.mask
        return Chain((
            self.film(),
            Sometimes((OneOf((GaussianBlur(self.blur), Defocus(self.blur))),), 0.6),
            FilmGrain(self.grain, colour=0.0),
            Sometimes((Fade(keep=(0.8, 1.0), lost=(0.05, 0.35)),), 0.4),
            Sometimes((Illumination(),), 0.35),
            Sometimes((Stains(mask=mask),), 0.2 * share),
            Sometimes((Foxing(mask=mask),), 0.15 * share),
            Sometimes((OneOf((Scratches(mask=mask), Overlay(mask=mask))),), 0.9 * share),
            Sometimes((Folds(mask=mask),), 0.4 * share),
            Sometimes((Dust(mask=mask),), 0.5 * share),
            Sometimes((OneOf((Corners(mask=mask), Holes(mask=mask))),), 0.2 * share),
            Sometimes((GaussianNoise(self.noise),), 0.5),
            Sometimes((Jpeg(self.quality, "any"),), 0.7),
        ))  # fmt: skip


@dataclass(frozen=True)
class AgedRelic(Preset):
    """A mural, painting or bronze as it is today: darkened, faded pigment by pigment, under yellow varnish, shrunk.

    In order: darkening, fading, varnish, uneven light (each with the chance ``age``), cracks and flaked paint (each
    with the chance ``losses``), soft focus, sensor noise, and reduction by ``scale`` with the interpolation kernel.
    ``mask`` says whether the mask of cracks and losses is known.
    """

    scale: int = 4
    age: float = 0.8
    losses: float = 0.0
    noise: Span = (0.0, 0.03)
    kernel: Literal["bicubic", "area", "bilinear", "nearest", "any"] = "bicubic"
    mask: Side = "hidden"

    def __post_init__(self) -> None:
        check_span(self, "age", 0, 1)
        check_span(self, "losses", 0, 1)
        check_span(self, "noise", 0, 0.5)
        check_choice(self, "mask", ("known", "hidden"))
        Shrink(self.scale, self.kernel)

    def chain(self) -> Chain:
        """Age, losses, camera, reduction."""
        light = Illumination(vignette=(0.0, 0.3), slope=(0.0, 0.25), blotches=(0.0, 0.15))
        aged = tuple(Sometimes((step,), self.age) for step in (Darken((0.45, 0.9)), Fade(), Varnish(), light))
        lost = tuple(Sometimes((step,), self.losses) for step in (Craquelure(mask=self.mask), Flaking(mask=self.mask)))
        camera = (Sometimes((GaussianBlur((0.3, 1.2)),), 0.4), SensorNoise(shot=(0.0, 0.004), read=self.noise))
        return Chain((*aged, *lost, *camera, Shrink(self.scale, self.kernel)))
