"""Relics: pictures aged by fixed seeds and shrunk, restored by every rival; and fresh ones, to be left alone.

The truth is the picture as it was before ``AgedRelic`` darkened, faded, yellowed and shrunk it. The classical rivals
mend colour on the small picture and are enlarged bicubically; the learned ones are what ships, run by the runtime.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relume.bench.images import Distance, colour
from relume.bench.results import interval
from relume.bench.sets import Pair, Picture, read_set
from relume.colour import luma
from relume.degrade.presets import AgedRelic
from relume.degrade.resample import mod_crop, resize, to_bytes
from relume.metrics import colourfulness, delta_e, psnr, ssim
from relume.runtime import zoo
from relume.runtime.realism import PARTNERS
from relume.runtime.restore import restore
from relume.runtime.tasks.relic import COLOUR_MODEL, DETAIL_MODEL, NO_DETAIL
from relume.runtime.tasks.upscale import DEFAULT_MODEL
from relume.signal import Array, ModelError, UsageError
from relume.split import is_test

Restore = Callable[[Array, int], Array]

PROTOCOL = (
    "pictures aged by AgedRelic (darkening, fading, varnish, uneven light, blur, noise, antialiased reduction), each "
    "by a draw of its own from the seed and its name; RGB rounded to 8 bits before and after; PSNR over RGB, SSIM "
    "the mean of three channels, LPIPS v0.1 (AlexNet), mean CIEDE2000 (sRGB, D65), colourfulness of Hasler and "
    "Suesstrunk (2003), with the truth's beside it; scale pixels shaved; fresh pictures at x1, unaged; means with "
    "Student's 95 % interval; of the relics the test part alone"
)


@dataclass(frozen=True)
class Rival:
    """``restore`` maps (h, w, 3) uint8 and a scale to (s h, s w, 3) uint8; ``sha256`` names the weights behind it."""

    name: str
    restore: Restore
    sha256: Mapping[str, str | None]


def bicubic(low: Array, scale: int) -> Array:
    """(h, w, 3) uint8 enlarged by MATLAB's bicubic."""
    return low if scale == 1 else to_bytes(resize(low / 255.0, scale))


def auto_levels(x: Array) -> Array:
    """Every channel of (h, w, 3) uint8 stretched, its 0.5th and 99.5th percentile becoming 0 and 255."""
    low, high = np.percentile(x, (0.5, 99.5), axis=(0, 1))
    return to_bytes((x - low) / np.maximum(high - low, 1))


def gray_world(x: Array) -> Array:
    """Every channel of (h, w, 3) uint8 scaled so that the mean colour is a gray of the same mean."""
    means = x.mean((0, 1))
    return to_bytes(x / 255.0 * means.mean() / np.maximum(means, 1))


def equalised(x: Array) -> Array:
    """The luma of (h, w, 3) uint8 spread evenly over [0, 1], chroma kept."""
    y = (luma(x / 255.0) - 16) / 219
    order = np.sort(y, axis=None)
    even = np.searchsorted(order, y, side="right") / y.size
    return to_bytes(x / 255.0 + (even - y)[..., None])


def clahe(x: Array) -> Array:
    """Contrast-limited adaptive equalisation of L*, OpenCV's with a limit of 2 and 8x8 fields; (h, w, 3) uint8."""
    try:
        import cv2
    except ImportError as error:
        raise UsageError("the rival CLAHE is OpenCV's: pip install 'relume[bench]'") from error
    lab = cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


CLASSICAL: dict[str, Callable[[Array], Array]] = {
    "bicubic": lambda x: x,
    "CLAHE": clahe,
    "gray-world": gray_world,
    "auto-levels": auto_levels,
    "histogram equalisation": equalised,
}
DIALLED = {f"ours (realism {setting:g})": setting for setting in (0.5, 1.0)}
"""The settings of the realism dial that are also measured, by the names of their rows."""
UPSCALERS = ("cascade-psnr", "srgan", "cascade-gan")


def classical(name: str) -> Rival:
    """A rival that mends colour by rule and enlarges bicubically."""
    mend = CLASSICAL[name]
    return Rival(name, lambda low, scale: bicubic(mend(low), scale), {})


def upscaler(name: str) -> Rival:
    """A shipped upscaler, which leaves the colour as it is."""

    def run(low: Array, scale: int) -> Array:
        return low if scale == 1 else np.asarray(restore(low, task="upscale", scale=scale, model=name))

    return Rival(name, run, {name: zoo.find(name).sha256})


def ours(name: str, colour_model: bool = True, detail_model: bool = True, realism: float = 0.0) -> Rival:
    """The task relic; without its detail, the colour enlarged bicubically; without its colour, the detail."""

    def run(low: Array, scale: int) -> Array:
        strength = 1.0 if colour_model else 0.0
        if detail_model:
            rich = realism if scale > 1 else 0.0
            return np.asarray(restore(low, task="relic", scale=scale, colour_strength=strength, realism=rich))
        return bicubic(
            np.asarray(restore(low, task="relic", scale=1, model=NO_DETAIL, colour_strength=strength)), scale
        )

    faithful = DETAIL_MODEL if DETAIL_MODEL in zoo.SHIPPED else DEFAULT_MODEL
    detail = [faithful, *([PARTNERS[faithful]] if realism else [])] if detail_model else []
    used = [*([COLOUR_MODEL] if colour_model else []), *detail]
    return Rival(name, run, {model: zoo.find(model).sha256 for model in used})


