"""Pictures for documents: crops side by side, training curves, the realism dial. Needs matplotlib ([bench])."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from relume.bench.images import Contender
from relume.bench.sets import Pair, Picture
from relume.metrics import psnr_y
from relume.signal import Array, OutputRefused, UsageError

INK, GRID, LINE, FAINT = "#222222", "#dddddd", "#1f5fa8", "#aaaaaa"
WIDEST = 5
"""Crops beside each other, at most."""


def pyplot() -> ModuleType:
    """matplotlib's pyplot without a screen; an error says how to install it."""
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError("figures need matplotlib: pip install 'relume[bench]'") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "text.color": INK})
    return plt  # type: ignore[no-any-return]


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG or SVG by its suffix, without the date, so that equal figures are equal files."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(
            path, dpi=130, bbox_inches="tight", metadata={"Software": None} if path.suffix == ".png" else None
        )
    except (OSError, ValueError) as error:
        raise OutputRefused(f"{path}: the figure cannot be written ({error})") from error
    finally:
        pyplot().close(figure)


def check_box(box: Sequence[int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """``X0,Y0,X1,Y1`` in pixels of the ground truth; an error states the bounds."""
    if len(box) != 4:
        raise UsageError(f"a box is X0,Y0,X1,Y1, not {','.join(map(str, box))}")
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= shape[1] and 0 <= y0 < y1 <= shape[0]):
        raise UsageError(f"the box {x0},{y0},{x1},{y1} does not lie in the picture of {shape[1]}x{shape[0]}")
    return x0, y0, x1, y1


def comparison(pair: Pair, box: Sequence[int], contenders: Sequence[Contender], scale: int, path: Path) -> list[float]:
    """The paper's Figure 7: the whole truth with its box, then the crop of the truth and of every contender.

    Writes ``path`` and returns the PSNR-Y of the contenders' whole pictures in dB.
    """
    x0, y0, x1, y1 = check_box(box, pair.high.shape)
    restored = [contender.upscale(pair.low, scale) for contender in contenders]
    scores = [psnr_y(pair.high / 255.0, picture / 255.0, scale) for picture in restored]
    tiles = [("ground truth", pair.high)]
    tiles += [(f"{c.name}\n{s:.2f} dB", p) for c, s, p in zip(contenders, scores, restored, strict=True)]
    crops = [(title, picture[y0:y1, x0:x1]) for title, picture in tiles]
    _beside(f"{pair.name}, x{scale}", pair.high, (x0, y0, x1, y1), crops, path)
    return scores


def as_found(picture: Picture, box: Sequence[int], contenders: Sequence[Contender], scale: int, path: Path) -> None:
    """A picture that has no ground truth, enlarged: it and its box, then the crop of it and of every enlargement.

    ``box`` in pixels of the picture. Writes ``path``.
    """
    x0, y0, x1, y1 = check_box(box, picture.pixels.shape)
    crops = [("as it is", picture.pixels[y0:y1, x0:x1])]
    for contender in contenders:
        large = contender.upscale(picture.pixels, scale)
        crops.append((contender.name, large[y0 * scale : y1 * scale, x0 * scale : x1 * scale]))
    _beside(f"{picture.name}, x{scale}", picture.pixels, (x0, y0, x1, y1), crops, path)


def _beside(
    title: str, whole: Array, box: tuple[int, int, int, int], crops: Sequence[tuple[str, Array]], path: Path
) -> None:
    """A whole picture with its box drawn, and crops with their titles in rows beside it."""
    x0, y0, x1, y1 = box
    plt = pyplot()
    rows = -(-len(crops) // WIDEST)
    columns = -(-len(crops) // rows)
    height = 2.4 * rows
    width = height * whole.shape[1] / whole.shape[0]
    figure = plt.figure(figsize=(width + 1.9 * columns, height), layout="constrained")
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[width, *([1.9] * columns)])
    left = figure.add_subplot(grid[:, 0])
    show(left, whole, title)
    left.add_patch(plt.Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="#ff3333", linewidth=1.5))
    for index, (name, crop) in enumerate(crops):
        show(figure.add_subplot(grid[index // columns, 1 + index % columns]), crop, name)
    save(figure, path)


def show(axes: Any, picture: Array, title: str) -> None:
    """A picture without axes, its pixels as they are."""
    axes.imshow(picture, cmap="gray" if picture.ndim == 2 else None, vmin=0, vmax=255, interpolation="nearest")
    axes.set_title(title, fontsize=8)
    axes.axis("off")


def read_log(folder: Path) -> list[Mapping[str, Any]]:
    """The lines of a run's ``log.jsonl``."""
    path = folder / "log.jsonl"
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a training log ({error})") from error
    if not lines:
        raise UsageError(f"{path}: empty; the run has logged nothing yet")
    return lines


def curves(runs: Mapping[str, Path], metric: str, path: Path) -> None:
    """Loss and a validation metric against steps and against time, one line for each run by name."""
    plt = pyplot()
    figure, panels = plt.subplots(2, 2, figsize=(9, 6), constrained_layout=True)
    for name, folder in runs.items():
        lines = read_log(folder)
        for row, key in enumerate(("loss", metric)):
            found = [line for line in lines if key in line]
            if not found:
                raise UsageError(f"{folder / 'log.jsonl'}: no '{key}'; it has {', '.join(sorted(lines[-1]))}")
            for column, (across, unit) in enumerate((("step", 1), ("seconds", 60))):
                x = [line[across] / unit for line in found]
                panels[row][column].plot(x, [line[key] for line in found], label=name, linewidth=1.3)
    for row, label in enumerate(("training loss", metric.replace("_", " ") + " (held out)")):
        for column, across in enumerate(("steps", "minutes")):
            axes = panels[row][column]
            axes.set_xlabel(across)
            axes.set_ylabel(label)
            axes.grid(color=GRID, linewidth=0.6)
            if row == 0:
                axes.set_yscale("log")
    panels[0][0].legend(frameon=False, fontsize=8)
    save(figure, path)


def memory(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Peak memory of ``relume restore`` against megapixels of the input, with the limit that it was given."""
    plt = pyplot()
    found = sorted(rows, key=lambda row: float(row["megapixels_in"]))
    x = [row["megapixels_in"] for row in found]
    figure, axes = plt.subplots(figsize=(5.2, 3.2), constrained_layout=True)
    axes.plot(x, [row["peak_bytes"] / (1 << 30) for row in found], marker="o", markersize=4, color=LINE)
    limits = [row["limit_bytes"] / (1 << 30) for row in found]
    axes.plot(x, limits, color=FAINT, linewidth=1, linestyle="--", label="--max-memory")
    axes.set(xscale="log", xlabel=f"megapixels of the input, 16 bits, x{found[0]['scale']}", ylabel="peak memory, GiB")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    axes.grid(color=GRID, linewidth=0.6)
    save(figure, path)


def dial(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """PSNR-Y against LPIPS along the realism dial, one line a set, with the straight line between its ends."""
    plt = pyplot()
    sets = list(dict.fromkeys(row["set"] for row in rows))
    figure, panels = plt.subplots(1, len(sets), figsize=(3.6 * len(sets), 3.2), squeeze=False, constrained_layout=True)
    for axes, name in zip(panels[0], sets, strict=True):
        found = sorted((row for row in rows if row["set"] == name), key=lambda row: float(row["realism"]))
        x, y = np.array([(row["lpips_alex"], row["psnr_y"]) for row in found]).T
        axes.plot(x[[0, -1]], y[[0, -1]], color=FAINT, linewidth=1, linestyle="--")
        axes.plot(x, y, marker="o", markersize=4, color=LINE)
        for row in (found[0], found[-1]):
            axes.annotate(
                f"{row['realism']:g}", (row["lpips_alex"], row["psnr_y"]), xytext=(4, 4), textcoords="offset points"
            )
        axes.set_title(name)
        axes.set_xlabel("LPIPS (AlexNet), lower is better")
        axes.grid(color=GRID, linewidth=0.6)
    panels[0][0].set_ylabel("PSNR-Y, dB")
    save(figure, path)
