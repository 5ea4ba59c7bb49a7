"""A teacher for super-resolution: a trained model and what it makes of every training picture, seen from eight sides.

The mean over the eight flips and rotations of a picture (:mod:`relume.runtime.self_ensemble`) is better than any one of
them, by 0.066 dB here, and costs eight times as much. A network that learns from that mean as well as from the truth
gets a part of it in one look: the truth holds detail that nobody could know, and the teacher's answer does not, so that
its gradient is quiet (Hinton et al., *Distilling the knowledge in a neural network*, 2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relume.degrade.resample import to_bytes
from relume.runtime import engine, zoo
from relume.runtime.self_ensemble import EIGHT, mean_of
from relume.signal import ModelError
from relume.train.data import PairBank


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
