"""Relics side by side: the row of the survey's Figures 5 and 6, the contact sheet, and the blind sheet with its key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from relume.bench.figures import check_box, pyplot, save, show
from relume.bench.relic import Rival
from relume.bench.sets import Picture
from relume.degrade.resample import resize, to_bytes
from relume.runtime.files import appearing
from relume.signal import Array

LETTERS = "ABCDEFGH"


def row(picture: Picture, rivals: Sequence[Rival], scale: int, path: Path, box: Sequence[int] = ()) -> None:
    """The original and what each rival makes of it at ``scale``; below, ``box`` X0,Y0,X1,Y1 of it.

    There is no truth: the picture is a relic as it is. The original is shown by its own pixels, as large as the others.
    """
    made = [rival.restore(picture.pixels, scale) for rival in rivals]
    shown = [("original", np.kron(picture.pixels, np.ones((scale, scale, 1), np.uint8)))]
    shown += [(rival.name, result) for rival, result in zip(rivals, made, strict=True)]
    lines = [shown]
    if box:
        x0, y0, x1, y1 = (scale * at for at in check_box(box, picture.pixels.shape))
        lines.append([("", pixels[y0:y1, x0:x1]) for _, pixels in shown])
    _draw(lines, path, f"{picture.name}, x{scale}")


def contact(pictures: Sequence[Picture], rivals: Sequence[Rival], path: Path, side: int = 320) -> None:
    """One line a picture: as it is, and by every rival at x1; pictures shrunk to ``side`` pixels at most."""
    lines = []
    for picture in pictures:
        x = within(picture.pixels, side)
        lines.append([(picture.name, x), *((rival.name, rival.restore(x, 1)) for rival in rivals)])
    _draw(lines, path, "")


def blind(
    pictures: Sequence[Picture], rivals: Sequence[Rival], path: Path, key: Path, seed: int, side: int = 320
) -> None:
    """The contact sheet with each line shuffled and lettered, and ``key``, a JSON file that says which is which."""
    rng, lines, answers = np.random.default_rng(seed), [], {}
    for number, picture in enumerate(pictures, 1):
        x = within(picture.pixels, side)
        shown = [("input", x), *((rival.name, rival.restore(x, 1)) for rival in rivals)]
        order = [int(index) for index in rng.permutation(len(shown))]
        answers[str(number)] = {LETTERS[place]: shown[index][0] for place, index in enumerate(order)}
        lines.append([(f"{number}{LETTERS[place]}", shown[index][1]) for place, index in enumerate(order)])
    with appearing(key) as partial:
        partial.write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")
    _draw(lines, path, "")


def within(pixels: Array, side: int) -> Array:
    """(H, W, 3) uint8 shrunk to at most ``side`` pixels a side."""
    factor = side / max(pixels.shape[:2])
    return pixels if factor >= 1 else to_bytes(resize(pixels / 255.0, factor))


def _draw(lines: Sequence[Sequence[tuple[str, Array]]], path: Path, title: str) -> None:
    plt = pyplot()
    columns = max(len(line) for line in lines)
    heights = [line[0][1].shape[0] / line[0][1].shape[1] for line in lines]
    figure = plt.figure(figsize=(2.6 * columns, 2.6 * sum(heights) + 0.25 * len(lines) + 0.2), constrained_layout=True)
    grid = figure.add_gridspec(len(lines), columns, height_ratios=heights)
    for i, line in enumerate(lines):
        for j, (name, pixels) in enumerate(line):
            show(figure.add_subplot(grid[i, j]), pixels, name)
    if title:
        figure.suptitle(title, fontsize=9)
    save(figure, path)
