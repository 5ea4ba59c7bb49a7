"""A recipe is a value: everything that makes an experiment, and nothing that depends on where it runs."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

from relume.nets.shape import Shape
from relume.signal import UsageError
from relume.train.data import DataSpec
from relume.train.optim import Choice

T = TypeVar("T")


@dataclass(frozen=True)
class Optim:
    """Optimiser and schedule: linear warm-up to ``lr``, then a cosine to ``final`` times it; EMA of the weights."""

    choice: Choice = "muon"
    lr: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.99)
    warmup: int = 200
    final: float = 0.01
    clip: float = 1.0
    ema: float = 0.999


@dataclass(frozen=True)
class SuperResolution:
    """A supervised super-resolution recipe (phase one: PSNR).

    ``flat``: begin by taking from a cascade what it adds to gray fields (:mod:`relume.train.flat`). ``eight_bits``:
    train it for eight-bit arithmetic (:mod:`relume.nets.eight_bit`). ``teacher``: a model (:mod:`relume.train.teacher`)
    whose answers at the scales ``taught`` have the share ``teaching`` of the loss; of ``data.fresh`` a cascade.
    """

    name: str
    net: Shape
    data: DataSpec
    steps: int
    batch: int = 16
    patch: int = 40
    scale_weights: tuple[float, ...] = (0.2, 0.2, 0.6)
    loss: Literal["l1", "mse", "charbonnier", "psnr"] = "l1"
    optim: Optim = field(default_factory=Optim)
    precision: Literal["bf16", "f32"] = "bf16"
    seed: int = 1
    validate_every: int = 1000
    checkpoint_minutes: float = 3.0
    start: str = ""
    flat: bool = False
    eight_bits: bool = False
    teacher: str = ""
    taught: tuple[int, ...] = ()
    teaching: float = 0.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or self.patch < 8:
            raise UsageError(f"steps and batch must be at least 1 and patch at least 8: {self}")
        if len(self.scale_weights) != len(self.net.scales) or sum(self.scale_weights) <= 0:
            raise UsageError(f"one scale weight for each of {self.net.scales}, not {self.scale_weights}")
        if self.teacher and type(self) is not SuperResolution:
            raise UsageError(f"a teacher is for the pixel loss alone: leave it out of {self.name}")

    def finished(self, start: str) -> Self:
        """A step without length from ``start``, for what comes before it: gray fields kept, eight bits measured."""
        still = dataclasses.replace(self.optim, lr=1e-12, warmup=0)
        return dataclasses.replace(self, flat=True, steps=1, optim=still, start=start)

    def tiny(self) -> Self:
        """The same experiment, small enough for a test: seconds, not hours."""
        return dataclasses.replace(
            self,
            net=self.net.tiny(),
            start="",
            teacher="",
            steps=30,
            batch=4,
            patch=12,
            optim=dataclasses.replace(self.optim, warmup=5, ema=0.9),
            validate_every=15,
            data=dataclasses.replace(self.data, rescale=(1.0,), held_out=2),
        )


def plain(recipe: Any) -> dict[str, Any]:
    """A recipe as plain JSON values, as stored in checkpoints and cards."""
    value: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(recipe)))
    return value


def override(recipe: T, assignments: list[str]) -> T:
    """Apply ``field=value`` (dots for nested fields) to a recipe; a field must exist and keep its type."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"an override reads field=value, not '{assignment}'")
        recipe = _override_one(recipe, path.strip().split("."), text.strip())
    return recipe


def _override_one(value: Any, path: list[str], text: str) -> Any:
    names = [f.name for f in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    if path[0] not in names:
        raise UsageError(f"recipe has no field '{path[0]}'; it has {', '.join(names) or 'none there'}")
    kind = typing.get_type_hints(type(value))[path[0]]
    if len(path) > 1:
        new = _override_one(getattr(value, path[0]), path[1:], text)
    else:
        new = _parse(path[0], kind, text)
    try:
        return dataclasses.replace(value, **{path[0]: new})
    except ValueError as error:
        raise UsageError(f"recipe field '{path[0]}' cannot be {text}: {error}") from error


def _parse(name: str, kind: Any, text: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    try:
        if origin is Literal:
            if text not in arguments:
                raise ValueError
            return text
        if origin is tuple:
            inner = arguments[0]
            return tuple(_parse(name, inner, part.strip()) for part in text.strip("()").split(",") if part.strip())
        if origin in (typing.Union, types.UnionType):
            return None if text == "none" else _parse(name, arguments[0], text)
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind in (int, float, str):
            return kind(text)
    except (ValueError, KeyError):
        pass
    raise UsageError(f"recipe field '{name}' takes {getattr(kind, '__name__', kind)}, not '{text}'")
