"""The tasks for photographs measured: every rival on the same damaged pictures, against the clean ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from relume.bench.images import Distance, colour
from relume.bench.photo_cases import BLOCK, Case
from relume.bench.photo_rivals import Rival, found_mask, one_hint
from relume.bench.results import interval
from relume.colour import gray, rgb_to_lab
from relume.degrade.pixels import block_means
from relume.degrade.resample import resize, to_bytes
from relume.metrics import ciede2000, colourfulness, psnr, ssim
from relume.runtime.restore import restore
from relume.runtime.self_ensemble import ONE, Side
from relume.runtime.tasks.repair import DETECTOR
from relume.signal import Array, ModelError

MOST_DB = 99.0
HINT_REACH = 40
GROSS = 20.0
"""CIEDE2000 from which a colour counts as gone wrong."""
PROTOCOL = (
    "clean pictures that never trained (of faces and landscapes the test part), damaged by seed and name, all 8-bit "
    "RGB before and after; nothing shaved; PSNR over RGB, at most 99 dB (psnr_luma: over BT.601 luma alone); SSIM mean "
    "of the three channels (11x11 Gaussian, sigma 1.5); LPIPS v0.1 AlexNet; mean CIEDE2000 (sRGB, D65); artefacts: the "
    "share of pixels more than 20 of it away; psnr_textured: over the quarter with most local variance; colourfulness "
    "of Hasler and Suesstrunk (2003), with the truth's beside it; noise is clipped and rounded to 8 bits, as in files; "
    "ours through the public restore(); Telea and Navier-Stokes of OpenCV with radius 3; mask_iou of the detector at "
    "probability 0.5, in repair the mean of its eight looks (mask_iou_one_look: of one, as in photo), "
    "against what the damage alone (without noise) changed by more than 8 levels, mask_iou_all against all of it, "
    "used_mask_iou at the probability that repair asks for; macs_per_pixel: of the networks for each pixel "
    "of the picture (photo: of 256x256, every network as often as it runs, colorize at its working size); photo: "
    "pictures brought to 256x256, strength 1; means with Student's 95 % interval"
)


def score(case: Case, restored: Array, distance: Distance) -> dict[str, float]:
    """Every metric of one picture."""
    if restored.shape[:2] != case.truth.shape[:2] or restored.dtype != np.uint8:
        raise ModelError(f"{case.name}: the result is {restored.dtype} {restored.shape}, not uint8 {case.truth.shape}")
    found, truth = colour(restored) / 255.0, case.truth / 255.0
    apart = ciede2000(rgb_to_lab(found), rgb_to_lab(truth))
    return {
        "psnr": min(psnr(found, truth), MOST_DB),
        "psnr_luma": min(psnr(gray(found), gray(truth)), MOST_DB),
        "ssim": ssim(found, truth),
        "lpips_alex": distance(found, truth),
        "delta_e": float(apart.mean()),
        "artefacts": float((apart > GROSS).mean()),
        "psnr_textured": textured_psnr(found, truth),
        "colourfulness": colourfulness(found),
        "colourfulness_truth": colourfulness(truth),
    }


def textured_psnr(found: Array, truth: Array) -> float:
    """PSNR in dB, at most 99, over the quarter of the pixels about which the truth's luma varies most."""
    plane = gray(truth)
    spread = uniform_filter(plane**2, 7) - uniform_filter(plane, 7) ** 2
    where = spread >= np.quantile(spread, 0.75)
    return min(psnr(found[where], truth[where]), MOST_DB)


def overlap(found: Array, truth: Array) -> float:
    """Intersection over union of two masks; 1 where both are empty."""
    union = int((found | truth).sum())
    return 1.0 if union == 0 else float((found & truth).sum() / union)


def masks(case: Case, seen: Array, sides: tuple[Side, ...]) -> dict[str, float]:
    """How well the detector at one half, and what is likely, match what can be seen of the damage, and all of it.

    ``sides``: those that the task looks from.
    """
    found = found_mask(case, 0.5, sides)
    return {
        "mask_iou": overlap(found, seen),
        "mask_iou_all": overlap(found, seen if case.mask is None else case.mask),
        "mask_iou_one_look": overlap(found_mask(case, 0.5, ONE), seen),
        "used_mask_iou": overlap(found_mask(case, sides=sides), seen),
    }


