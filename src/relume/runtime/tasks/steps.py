"""What tasks are made of: networks with their clock, steps that keep the size, and chains of steps.

A step sees one tile at a time and knows how far it looks (``radius``). Steps in a chain add up what they look at, so
that a chain streams through a picture of any size like a single step, and gives what it would give on the whole.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relume.runtime import engine, zoo
from relume.runtime.flow import Place, Step
from relume.runtime.options import Options
from relume.runtime.resampling import mirror
from relume.runtime.self_ensemble import ONE, Side, mean_of
from relume.signal import Array, ModelError, UsageError


@dataclass
class Net:
    """A model's output, loaded; ``seconds``: spent in it so far.

    ``sides``: how every tile is seen; of more than one, the mean of the answers counts (one input that keeps its
    meaning when it is turned).
    """

    model: zoo.Model
    network: engine.Network
    output: str
    seconds: float = field(default=0.0)
    sides: tuple[Side, ...] = ONE

    @property
    def macs(self) -> int:
        """Multiplications for each pixel of the input."""
        return self.model.card.macs_per_pixel[self.output] * len(self.sides)

    def __call__(self, *inputs: Array) -> Array:
        """(h, w, c) float32 each, to (s h, s w, c'); ModelError if it fails, or gives what cannot be."""
        started = time.perf_counter()
        y = self.network(*inputs) if self.sides == ONE else mean_of(self.sides, self.network, *inputs)
        self.seconds += time.perf_counter() - started
        factor = self.model.card.outputs[self.output]
        expected = (inputs[0].shape[0] * factor, inputs[0].shape[1] * factor)
        if y.shape[:2] != expected:
            raise ModelError(f"model {self.model.name} gave a tile of {y.shape}, not {expected}")
        if not (np.isfinite(y.min()) and np.isfinite(y.max())):
            raise ModelError(f"model {self.model.name} gave values that are no numbers; the picture is not written")
        return y


def load(name: str, task: str, inputs: Sequence[str], options: Options, dtype: np.dtype[Any]) -> Net:
    """The first output of the model ``name``, which must be for ``task`` and take ``inputs`` (as in its file)."""
    model = zoo.find(name)
    if model.card.task != task:
        raise UsageError(f"model {name} is for the task {model.card.task}, not for {task}")
    if set(model.card.inputs) != set(inputs):
        raise ModelError(f"model {name} takes {', '.join(model.card.inputs)}; the task {task} has {', '.join(inputs)}")
    return opened(model, next(iter(model.card.outputs)), options, dtype)


def opened(model: zoo.Model, output: str, options: Options, dtype: np.dtype[Any]) -> Net:
    """``model``, which has weights, ready for pictures with samples of ``dtype``.

    16-bit and float pictures are computed in float32, where a coarser precision could show in smooth gradients. int8 is
    for the networks that know it; others take the fastest of what they can beside it.
    """
    if model.path is None or model.sha256 is None:
        raise ModelError(f"{model.name} is computed and has no weights")
    deep = dtype.itemsize > 1 and options.precision == "auto"
    eight_bits = model.card.eight_bits
    precision: engine.Choice = "f32" if deep else options.precision
    if precision == "int8" and not eight_bits:
        precision = "auto"
    loaded = engine.load(model.path, model.sha256, output, options.engine, precision, options.threads, eight_bits)
    return Net(model, loaded, output)


@dataclass
class SameSize(ABC):
    """A step that gives as many pixels as it takes. ``strength`` in [0, 1] blends with what came in.

    Alpha goes through untouched; a gray picture is shown to the network as three equal channels, and stays gray.
    """

    net: Net
    strength: float = 1.0
    scale: int = field(default=1, init=False)

    @property
    def nets(self) -> tuple[Net, ...]:
        """The networks that take part."""
        return (self.net,)

    @property
    def radius(self) -> int:
        """Input pixels on each side that can influence one output pixel."""
        return self.net.model.card.radius

    @property
    def multiple(self) -> int:
        """What the sides of a tile must be multiples of."""
        return self.net.model.card.multiple

    @property
    def footprint(self) -> int:
        """Bytes held for each input pixel of a tile."""
        return self.net.network.footprint + 4 * 4 * 6

    @property
    def macs(self) -> float:
        """Multiplications for each input pixel."""
        return float(self.net.macs)

    def bands(self, bands: int) -> int:
        """Bands of the result, for an input of so many."""
        return bands

    @abstractmethod
    def restored(self, rgb: Array, place: Place) -> Array:
        """(h, w, 3) colours in [0, 1], to what the network makes of them."""

    def __call__(self, x: Array, place: Place) -> Array:
        """(h, w, bands) working values at ``place`` of the picture, to the same in [0, 1]."""
        colours = x[..., :-1] if x.shape[2] in (2, 4) else x
        gray = colours.shape[2] == 1
        y = self.restored(np.repeat(colours, 3, axis=2) if gray else colours, place)
        y = y.mean(axis=2, keepdims=True) if gray and y.shape[2] == 3 else y
        y = np.clip(colours + np.float32(self.strength) * (y - colours), 0.0, 1.0) if self.strength < 1 else y
        y = np.clip(y, 0.0, 1.0)
        if x.shape[2] in (2, 4):
            alpha = x[..., -1:]
            y = np.concatenate([np.minimum(y, alpha), alpha], axis=2)
        return y


class Still:
    """A step that computes nothing and looks at no neighbour."""

    scale = 1
    radius = 0
    multiple = 1
    footprint = 16
    macs = 0.0


class Same(Still):
    """The step that does nothing."""

    nets: tuple[Net, ...] = ()

    def bands(self, bands: int) -> int:
        """As many."""
        return bands

    def __call__(self, x: Array, place: Place) -> Array:
        """``x``."""
        return x.copy()


@dataclass
class Taken(Still):
    """A step of scale 1 that was taken before: ``values`` (H, W, bands), what it made of the whole picture."""

    step: Step
    values: Array

    @property
    def nets(self) -> tuple[Net, ...]:
        """The networks that made it."""
        return self.step.nets

    def bands(self, bands: int) -> int:
        """As many as it made."""
        return self.step.bands(bands)

    def __call__(self, x: Array, place: Place) -> Array:
        """What lies at ``place``, mirrored where ``x`` reaches over the sides."""
        height, width = self.values.shape[:2]
        rows = mirror(place.top, place.top + x.shape[0], height)
        result: Array = self.values[np.ix_(rows, mirror(place.left, place.left + x.shape[1], width))]
        return result


@dataclass
class Chain:
    """Steps one after another, each of which sees what the one before it gave."""

    steps: tuple[Step, ...]

    @property
    def nets(self) -> tuple[Net, ...]:
        """The networks of all steps."""
        return tuple(net for step in self.steps for net in step.nets)

    @property
    def scale(self) -> int:
        """The product of the steps' scales."""
        return math.prod(step.scale for step in self.steps)

    @property
    def radius(self) -> int:
        """What each step looks at, seen from the input."""
        reach, scale = 0, 1
        for step in self.steps:
            reach += math.ceil(step.radius / scale)
            scale *= step.scale
        return reach

    @property
    def multiple(self) -> int:
        """The least side that suits every step."""
        least, scale = 1, 1
        for step in self.steps:
            least = math.lcm(least, step.multiple // math.gcd(step.multiple, scale))
            scale *= step.scale
        return least

    @property
    def footprint(self) -> int:
        """The hungriest step's, seen from the input."""
        most, scale = 0, 1
        for step in self.steps:
            most = max(most, step.footprint * scale**2)
            scale *= step.scale
        return most

    @property
    def macs(self) -> float:
        """The sum of all steps, for each input pixel."""
        total, scale = 0.0, 1
        for step in self.steps:
            total += step.macs * scale**2
            scale *= step.scale
        return total

    def bands(self, bands: int) -> int:
        """Bands after the last step."""
        for step in self.steps:
            bands = step.bands(bands)
        return bands

    def __call__(self, x: Array, place: Place) -> Array:
        """Every step in turn; ``place`` grows with the picture."""
        for step in self.steps:
            x = step(x, place)
            place = place.times(step.scale)
        return x


def chain(steps: Sequence[Step]) -> Step:
    """The steps as one; none of them leaves the picture as it is."""
    return steps[0] if len(steps) == 1 else Chain(tuple(steps)) if steps else Same()
