"""What every degradation of a picture shares: checked parameters, drawn ranges, and damage that says where it is.

A picture is (H, W, 3) or (H, W) float in [0, 1]. A parameter is a number or a range ``(low, high)`` from which each
draw takes one value. Sizes of damage (a scratch's width, a spot's radius) are given in pixels of a picture whose
shorter side is 256, so that the same damage looks the same on a crop and on a large scan.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np

from relume.signal import Array, Draw, UsageError

Span = float | tuple[float, float]
Side = Literal["known", "hidden"]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
REFERENCE_SIDE = 256.0
# Damage below this opacity cannot be seen; it is taken off every layer, so that a mask has no invisible skirts.
FLOOR = 0.03


def ends(value: Span) -> tuple[float, float]:
    """The (low, high) of a parameter that is a number or a range."""
    return value if isinstance(value, tuple) else (value, value)


def check_span(owner: object, name: str, low: float, high: float, *, whole: bool = False) -> None:
    """Refuse a parameter that is no number or range (low <= high) inside [low, high]; ``whole`` asks for integers."""
    value = getattr(owner, name)
    pair = value if isinstance(value, tuple) else (value, value)
    kind = "whole number" if whole else "number"
    numbers = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    where = type(owner).__name__
    if len(pair) != 2 or any(isinstance(v, bool) or not isinstance(v, numbers) for v in pair):
        raise UsageError(f"{where}: {name} must be a {kind} or a range (low, high), not {value!r}")
    if not (low <= pair[0] and pair[1] <= high):
        raise UsageError(f"{where}: {name} must lie in [{low:g}, {high:g}], not {value!r}")
    if pair[0] > pair[1]:
        raise UsageError(f"{where}: {name} is a range from {pair[0]:g} down to {pair[1]:g}; give the lower end first")


def check_choice(owner: object, name: str, choices: tuple[str, ...]) -> None:
    """Refuse a parameter that is not one of the named choices."""
    value = getattr(owner, name)
    if value not in choices:
        raise UsageError(f"{type(owner).__name__}: {name} must be one of {', '.join(choices)}, not {value!r}")


def check_flag(owner: object, name: str) -> None:
    """Refuse a parameter that is neither true nor false."""
    if not isinstance(getattr(owner, name), bool):
        raise UsageError(f"{type(owner).__name__}: {name} must be true or false, not {getattr(owner, name)!r}")


def sample(value: Span, rng: np.random.Generator) -> float:
    """One value, uniform over the range; a plain number is itself (and still advances the generator)."""
    low, high = ends(value)
    return float(low + (high - low) * rng.random())


def sample_whole(value: Span, rng: np.random.Generator) -> int:
    """One whole number, uniform over the range with both ends."""
    low, high = ends(value)
    return int(rng.integers(int(low), int(high) + 1))


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """(H, W) of a picture's shape (H, W) or (H, W, 3); anything else is an error."""
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3) or min(shape) < 1:
        raise UsageError(f"expected a picture of shape (H, W) or (H, W, 3), not {tuple(shape)}")
    return int(shape[0]), int(shape[1])


def unit_of(shape: tuple[int, int]) -> float:
    """Pixels per damage unit: 1 where the shorter side has 256 pixels."""
    return min(shape) / REFERENCE_SIDE


def check_picture(x: Array) -> Array:
    """Return ``x`` if it is a picture (H, W) or (H, W, 3) of float32 or float64; otherwise say what it is."""
    picture_shape(x.shape)
    if x.dtype not in (np.float32, np.float64):
        raise UsageError(f"expected a float32 or float64 picture in [0, 1], not {x.dtype}")
    return x


def as_planes(x: Array) -> Array:
    """(H, W, C) view of a picture; C is 1 for a gray one."""
    return x[:, :, None] if x.ndim == 2 else x


def to_luma(x: Array) -> Array:
    """Full-range BT.601 luma (H, W) in [0, 1] of a picture (H, W) or (H, W, 3), in its own precision."""
    return x if x.ndim == 2 else x @ LUMA.astype(x.dtype)


