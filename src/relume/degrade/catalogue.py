"""Every degradation by name, and their plain JSON: parameters as ``{"name": ..., field: value}``, draws as ``.npz``."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relume.degrade.ageing import Darken, Fade, Illumination, Varnish
from relume.degrade.base import PictureDegradation
from relume.degrade.blur import Defocus, GaussianBlur, GeneralisedBlur
from relume.degrade.chain import Chain, OneOf, RandomOrder, Sometimes
from relume.degrade.damage import Dust, Folds, Overlay, Scratches
from relume.degrade.jpeg import Jpeg
from relume.degrade.missing import Corners, Craquelure, Flaking, Holes
from relume.degrade.noise import FilmGrain, GaussianNoise, SensorNoise
from relume.degrade.pixels import Pixelate, Resize, Shrink
from relume.degrade.presets import AgedRelic, OldPhoto, RealWorld
from relume.degrade.stains import Foxing, Stains
from relume.degrade.tone import Gray, Halftone, Sepia
from relume.signal import Draw, InputRejected, UsageError

# Degradations that need no argument.
ALL: Mapping[str, type[PictureDegradation]] = {
    "scratches": Scratches,
    "overlay": Overlay,
    "folds": Folds,
    "dust": Dust,
    "stains": Stains,
    "foxing": Foxing,
    "corners": Corners,
    "holes": Holes,
    "craquelure": Craquelure,
    "flaking": Flaking,
    "gray": Gray,
    "sepia": Sepia,
    "halftone": Halftone,
    "grain": FilmGrain,
    "gaussian-noise": GaussianNoise,
    "sensor-noise": SensorNoise,
    "gaussian-blur": GaussianBlur,
    "generalised-blur": GeneralisedBlur,
    "defocus": Defocus,
    "pixelate": Pixelate,
    "resize": Resize,
    "shrink": Shrink,
    "jpeg": Jpeg,
    "darken": Darken,
    "fade": Fade,
    "varnish": Varnish,
    "illumination": Illumination,
    "real": RealWorld,
    "old-photo": OldPhoto,
    "aged-relic": AgedRelic,
}
# Degradations made of others, by their ``steps``.
COMPOSITES: Mapping[str, type[PictureDegradation]] = {
    "chain": Chain,
    "random-order": RandomOrder,
    "one-of": OneOf,
    "sometimes": Sometimes,
}
_NAMES = {made: name for name, made in {**ALL, **COMPOSITES}.items()}


def field_names(kind: type[PictureDegradation]) -> list[str]:
    """The names of a degradation's parameters."""
    return [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]


def make(name: str, parameters: Mapping[str, Any]) -> PictureDegradation:
    """The degradation ``name`` with some parameters set; an unknown name or parameter is an error that lists them."""
    kind = {**ALL, **COMPOSITES}.get(name)
    if kind is None:
        raise UsageError(f"no degradation is called {name!r}; there are {', '.join(ALL)}")
    own = field_names(kind)
    for key in parameters:
        if key not in own:
            raise UsageError(f"{name} has no parameter {key!r}; it has {', '.join(own)}")
    if name in COMPOSITES and "steps" not in parameters:
        raise UsageError(f"{name} is made of other degradations; give it steps")
    return kind(**parameters)


def to_json(degradation: PictureDegradation) -> dict[str, Any]:
    """Plain JSON of a degradation: its name and every parameter; ranges are lists of two."""
    kind = type(degradation)
    if kind not in _NAMES:
        raise UsageError(f"{kind.__name__} is not in the catalogue and cannot be stored")

    def plain(value: Any) -> Any:
        if isinstance(value, PictureDegradation):
            return to_json(value)
        return [plain(v) for v in value] if isinstance(value, tuple) else value

    return {"name": _NAMES[kind], **{key: plain(getattr(degradation, key)) for key in field_names(kind)}}


def from_json(value: Any) -> PictureDegradation:
    """The inverse of :func:`to_json`."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise UsageError(f"a stored degradation is an object with a name, not {value!r}")

    def full(item: Any) -> Any:
        if isinstance(item, dict):
            return from_json(item)
        return tuple(full(v) for v in item) if isinstance(item, list) else item

    return make(value["name"], {key: full(item) for key, item in value.items() if key != "name"})


def save_draw(path: Path, draw: Draw) -> None:
    """Write a draw to ``path`` (.npz): its keys, with the side before them."""
    sides = {"known": draw.known, "hidden": draw.hidden}
    arrays = {f"{side}/{key}": np.asarray(value) for side, held in sides.items() for key, value in held.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_draw(path: Path) -> Draw:
    """Read a draw that :func:`save_draw` wrote."""
    sides: dict[str, dict[str, Any]] = {"known": {}, "hidden": {}}
    try:
        with np.load(path, allow_pickle=False) as stored:
            for name in stored.files:
                side, _, key = name.partition("/")
                value = stored[name]
                sides[side][key] = value.item() if value.ndim == 0 else value
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputRejected(f"{path}: not a stored draw ({error}); make it with save_draw") from error
    return Draw(**sides)


def parse(text: str) -> PictureDegradation:
    """The degradation that ``NAME[:param=value,...]`` spells: values are 3, 0.5, 2..5 (a range), true, false or a word.

    >>> parse("scratches:count=4..8,dark=0.1").count
    (4, 8)
    """
    name, _, rest = text.partition(":")
    parameters: dict[str, Any] = {}
    for item in rest.split(",") if rest else []:
        key, equals, value = (piece.strip() for piece in item.partition("="))
        if not (key and equals and value):
            raise UsageError(f"{text!r}: {item!r} is not param=value")
        if key in parameters:
            raise UsageError(f"{text!r}: {key} is given twice")
        parameters[key] = parse_value(value)
    return make(name.strip(), parameters)


def parse_value(text: str) -> Any:
    """One value of the command line: whole number, number, range ``low..high``, true, false, or the word itself."""
    low, dots, high = text.partition("..")
    if dots:
        ends = (parse_value(low), parse_value(high))
        return ends if all(isinstance(e, int | float) and not isinstance(e, bool) for e in ends) else text
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
