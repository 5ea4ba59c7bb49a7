"""Which models compete: the shipped ones by name, or ONNX files of ours by path, all through the public ``restore``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from relume.bench.images import Contender, Upscale
from relume.card import ModelCard
from relume.runtime import realism, zoo
from relume.runtime.options import PrecisionName
from relume.runtime.restore import restore
from relume.runtime.self_ensemble import EIGHT
from relume.signal import Array, UsageError

PLUS = "+"
"""What the name of a model ends in that is measured with its self-ensemble."""


def upscaler(model: str, precision: PrecisionName = "auto") -> Upscale:
    """The public ``restore`` with ``model``, an uint8 array in and out; with a plus its self-ensemble."""
    name, eight = model.removesuffix(PLUS), model.endswith(PLUS)

    def upscale(low: Array, scale: int) -> Array:
        made = restore(low, task="upscale", scale=scale, model=name, precision=precision, self_ensemble=eight)
        return np.asarray(made)

    return upscale


def eight_looks(card: ModelCard) -> ModelCard:
    """The card of a model that looks eight times: its name with a plus, its operations eightfold."""
    macs = {output: len(EIGHT) * count for output, count in card.macs_per_pixel.items()}
    return dataclasses.replace(card, name=card.name + PLUS, macs_per_pixel=macs)


def find(names: Sequence[str], scale: int, precision: PrecisionName = "auto") -> list[Contender]:
    """The contenders by name or path, bicubic first; without names all shipped models that enlarge by ``scale``.

    A plus behind a name (``cascade-psnr+``) is the model with its self-ensemble.

    Raises UsageError for a named model that cannot do ``scale``, ModelError for one that is not there.
    """
    able = []
    for name in dict.fromkeys(["bicubic", *(names or zoo.names())]):
        found = zoo.find(name.removesuffix(PLUS))
        if found.card.task == "upscale" and scale in found.card.scales:
            card = eight_looks(found.card) if name.endswith(PLUS) else found.card
            able.append(Contender(card.name, upscaler(name, precision), card, found.sha256))
        elif name in names:
            raise UsageError(f"{name} ({found.card.task}) does not enlarge by {scale}; leave it out of --models")
    return able


def between(faithful: str, rich: str, setting: float, scale: int) -> Contender:
    """The contender at ``setting`` of the realism dial between two models."""
    found = realism.blended(zoo.find(faithful), zoo.find(rich), setting)
    found.card.output_for(scale)
    return Contender(found.card.name, upscaler(str(found.path)), found.card, found.sha256)