class PictureDegradation(ABC):
    """A degradation of pictures (H, W, 3) or (H, W), float in [0, 1]; the result is in [0, 1] and of the same dtype."""

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Draw the randomness for a picture of this shape."""

    @abstractmethod
    def apply(self, x: Array, draw: Draw) -> Array:
        """Degrade ``x`` (H, W, 3) or (H, W) in [0, 1] by one draw."""

    def out_shape(self, shape: tuple[int, ...], draw: Draw) -> tuple[int, ...]:
        """The shape of the result for an input of ``shape``; most degradations keep it."""
        return shape

    def carry(self, mask: Array, draw: Draw) -> Array:
        """Where damage marked by ``mask`` (H, W) bool lies after this step; most degradations leave it in place."""
        return mask


Drawn = TypeVar("Drawn", bound=PictureDegradation)


@dataclass(frozen=True)
class Layer:
    """Damage as an affine map of each pixel, ``x * gain + add``; both (H, W, 1 or 3), identity is gain 1 and add 0."""

    gain: Array
    add: Array

    def under(self, upper: Layer) -> Layer:
        """This layer with another painted over it."""
        return Layer(self.gain * upper.gain, self.add * upper.gain + upper.add)

    def of_gray(self) -> Layer:
        """The same damage on a gray picture: luma of gain and of add, (H, W)."""
        gain = 1 - (1 - self.gain) @ LUMA if self.gain.shape[-1] == 3 else self.gain[..., 0]
        return Layer(gain, self.add @ LUMA if self.add.shape[-1] == 3 else self.add[..., 0])


def trim(alpha: Array) -> Array:
    """Opacity in [0, 1] with its invisible part (below ``FLOOR``) taken off without a step."""
    return np.clip((alpha - FLOOR) / (1 - FLOOR), 0, 1).astype(np.float32)


def cover(alpha: Array, ink: Array) -> Layer:
    """Paint of opacity ``alpha`` (H, W) and colour ``ink`` (3,) or (H, W, 3) over the picture (or a list of pixels)."""
    alpha = trim(alpha)[..., None]
    return Layer(1 - alpha, alpha * np.asarray(ink, np.float32))


def stain(alpha: Array, colour: Array) -> Layer:
    """A transparent stain: multiply by ``colour`` (3,) in [0, 1] to the degree ``alpha`` (H, W)."""
    return Layer(1 - trim(alpha)[..., None] * (1 - np.asarray(colour, np.float32)), np.zeros((1, 1, 3), np.float32))


@dataclass(frozen=True)
class Damage(PictureDegradation):
    """Damage of a part of the picture; outside its mask every pixel keeps its bits.

    The draw holds ``mask`` (H, W) bool, exactly where the damage acts, on the side that ``mask`` names: ``known`` to
    the restorer, or ``hidden`` from it.
    """

    mask: Side = field(default="hidden", kw_only=True)

    def __post_init__(self) -> None:
        check_choice(self, "mask", ("known", "hidden"))

    @abstractmethod
    def paint(self, shape: tuple[int, int], rng: np.random.Generator) -> Layer:
        """The damage of one picture of (H, W) pixels."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Draw ``gain``, ``add`` (float32, as the picture) and ``mask`` (H, W) bool."""
        return self.split(self.paint(picture_shape(shape), rng), len(shape) == 3)

    def split(self, layer: Layer, colour: bool) -> Draw:
        """The draw of a painted layer, its mask on the side that this damage was told."""
        layer = layer if colour else layer.of_gray()
        mask = (layer.gain != 1) | (layer.add != 0)
        mask = mask.any(-1) if colour else mask
        hidden = {"gain": layer.gain.astype(np.float32), "add": layer.add.astype(np.float32)}
        sides: dict[Side, dict[str, Array]] = {"known": {}, "hidden": hidden}
        sides[self.mask]["mask"] = mask
        return Draw(**sides)

    def apply(self, x: Array, draw: Draw) -> Array:
        """``x * gain + add``, clipped to [0, 1]; x: (H, W, 3) or (H, W) as it was drawn for."""
        gain, add = draw.hidden["gain"], draw.hidden["add"]
        if check_picture(x).ndim != gain.ndim or x.shape[:2] != gain.shape[:2]:
            raise UsageError(f"the draw was made for a picture of {gain.shape}, not of {x.shape}; draw again")
        y = x * gain.astype(x.dtype, copy=False)
        y += add.astype(x.dtype, copy=False)
        result: Array = np.clip(y, 0, 1, out=y)
        return result


def mask_of(draw: Draw) -> Array | None:
    """Everything damaged, known or hidden: (H, W) bool, or None where the degradation has no mask."""
    masks = [side["mask"] for side in (draw.known, draw.hidden) if "mask" in side]
    if not masks:
        return None
    result: Array | None = np.logical_or.reduce(masks)
    return result
