"""A network drawn from left to right, as papers draw them: slabs as tall as the picture is large, arcs for skips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relume.bench.figures import INK, pyplot, save
from relume.runtime.anatomy import Layer
from relume.signal import UsageError

COLOURS = {
    "Conv": "#6c8ebf",
    "ConvTranspose": "#82b366",
    "DepthToSpace": "#82b366",
    "Resize": "#82b366",
    "SpaceToDepth": "#d6b656",
    "MaxPool": "#d6b656",
    "AveragePool": "#d6b656",
    "InstanceNormalization": "#b0a0c8",
    "BatchNormalization": "#b0a0c8",
}
"""Operations that get a slab, and its colour; what lies between them is told by arcs or left out."""
_GAP = 0.35


def draw(name: str, layers: Sequence[Layer], path: Path) -> None:
    """Write the picture of ``layers`` to ``path``, a PNG or SVG. Needs matplotlib; raises UsageError, OutputRefused."""
    slabs = [index for index, layer in enumerate(layers) if layer.kind in COLOURS]
    if not slabs:
        raise UsageError(f"{name} has no layers to draw")
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{path}: the architecture is drawn as .png or .svg")
    plt = pyplot()
    place = {layer: position for position, layer in enumerate(slabs)}
    width = max(6.0, min(60.0, 0.42 * len(slabs)))
    figure, axes = plt.subplots(figsize=(width, 3.6))
    for layer, position in place.items():
        _slab(plt, axes, layers[layer], position, crowded=len(slabs) > 60)
    for start, end in _skips(layers, place):
        rise = -0.05 - 0.02 * min(8, end - start)
        axes.annotate(
            "", (end, 1.02), (start, 1.02),
            arrowprops={"arrowstyle": "-|>", "color": "#b85450", "lw": 0.8, "connectionstyle": f"arc3,rad={rise}"},
        )  # fmt: skip
    parameters, macs = sum(x.parameters for x in layers), sum(x.macs for x in layers)
    axes.set_title(f"{name}: {parameters:,} parameters, {macs / 1e9:.2f} GMAC", loc="left", color=INK)
    axes.set(xlim=(-0.8, len(slabs) - 0.2), ylim=(-0.62, 1.45))
    axes.axis("off")
    seen = dict.fromkeys(layers[index].kind for index in slabs)
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[kind]) for kind in seen]
    axes.legend(handles, list(seen), loc="lower left", ncol=len(seen), frameon=False, fontsize=7)
    save(figure, path)


def _slab(plt: Any, axes: Any, layer: Layer, position: int, *, crowded: bool) -> None:
    channels, height, columns = (*layer.shape, 1, 1)[:3]
    tall = 0.15 + 0.85 * min(1.0, math.log2(1 + height) / 10)
    wide = _GAP + 0.45 * min(1.0, math.log2(1 + channels) / 10)
    colour = COLOURS[layer.kind]
    axes.add_patch(
        plt.Rectangle((position - wide / 2, 0.5 - tall / 2), wide, tall, facecolor=colour, edgecolor=INK, lw=0.4)
    )
    if not crowded or position % 4 == 0:
        kernel = f" {'x'.join(map(str, layer.kernel))}" if layer.kernel else ""
        step = f"/{layer.stride[0]}" if layer.stride and max(layer.stride) > 1 else ""
        text = f"{channels}\n{height}x{columns}{kernel}{step}"
        axes.text(position, -0.06, text, ha="right", va="top", fontsize=5, rotation=60, rotation_mode="anchor")


def _skips(layers: Sequence[Layer], place: dict[int, int]) -> list[tuple[int, int]]:
    """Where something that a slab gave is taken up again by a sum or a joint further on: pairs of positions."""
    home: dict[int, set[int]] = {}
    found = set()
    for index, layer in enumerate(layers):
        before = [home.get(source, {-1}) for source in layer.sources]
        latest = {max(group) for group in before if group}
        if index in place:
            home[index] = {place[index]}
            continue
        if layer.kind in ("Add", "Concat") and len(latest) > 1:
            end = max(latest)
            found |= {(start, end) for start in latest if end - start > 1}
        home[index] = {max(latest, default=-1)}
    return sorted(found)
