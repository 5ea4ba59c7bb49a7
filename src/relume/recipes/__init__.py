"""Experiments, one a file: typed values whose docstrings give the command, its time and its result."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from typing import Any

from relume.nets.shape import Shape
from relume.signal import ModelError, UsageError


def names() -> list[str]:
    """Every recipe that ``relume train`` knows: the modules of ``relume.recipes``."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> Any:
    """The value ``RECIPE`` of ``relume.recipes.NAME``, or with ``NAME.VARIANT`` one of its ``VARIANTS``.

    An unknown name is an error that lists the known ones.
    """
    module, dot, variant = name.partition(".")
    if module not in names():
        raise UsageError(f"no recipe '{name}'; there are {', '.join(names())}")
    found = importlib.import_module(f"relume.recipes.{module}")
    if not dot:
        return found.RECIPE
    variants = getattr(found, "VARIANTS", {})
    if variant not in variants:
        raise UsageError(f"recipe '{module}' has no variant '{variant}'; it has {', '.join(variants) or 'none'}")
    return variants[variant]


def shape_of(values: dict[str, Any]) -> Shape:
    """The shape that a checkpoint stored as plain values: of the kind, among all recipes', that has these fields."""
    modules = [importlib.import_module(f"relume.recipes.{name}") for name in names()]
    recipes = [recipe for module in modules for recipe in (module.RECIPE, *getattr(module, "VARIANTS", {}).values())]
    for kind in {type(recipe.net) for recipe in recipes if hasattr(recipe, "net")}:
        if {field.name for field in dataclasses.fields(kind)} == set(values):
            try:
                shape: Shape = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
            except (TypeError, ValueError) as error:
                raise ModelError(f"these sizes make no network: {error}") from error
            return shape
    raise ModelError(f"no recipe has a network with the sizes {', '.join(sorted(values))}; made by another version?")
