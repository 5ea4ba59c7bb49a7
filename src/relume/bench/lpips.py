"""LPIPS v0.1 from its exported networks: AlexNet's ships, VGG16's is named by the user. No torch.

The network and its formula are ``nets/lpips.py``; both exports equal the published implementation within 1e-4.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relume.bench.images import Distance
from relume.runtime.functions import Function
from relume.runtime.zoo import find
from relume.signal import Array, ModelError, UsageError

ALEX = "lpips-alex"
LEAST_SIDE = 32


def load(name: str) -> Distance:
    """The distance of two pictures (H, W, 3) float in [0, 1], by the shipped LPIPS export or the one at a path."""
    found = find(name)
    if found.path is None or tuple(found.card.inputs) != ("a", "b"):
        raise ModelError(f"{name}: not an LPIPS export, which takes two pictures a and b")
    network = Function(found.path)

    def distance(a: Array, b: Array) -> float:
        if min(a.shape[:2]) < LEAST_SIDE:
            raise UsageError(f"LPIPS needs sides of at least {LEAST_SIDE} pixels, not {a.shape[:2]}")
        planes = (np.ascontiguousarray(np.moveaxis(p, 2, 0)[None], np.float32) for p in (a, b))
        return float(network(*planes).item())

    return distance


def distances(vgg: Path | None) -> dict[str, Distance]:
    """The perceptual columns: ``lpips_alex``, and ``lpips_vgg`` where its export is given."""
    found = {"lpips_alex": load(ALEX)}
    return found if vgg is None else found | {"lpips_vgg": load(str(vgg))}