def trained(path: str) -> Rival:
    """The task relic with its detail by the ONNX file at ``path``, and its colour where that restores it too."""
    model = zoo.find(path)
    strength = 0.0 if model.card.recipe["net"].get("colour") else 1.0

    def run(low: Array, scale: int) -> Array:
        return np.asarray(restore(low, task="relic", scale=scale, model=path, colour_strength=strength))

    return Rival(model.card.name, run, {model.card.name: model.sha256})


def chosen(names: Sequence[str], scale: int) -> list[Rival]:
    """The rivals by name or by the path of an ONNX file of ours, bicubic first; without names all that ship.

    Raises UsageError for an unknown name, ModelError for a file that is not ours.
    """
    every = {rival.name: rival for rival in rivals(scale)}
    every |= {name: trained(name) for name in names if name.endswith(".onnx")}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise UsageError(f"no rival '{unknown[0]}' at x{scale}; there are {', '.join(every)}")
    return [every[name] for name in dict.fromkeys(["bicubic", *(names or every)])]


def rivals(scale: int) -> list[Rival]:
    """All that can be compared at ``scale``: the rules, the upscalers that ship, ours and ours without a part."""
    shipped = [name for name in UPSCALERS if name in zoo.SHIPPED and scale in zoo.find(name).card.scales]
    own = [
        ours("ours"),
        *(ours(name, realism=setting) for name, setting in DIALLED.items()),
        ours("ours (colour alone)", detail_model=False),
        ours("ours (detail alone)", colour_model=False),
    ]
    return [*(classical(name) for name in CLASSICAL), *(upscaler(name) for name in shipped), *own]


def aged(picture: Picture, scale: int, seed: int) -> Pair:
    """``picture`` cut to a multiple of ``scale``, and its aged, shrunk copy by the draw of its name; uint8."""
    high = mod_crop(colour(picture.pixels), scale)
    preset, rng = AgedRelic(scale), np.random.default_rng([seed, zlib.crc32(picture.name.encode())])
    x = (high / 255.0).astype(np.float32)
    return Pair(picture.name, to_bytes(preset.apply(x, preset.draw(x.shape, rng))), high)


def pictures(data: Path, name: str) -> list[Picture]:
    """The pictures of a set, of ``relics`` the test part."""
    found = read_set(data, name)
    return [picture for picture in found if name != "relics" or is_test(picture.name)]


def score(restored: Array, pair: Pair, scale: int, distance: Distance) -> dict[str, float]:
    """Every metric of one picture, both (H, W, 3) uint8."""
    if restored.shape != pair.high.shape or restored.dtype != np.uint8:
        raise ModelError(f"{pair.name}: the result is {restored.dtype} {restored.shape}, not uint8 {pair.high.shape}")
    inner = (slice(scale, -scale), slice(scale, -scale))
    found, truth = restored[inner] / 255.0, pair.high[inner] / 255.0
    return {
        "psnr_rgb": min(psnr(found, truth), 99.0),
        "ssim_rgb": ssim(found, truth),
        "lpips_alex": distance(found, truth),
        "delta_e": delta_e(found, truth),
        "colourfulness": colourfulness(found),
        "colourfulness_truth": colourfulness(truth),
    }


def measure(
    rival: Rival,
    pairs: Sequence[Pair],
    set_name: str,
    scale: int,
    distance: Distance,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """One row: ``rival`` on the pairs of a set."""
    each: dict[str, dict[str, float]] = {}
    for pair in pairs:
        each[pair.name] = score(rival.restore(pair.low, scale), pair, scale, distance)
        progress(f"{rival.name} x{scale} {set_name} {pair.name}")
    columns = {name: [scores[name] for scores in each.values()] for name in next(iter(each.values()))}
    row: dict[str, Any] = {"model": rival.name, "set": set_name, "scale": scale, "n": len(pairs)}
    row |= {name: float(np.mean(values)) for name, values in columns.items()}
    return row | {
        "interval_95": {name: list(interval(values)) for name, values in columns.items()},
        "weights_sha256": dict(rival.sha256),
        "pictures": each,
    }


def compared(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each row of aged pictures its gain in PSNR over bicubic, and the part of dE and LPIPS that is left."""
    base = {row["set"]: row for row in rows if row["model"] == "bicubic"}
    return [
        row
        if "fresh" in row["set"]
        else row
        | {
            "gain_psnr": row["psnr_rgb"] - base[row["set"]]["psnr_rgb"],
            "delta_e_over_bicubic": row["delta_e"] / base[row["set"]]["delta_e"],
            "lpips_over_bicubic": row["lpips_alex"] / base[row["set"]]["lpips_alex"],
        }
        for row in rows
    ]
