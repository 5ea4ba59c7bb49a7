"""``denoise``: white noise of known or estimated strength is taken away; nothing is invented."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from relume.runtime.flow import Place
from relume.runtime.look import look
from relume.runtime.options import Decision
from relume.runtime.pictures import SOURCE_TYPE
from relume.runtime.pictures.icc import tone_curve
from relume.runtime.tasks.plan import Plan, Request
from relume.runtime.tasks.steps import SameSize, load
from relume.runtime.working import Working
from relume.signal import Array

DENOISER, LIGHT = "denoise", "denoise-light"
"""The task's own network, and one of a sixth of its operations for the task ``photo``."""


@dataclass
class Denoise(SameSize):
    """``sigma``: standard deviation of the noise, in [0, 1]."""

    sigma: float = field(kw_only=True)

    def restored(self, rgb: Array, place: Place) -> Array:
        """The network's estimate of the picture without noise."""
        return self.net(rgb, np.full((*rgb.shape[:2], 1), self.sigma, np.float32))


def plan(request: Request) -> Plan:
    """The denoising of one picture."""
    options, source = request.options, request.open()
    net = load(options.model or DENOISER, "denoise", ("x", "sigma"), options, source.dtype)
    if options.photo.sigma is not None:
        sigma, how = options.photo.sigma / 255, "as given"
    else:
        sigma, how = look(request.open(), Working(source.alpha, tone_curve(source.metadata.profile))).sigma, "estimated"
    decision = Decision("denoise", True, f"noise of sigma {255 * sigma:.1f} of 255 ({how})", {"sigma": 255 * sigma})
    strength = options.photo.strength
    step = Denoise(net, 1.0 if strength is None else strength, sigma=sigma)
    return Plan(source, step, SOURCE_TYPE["faithful"], decisions=(decision,))