def near_hint(case: Case, restored: Array) -> dict[str, float]:
    """Mean CIEDE2000 within 40 pixels of the hint (``hint_delta_e``) and within 3 (``hint_spot_delta_e``)."""
    x, y, _ = one_hint(case)
    apart = ciede2000(rgb_to_lab(colour(restored) / 255.0), rgb_to_lab(case.truth / 255.0))
    rows, columns = np.ogrid[: apart.shape[0], : apart.shape[1]]
    away = np.hypot(rows - y, columns - x)
    return {
        "hint_delta_e": float(apart[away <= HINT_REACH].mean()),
        "hint_spot_delta_e": float(apart[away <= 3].mean()),
    }


def measure(
    rival: Rival,
    cases: Sequence[Case],
    set_name: str,
    damage: str,
    distance: Distance,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """One row: ``rival`` on the cases of a set."""
    pictures: dict[str, dict[str, float]] = {}
    for case in cases:
        restored = rival.run(case)
        pictures[case.name] = score(case, restored, distance)
        if case.seen is not None and DETECTOR in rival.models:
            pictures[case.name] |= masks(case, case.seen, rival.sides)
        if damage == "gray" and rival.role == "ours":
            pictures[case.name] |= near_hint(case, restored)
        progress(f"{rival.name}, {set_name}, {case.name}")
    columns = {name: [scores[name] for scores in pictures.values()] for name in next(iter(pictures.values()))}
    row: dict[str, Any] = {
        "model": rival.name,
        "role": rival.role,
        "uses_true_mask": rival.uses_true_mask,
        "set": set_name,
        "damage": damage,
    }
    row |= {name: float(np.mean(values)) for name, values in columns.items()}
    return row | {
        "n": len(cases),
        "macs_per_pixel": rival.macs_per_pixel,
        "interval_95": {name: list(interval(values)) for name, values in columns.items()},
        "weights_sha256": rival.weights,
        "pictures": pictures,
    }


SPEED_PROTOCOL = (
    "the picture brought to 1024x1024 gray, restored by the public restore(): processor time of all threads together "
    "(user and system), the best of the runs after one that is not timed; strength 1; photo: colours asked for, noise "
    "of sigma 10, damage as it is found; the paper's network: its forward pass alone, float32 in eager torch, random "
    "weights, on as many pixels"
)
SPEED_SIDE = 1024
PAPERS = "the paper's network"


def speed(
    picture: Array, runs: int, eager: Callable[[], object], progress: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Processor seconds of each task on one megapixel of ``picture``, (H, W[, 3]) uint8, and of ``eager``.

    ``eager`` runs the paper's network once on as many pixels; the other rows say how many times faster they are.
    """
    plane = to_bytes(resize(gray(colour(picture) / 255.0), size=(SPEED_SIDE, SPEED_SIDE)))
    squares = to_bytes(block_means(plane / 255.0, BLOCK))
    asked: dict[str, Callable[[], object]] = {
        PAPERS: eager,
        "repair": lambda: restore(plane, "repair"),
        "denoise": lambda: restore(plane, "denoise", sigma=10.0),
        "depixelate": lambda: restore(squares, "depixelate", block=BLOCK),
        "colorize": lambda: restore(plane, "colorize"),
        "photo": lambda: restore(plane, "photo", colour=True, sigma=10.0),
    }
    rows: list[dict[str, Any]] = []
    for task, once in asked.items():
        seconds = shortest(once, runs)
        rows.append({"task": task, "megapixels": plane.size / 1e6, "processor_seconds": seconds, "runs": runs})
        if task != PAPERS:
            rows[-1]["times_faster"] = rows[0]["processor_seconds"] / seconds
        progress(task)
    return rows


def shortest(once: Callable[[], object], runs: int) -> float:
    """Processor seconds of the quickest of ``runs``, after one that is not timed."""
    once()
    taken = []
    for _ in range(runs):
        started = time.process_time()
        once()
        taken.append(time.process_time() - started)
    return min(taken)
