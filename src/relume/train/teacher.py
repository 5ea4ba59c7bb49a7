"""A teacher for super-resolution: a trained model from whose answers a network learns.

The truth holds detail that nobody could know, and the teacher's answer does not, so that its gradient is quiet (Hinton
et al., *Distilling the knowledge in a neural network*, 2015).

Pictures that are shrunk once are answered once (:func:`teach`), seen from eight sides: the mean over the eight flips
and rotations of a picture (:mod:`relume.runtime.self_ensemble`) is better than any one of them, by 0.066 dB here, and
costs eight times as much. Patches that are shrunk anew are answered at every step, in one look (:func:`answering`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relume.degrade.resample import to_bytes
from relume.nets.branches import BranchesShape
from relume.nets.cascade import CascadeShape, Cascading
from relume.runtime import engine, zoo
from relume.runtime.self_ensemble import EIGHT, mean_of
from relume.signal import ModelError
from relume.train.data import PairBank
from relume.train.start import begun


def teach(bank: PairBank, teacher: Path, scales: Sequence[int]) -> None:
    """Put the teacher's answers beside the truth of every training pair of ``bank`` at those scales, as bytes."""
    found = zoo.find(str(teacher))
    if found.path is None or found.sha256 is None:
        raise ModelError(f"{teacher} is computed and has no weights")
    for scale in scales:
        output, eight_bits = found.card.output_for(scale), found.card.eight_bits
        net = engine.load(found.path, found.sha256, output, "auto", "auto", None, eight_bits)
        for pairs in bank.pairs:
            pairs.taught[scale] = to_bytes(mean_of(EIGHT, net, pairs.low[scale].astype(np.float32) / 255))


def answering(teacher: str) -> Cascading:
    """The cascade, or the branches, of an exported model, that only answers.

    Raises ModelError for any other model.
    """
    found = zoo.find(teacher)
    sizes = {k: tuple(v) if isinstance(v, list) else v for k, v in found.card.recipe.get("net", {}).items()}
    try:
        shape = BranchesShape(**sizes) if "branches" in sizes else CascadeShape(**sizes)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{teacher}: no cascade, and only a cascade can answer for patches shrunk anew") from error
    net = begun(shape.build(), str(found.path)).eval().requires_grad_(False)
    if not isinstance(net, Cascading):
        raise TypeError(f"{type(net).__name__} is no cascade")
    return net
