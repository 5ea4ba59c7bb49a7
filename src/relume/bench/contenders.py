"""Which models compete: the shipped ones by name, or ONNX files of ours by path, all through the public ``restore``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relume.bench.images import Contender, Upscale
from relume.runtime import realism, zoo
from relume.runtime.options import PrecisionName
from relume.runtime.restore import restore
from relume.signal import Array, UsageError


def upscaler(model: str, precision: PrecisionName = "auto") -> Upscale:
    """The public ``restore`` with ``model``, an uint8 array in and out."""

    def upscale(low: Array, scale: int) -> Array:
        return np.asarray(restore(low, task="upscale", scale=scale, model=model, precision=precision))

    return upscale


def find(names: Sequence[str], scale: int, precision: PrecisionName = "auto") -> list[Contender]:
    """The contenders by name or path, bicubic first; without names all shipped models that enlarge by ``scale``.

    Raises UsageError for a named model that cannot do ``scale``, ModelError for one that is not there.
    """
    able = []
    for name in dict.fromkeys(["bicubic", *(names or zoo.names())]):
        found = zoo.find(name)
        if found.card.task == "upscale" and scale in found.card.scales:
            able.append(Contender(found.card.name, upscaler(name, precision), found.card, found.sha256))
        elif name in names:
            raise UsageError(f"{name} ({found.card.task}) does not enlarge by {scale}; leave it out of --models")
    return able


def between(faithful: str, rich: str, setting: float, scale: int) -> Contender:
    """The contender at ``setting`` of the realism dial between two models."""
    found = realism.blended(zoo.find(faithful), zoo.find(rich), setting)
    found.card.output_for(scale)
    return Contender(found.card.name, upscaler(str(found.path)), found.card, found.sha256)
