"""The loss curves of a training as a picture, from its log."""

from __future__ import annotations

import json
from pathlib import Path

NOT_LOSSES = ("step", "seconds", "gradient_norm")


def plot_losses(log: Path, target: Path) -> None:
    """Draw every logged number over the steps, in a panel each, into ``target`` (PNG); without a log, nothing."""
    if not log.is_file():
        return
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    names = list(dict.fromkeys(name for line in lines for name in line if name not in NOT_LOSSES))
    if not names:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(names), 1, figsize=(6, 1.6 * len(names)), sharex=True, squeeze=False)
    for axis, name in zip(axes[:, 0], names, strict=True):
        points = [(line["step"], line[name]) for line in lines if name in line]
        axis.plot(*zip(*points, strict=True), marker="." if len(points) < 30 else "")
        axis.set_ylabel(name, fontsize=8)
    axes[-1, 0].set_xlabel("step")
    figure.tight_layout()
    figure.savefig(target, dpi=80)
    pyplot.close(figure)
