"""One training's game as a picture: both losses, the accuracy, the crossing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relume.signal import ModelError
from relume.train.equilibrium import FIELDS, crossing, read_curve, smoothed


def draw_curve(run: Path, path: Path) -> str:
    """Draw ``run/equilibrium.csv`` and say in one line where the curves cross."""
    rows = np.array(read_curve(run / "equilibrium.csv"))
    if not rows.size:
        raise ModelError(f"{run}: holds no equilibrium.csv; train a GAN into it first")
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    column = {name: rows[:, place] for place, name in enumerate(FIELDS)}
    met = crossing(column["critic"], column["generator"])
    figure, axis = pyplot.subplots(figsize=(6, 3.4))
    steps = column["step"] + 1
    for name, colour in (("critic", "#1b6ca8"), ("generator", "#c8553d"), ("accuracy", "0.6")):
        axis.plot(steps, smoothed(column[name]), color=colour, linewidth=1, label=name)
    axis.axhline(1, color="0.5", linewidth=0.8, linestyle="--")
    if met is not None:
        axis.axvline(met, color="0.3", linewidth=0.8)
    axis.set_xlabel("iteration")
    axis.set_ylabel("bits (accuracy: share)")
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    said = "the curves do not meet at equilibrium" if met is None else f"the curves meet at iteration {met}"
    return f"{path}: {said}; last value {smoothed(column['value'])[-1]:.3f} bits (-2 at equilibrium)"
