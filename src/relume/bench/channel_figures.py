"""Scatter plots of what a true and a learned channel make of the same symbols."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relume.comm.channels import to_complex
from relume.runtime.channel_models import Received
from relume.signal import Array, OutputRefused, UsageError


def draw_scatter(symbols: Array, true: Received, learned: Received, title: str, path: Path) -> None:
    """Real and generated side by side, coloured by symbol; with gains, y conj(h) / |h|. ``path``: .png or .svg."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise UsageError("figures need matplotlib: pip install 'relume[bench]'") from error
    mpl.use("Agg")
    from matplotlib import pyplot

    which = np.unique(symbols, axis=0, return_inverse=True)[1].reshape(-1)
    figure, axes = pyplot.subplots(1, 2, figsize=(8, 4), sharex=True, sharey=True)
    for axis, side, name in zip(axes, (true, learned), ("true channel", title), strict=True):
        y = to_complex(side.y)
        if side.gain is not None:
            h = to_complex(side.gain)
            y = y * np.conj(h) / np.abs(h)
        axis.scatter(y.real, y.imag, c=which, cmap="tab20", s=2, linewidths=0)
        axis.set_title(name, fontsize=10)
        axis.set_aspect("equal")
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=100)
    except (OSError, ValueError) as error:
        raise OutputRefused(f"{path}: cannot be written ({error})") from error
    finally:
        pyplot.close(figure)
