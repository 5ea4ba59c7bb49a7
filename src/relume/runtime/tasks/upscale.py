"""``upscale``: one network enlarges the picture; nothing comes before it and nothing after it.

The model is ``cascade-psnr`` unless another is asked for: it only estimates and never invents, which is what a picture
of record needs. Of a JPEG whose squares can be seen it would sharpen the squares: there it is ``cascade-real``, trained
on such pictures. The ``realism`` dial mixes in the weights of a generative one. The self-ensemble looks at every tile
from eight sides, in eight times the time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.runtime import engine, resampling, zoo
from relume.runtime.flow import Place
from relume.runtime.look import BLOCKY, jpeg_at_a_glance
from relume.runtime.options import Decision, Options
from relume.runtime.pictures import SOURCE_TYPE, Source
from relume.runtime.realism import Dial
from relume.runtime.self_ensemble import EIGHT, ONE
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import Net, opened
from relume.signal import Array, UsageError

DEFAULT_MODEL = "cascade-psnr"
FOUND = "cascade-real"
"""The enlarger for pictures as they are found: noisy, soft, compressed. It smooths what it takes for noise."""
ROUNDS = 4
"""Rounds of back-projection: each halves the disagreement, roughly."""
_FLAT = 4
"""Input pixels on each side that must have one alpha for the network to be let at the colour."""


class Bicubic:
    """Bicubic enlargement behind the interface of a network."""

    engine = "numpy"
    precision = "f32"

    def __init__(self, scale: int) -> None:
        self._scale = scale
        self.footprint = 4 * 3 * (2 * scale * scale + scale + 1)

    def __call__(self, *inputs: Array) -> Array:
        """(h, w, 3) float32 to (s h, s w, 3)."""
        return resampling.enlarge(inputs[0], self._scale)


@dataclass
class Upscale:
    """The task, ready to run on tiles. ``radius`` and ``multiple`` are what tiles must respect."""

    net: Net
    scale: int
    rounds: int = 0
    dial: Dial | None = None

    @property
    def model(self) -> zoo.Model:
        """The model in use."""
        return self.net.model

    @property
    def network(self) -> engine.Network:
        """The network in use."""
        return self.net.network

    @property
    def nets(self) -> tuple[Net, ...]:
        """The one network."""
        return (self.net,)

    @property
    def macs(self) -> float:
        """Multiplications for each input pixel."""
        return float(self.net.macs)

    def bands(self, bands: int) -> int:
        """As many as came in."""
        return bands

    @property
    def radius(self) -> int:
        """Input pixels on each side that can influence one output pixel."""
        return max(self.model.card.radius, _FLAT + resampling.REACH) + 2 * resampling.REACH * self.rounds

    @property
    def multiple(self) -> int:
        """What the sides of a tile must be multiples of."""
        return self.model.card.multiple

    @property
    def footprint(self) -> int:
        """Bytes held at once for each input pixel of a tile, by the network and around it."""
        pictures = 4 + 2 * (len(self.net.sides) > 1)
        return self.network.footprint + pictures * 4 * 4 * self.scale**2

    @property
    def source_type(self) -> str:
        """The IPTC digital source type of what comes out."""
        return SOURCE_TYPE[self.model.card.fidelity]

    def __call__(self, x: Array, place: Place = Place()) -> Array:  # noqa: B008 (a frozen value)
        """(h, w, bands) working values to (s h, s w, bands) in [0, 1]; raises ModelError if the network fails."""
        if x.shape[2] in (2, 4):
            y = self._with_alpha(x[..., :-1], x[..., -1:])
        else:
            y = self._enlarged(x)
        np.clip(y, 0.0, 1.0, out=y)
        if self.rounds:
            y = resampling.back_project(x, y, self.scale, self.rounds)
            if x.shape[2] in (2, 4):
                np.minimum(y[..., :-1], y[..., -1:], out=y[..., :-1])
        return y

    def _with_alpha(self, colours: Array, alpha: Array) -> Array:
        """Colours (multiplied by alpha) by the network where alpha is flat, by bicubic at its edges, as alpha itself.

        An edge of alpha is no edge of the picture: a network sharpens it, and leaves specks of colour around it.
        """
        y = self._enlarged(colours)
        large = np.clip(resampling.enlarge(alpha, self.scale), 0.0, 1.0)
        flat = _around(alpha, np.minimum, _FLAT) == _around(alpha, np.maximum, _FLAT)
        if not flat.all():
            smooth = resampling.enlarge(colours, self.scale)
            y = smooth + np.clip(resampling.enlarge(flat.astype(np.float32), self.scale), 0.0, 1.0) * (y - smooth)
        return np.concatenate([np.clip(y, 0.0, large), large], axis=2)

    def _enlarged(self, x: Array) -> Array:
        """One or three bands through the network, not clipped."""
        y = self.net(x if x.shape[2] == 3 else np.repeat(x, 3, axis=2))
        return y if x.shape[2] == 3 else y.mean(axis=2, keepdims=True)


def _around(x: Array, extreme: np.ufunc, reach: int) -> Array:
    """The least or greatest of the pixels up to ``reach`` away, (h, w, 1); beyond the border there is nothing."""
    for axis in (0, 1) * reach:
        wide = np.pad(x, [(1, 1) if axis == a else (0, 0) for a in range(3)], mode="edge")
        length = x.shape[axis]
        parts = [wide.take(range(k, k + length), axis=axis) for k in range(3)]
        x = extreme(extreme(parts[0], parts[1]), parts[2])
    return x


def plan(request: Request) -> Plan:
    """The task of enlarging one picture."""
    source = request.open()
    options, decisions = _fitting(request, source)
    step = prepare(options, source.dtype)
    return Plan(source, step, step.source_type, decisions=decisions, dial=step.dial)


def _fitting(request: Request, source: Source) -> tuple[Options, tuple[Decision, ...]]:
    """The options with the model that fits the picture, where none was asked for, and why it is not the usual one."""
    options = request.options
    if options.model is not None or source.kind != "jpeg" or request.dry or FOUND not in zoo.SHIPPED:
        return options, ()
    steps = jpeg_at_a_glance(request.open())
    if steps < BLOCKY:
        return options, ()
    reason = f"JPEG's squares can be seen (steps between them {steps:.2f} times larger): {FOUND}"
    decision = Decision("model", True, reason, {"steps": steps}, f"--model {DEFAULT_MODEL}")
    return dataclasses.replace(options, model=FOUND), (decision,)


def prepare(options: Options, dtype: np.dtype[Any]) -> Upscale:
    """Load what ``options`` ask for, for a picture with samples of ``dtype``; raises ModelError or UsageError."""
    model, dial = chosen(options)
    return prepared(model, dial, options, dtype, ("upscale",))


def prepared(
    model: zoo.Model, dial: Dial | None, options: Options, dtype: np.dtype[Any], tasks: Sequence[str]
) -> Upscale:
    """The same for a ``model`` that has been chosen; it must be one for one of ``tasks``."""
    if model.card.task not in tasks:
        raise UsageError(f"model {model.name} is for the task {model.card.task}, not for {options.task}")
    output = model.card.output_for(options.scale)
    if model.path is None:
        net = Net(model, Bicubic(options.scale), output)
    else:
        net = opened(model, output, options, dtype)
        net.sides = EIGHT if options.self_ensemble else ONE
    return Upscale(net, options.scale, ROUNDS if options.consistent else 0, dial)


def chosen(options: Options) -> tuple[zoo.Model, Dial | None]:
    """The model that ``options`` ask for, and the dial that gave it where realism is above 0; raises ModelError."""
    model = zoo.find(options.model or DEFAULT_MODEL)
    if not options.realism:
        return model, None
    dial = Dial.beside(model, options.realism)
    return dial.model(), dial
