"""Every model on every set: fidelity, structure, perceptual distance and speed, under one protocol.

A model is anything that enlarges an 8-bit picture, so that what is measured is what is shipped: the runtime, with its
tiles, its precision and its rounding. Each figure is kept for every picture; rows give means and 95 % intervals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relume.bench.results import interval
from relume.bench.sets import Pair
from relume.card import ModelCard
from relume.metrics import SR_PROTOCOL, psnr, psnr_y, ssim_y
from relume.signal import Array, ModelError

Upscale = Callable[[Array, int], Array]
Distance = Callable[[Array, Array], float]

PROTOCOL = (
    f"{SR_PROTOCOL}; PSNR-RGB and LPIPS v0.1 on the same 8-bit pictures, shaved alike, gray on all three channels; "
    "means over pictures with Student's 95 % interval; speed in output megapixels a second, one untimed picture first"
)
FOUND_PROTOCOL = (
    PROTOCOL.replace("MATLAB antialiased bicubic", "degrade.presets.RealWorld (blur, resizing, noise, JPEG, twice)")
    + "; one draw for each picture"
)


@dataclass(frozen=True)
class Contender:
    """A model in the benchmark: ``upscale`` maps (h, w[, 3]) uint8 and a scale to (s h, s w[, 3]) uint8."""

    name: str
    upscale: Upscale
    card: ModelCard
    sha256: str | None


def score(pair: Pair, restored: Array, scale: int, distances: Mapping[str, Distance]) -> dict[str, float]:
    """Every metric of one picture; ``distances`` by column name."""
    if restored.shape != pair.high.shape or restored.dtype != np.uint8:
        raise ModelError(f"{pair.name}: the result is {restored.dtype} {restored.shape}, not uint8 {pair.high.shape}")
    truth, found = pair.high / 255.0, restored / 255.0
    inner = (slice(scale, -scale), slice(scale, -scale))
    scores = {"psnr_y": psnr_y(truth, found, scale), "ssim_y": ssim_y(truth, found, scale)}
    truth, found = (colour(picture[inner]) for picture in (truth, found))
    scores["psnr_rgb"] = psnr(truth, found)
    return scores | {name: distance(truth, found) for name, distance in distances.items()}


def colour(picture: Array) -> Array:
    """(H, W, 3) of a picture that may be gray (H, W)."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def measure(
    contender: Contender,
    pairs: Sequence[Pair],
    set_name: str,
    scale: int,
    distances: Mapping[str, Distance],
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """One row: ``contender`` on the pairs of a set; the trainings before its last are in the card of the weights."""
    contender.upscale(pairs[0].low, scale)
    pictures: dict[str, dict[str, float]] = {}
    seconds, pixels = 0.0, 0
    for pair in pairs:
        began = time.perf_counter()
        restored = contender.upscale(pair.low, scale)
        seconds += time.perf_counter() - began
        pixels += restored.shape[0] * restored.shape[1]
        pictures[pair.name] = score(pair, restored, scale, distances)
        progress(f"{contender.name} x{scale} {set_name} {pair.name}")
    columns = {name: [scores[name] for scores in pictures.values()] for name in next(iter(pictures.values()))}
    row: dict[str, Any] = {"model": contender.name, "set": set_name, "scale": scale}
    row |= {name: float(np.mean(values)) for name, values in columns.items()}
    row |= {name: None for name in ("lpips_alex", "lpips_vgg") if name not in columns}
    output = contender.card.output_for(scale)
    return row | {
        "n": len(pairs),
        "parameters": contender.card.parameters,
        "macs_per_output_pixel": contender.card.macs_per_pixel[output] / scale**2,
        "megapixels_per_second": pixels / 1e6 / seconds,
        "interval_95": {name: list(interval(values)) for name, values in columns.items()},
        "weights_sha256": contender.sha256,
        "recipe": {name: value for name, value in contender.card.recipe.items() if name != "before"},
        "pictures": pictures,
    }


def compare(rows: Sequence[dict[str, Any]], reference: str = "bicubic") -> list[dict[str, Any]]:
    """Add what each row gains over ``reference`` on the same pictures: PSNR-Y in dB with its interval, and its time."""
    found = {(row["set"], row["scale"]): row for row in rows if row["model"] == reference}
    compared = []
    for row in rows:
        base = found.get((row["set"], row["scale"]))
        if base is None:
            compared.append(row)
            continue
        gains = [scores["psnr_y"] - base["pictures"][name]["psnr_y"] for name, scores in row["pictures"].items()]
        compared.append(
            row
            | {
                "gain_psnr_y": float(np.mean(gains)),
                "gain_interval_95": list(interval(gains)),
                "time_over_bicubic": base["megapixels_per_second"] / row["megapixels_per_second"],
            }
        )
    return compared
