"""Degradations of pictures: each first draws its randomness, then applies it.

``ALL`` maps each degradation's name to its class; it is imported when first asked for, so that a command that only
resamples does not load them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relume.degrade.catalogue import ALL, COMPOSITES, from_json, load_draw, make, parse, save_draw, to_json

__all__ = ["ALL", "COMPOSITES", "from_json", "load_draw", "make", "parse", "save_draw", "to_json"]


def __getattr__(name: str) -> Any:
    """Import the catalogue on first use of one of its names."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from relume.degrade import catalogue

    return getattr(catalogue, name)
