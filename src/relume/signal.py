"""The vocabulary: what a degradation draws, what a restorer may know, and how relume fails.

The one sentence of the package is ``x -> encode -> degrade -> y -> restore -> x_hat -> score``. A degradation first
*draws* its randomness from an explicit generator and then *applies* that draw with plain operators; a draw is split
into what may be shown to the restorer (``known``: a mask, a channel gain, a key) and what may not (``hidden``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class RelumeError(Exception):
    """Base of every error a user can meet: one clear line, a stable ``code`` and the command line's exit status.

    The message says what is wrong, where, and what to do about it.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1


class UsageError(RelumeError):
    """The call itself does not fit: a parameter out of bounds, an unknown name, a task that does not suit."""

    code = "usage"
    exit_status = 2


class InputRejected(RelumeError):
    """The input is not something relume can take: not a picture, damaged, too large, of an unsupported kind."""

    code = "input"
    exit_status = 4


class OutputRefused(RelumeError):
    """The output cannot be written: it exists, its folder cannot be written, the disk is full."""

    code = "output"
    exit_status = 5


class ModelError(RelumeError):
    """A weight file is missing, damaged, or does not do what was asked of it."""

    code = "model"
    exit_status = 6


@dataclass(frozen=True)
class Draw:
    """One draw of a degradation's randomness, split by who may see it.

    ``known``: side information that the restorer may use (mask, gain, key); ``hidden``: the rest (noise, grain).
    Both map names to arrays or plain numbers, so that a draw can be stored and applied again.
    """

    known: Mapping[str, Any] = field(default_factory=dict)
    hidden: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Degradation(Protocol):
    """Draw, then apply: ``apply(x, draw(shape, rng))`` is the whole of a degradation or of a channel."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Draw:
        """Return the randomness for an input of this shape; the same generator state gives the same draw."""
        ...

    def apply(self, x: Array, draw: Draw) -> Array:
        """Return the degraded ``x``; deterministic in ``x`` and ``draw``."""
        ...


@runtime_checkable
class Restorer(Protocol):
    """Anything that estimates x from y and from what it may know."""

    def restore(self, y: Array, known: Mapping[str, Any]) -> Array:
        """Return the estimate of the undamaged signal."""
        ...
