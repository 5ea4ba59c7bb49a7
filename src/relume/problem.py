"""The flow that both halves of relume share: x -> degrade -> y -> restore -> x_hat -> score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from relume.signal import Array, Degradation, Restorer

Metric = Callable[[Array, Array], float]


@dataclass(frozen=True)
class Outcome:
    """What one run of a problem produced: the degraded signal, the estimate and its scores by metric name."""

    degraded: Array
    restored: Array
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Problem:
    """A degradation and the metrics by which an attempt to undo it is judged.

    >>> import numpy as np
    >>> from relume.degrade.resample import BicubicDownscale
    >>> from relume.metrics import psnr
    >>> problem = Problem(BicubicDownscale(2), {"psnr": psnr})
    """

    degradation: Degradation
    metrics: Mapping[str, Metric]

    def run(self, x: Array, restorer: Restorer, *, rng: np.random.Generator) -> Outcome:
        """Degrade ``x`` with a draw from ``rng``, restore with the draw's known part only, and score against ``x``."""
        draw = self.degradation.draw(x.shape, rng)
        y = self.degradation.apply(x, draw)
        estimate = restorer.restore(y, draw.known)
        return Outcome(y, estimate, {name: metric(x, estimate) for name, metric in self.metrics.items()})
