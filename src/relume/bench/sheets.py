"""Pages to look at: real photographs before and after, the same in blind order, and the metrics of every sample."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import uniform_filter

from relume.bench.figures import GRID, pyplot, save
from relume.bench.images import colour
from relume.bench.photo_cases import Case, visible
from relume.bench.photo_rivals import found_mask, inpainted, non_local_means
from relume.bench.sets import Picture
from relume.runtime.files import appearing
from relume.runtime.restore import restore
from relume.runtime.tasks.repair import DETECTOR
from relume.runtime.zoo import SHIPPED
from relume.signal import Array, UsageError
from relume.survey import noise_sigma

MOST_BYTES = 400_000
DETAIL = 240
_CELL, _GAP, _LABEL, _PAGE = 190, 6, 14, 1500
_LEAST_NOISE = 3.0
SEED = 0


def contact(
    pictures: Sequence[Picture], task: str, dials: Mapping[str, Any], out: Path, *, detail: bool = False
) -> None:
    """Write before and after of every picture, side by side; or of its ``detail``, see :func:`detail_of`."""
    pairs = [[picture.pixels, np.asarray(restore(picture.pixels, task, **dials))] for picture in pictures]
    _write(_page([("", detail_of(pair) if detail else pair) for pair in pairs], DETAIL if detail else _CELL), out)


def blind(
    pictures: Sequence[Picture], task: str, dials: Mapping[str, Any], out: Path, key: Path, *, detail: bool = False
) -> int:
    """Write three versions of every picture in an order of its own, and that order to ``key``, a JSON.

    The classical version: Telea's inpainting of the mask that our detector finds, then non-local means at the estimated
    noise. Version A, B and C of picture k are the columns of row k. Pictures that ours leaves as they are, as far as
    can be seen, are left out and listed in the key: there is nothing to judge. How many are shown is returned.

    Raises UsageError if that leaves none.
    """
    rng, orders, unchanged = np.random.default_rng(SEED), {}, []
    rows: list[tuple[str, Sequence[Array]]] = []
    for picture in pictures:
        ours = np.asarray(restore(picture.pixels, task, **dials))
        if not visible(picture.pixels, ours).any():
            unchanged.append(picture.name)
            continue
        versions = {"input": picture.pixels, "classical": classical(picture), "ours": ours}
        order = [str(name) for name in rng.permutation(list(versions))]
        number = str(len(rows) + 1)
        orders[number] = {"picture": picture.name, **dict(zip("ABC", order, strict=True))}
        shown = [versions[name] for name in order]
        rows.append((number, detail_of(shown) if detail else shown))
    if not rows:
        raise UsageError(f"{task} changes none of these pictures: there is nothing to judge")
    _write(_page(rows, DETAIL if detail else _CELL), out)
    told = {"seed": SEED, "task": task, "order": orders, "unchanged": unchanged}
    with appearing(key) as partial:
        partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return len(rows)


def worst(rows: Sequence[Mapping[str, Any]], find: Callable[[str, str], Case], task: str, n: int, out: Path) -> None:
    """Write the ``n`` cases in which ours gained least over the input: truth, damaged, ours; ``find`` by set, name."""
    gains = []
    for row in rows:
        if row["model"] == "ours":
            given = next(r for r in rows if r["role"] == "input" and r["set"] == row["set"])["pictures"]
            gains += [(s["psnr"] - given[name]["psnr"], row["set"], name) for name, s in row["pictures"].items()]
    lines = []
    for gain, group, name in sorted(gains)[:n]:
        case = find(group, name)
        ours = np.asarray(
            restore(case.damaged, task, colour=True, strength=1.0) if task == "photo" else restore(case.damaged, task)
        )
        lines.append((f"{gain:+.1f} dB", [case.truth, case.damaged, ours]))
    _write(_page(lines, _CELL, ("truth", "damaged", "ours")), out)


def detail_of(versions: Sequence[Array]) -> list[Array]:
    """Of each version (H, W[, 3]) uint8 the same square of up to ``DETAIL`` pixels: where they differ most."""
    planes = np.stack([colour(version).astype(np.float32) for version in versions])
    apart = np.ptp(planes, axis=0).mean(-1)
    side = min(DETAIL, *apart.shape)
    total = uniform_filter(apart, side, mode="constant")
    half, (height, width) = side // 2, apart.shape
    inner = total[half : height - side + half + 1, half : width - side + half + 1]
    top, left = np.unravel_index(int(inner.argmax()), inner.shape)
    return [version[top : top + side, left : left + side] for version in versions]


def classical(picture: Picture) -> Array:
    """What a careful user has without networks of ours but for the mask: inpainting, then non-local means."""
    x = picture.pixels
    repaired = (
        x if DETECTOR not in SHIPPED else inpainted(x, found_mask(Case(picture.name, colour(x), x, None)), "telea")
    )
    sigma = 255 * noise_sigma(x / 255.0)
    return non_local_means(repaired, sigma) if sigma >= _LEAST_NOISE else repaired


def _page(
    rows: Sequence[tuple[str, Sequence[Array]]], cell: int, letters: Sequence[str] = ("A", "B", "C")
) -> Image.Image:
    """Groups of pictures ``cell`` pixels high, as many beside each other as the page is wide, on white."""
    groups = [(label, [_high(picture, cell) for picture in group]) for label, group in rows]
    places, left, top, step = [], 0, 0, cell + _GAP + _LABEL
    for _, group in groups:
        width = sum(picture.width + 2 for picture in group)
        if left and left + width > _PAGE:
            left, top = 0, top + step
        places.append((left, top))
        left += width + 2 * _GAP
    widest = max(x + sum(p.width + 2 for p in group) for (x, _), (_, group) in zip(places, groups, strict=True))
    page = Image.new("RGB", (widest, top + step), "white")
    pen = ImageDraw.Draw(page)
    for (left, top), (label, group) in zip(places, groups, strict=True):
        for number, picture in enumerate(group):
            page.paste(picture, (left, top + _LABEL))
            if label:
                pen.text((left, top), f"{label} {letters[number]}", fill="black")
            left += picture.width + 2
    return page


def _high(picture: Array, cell: int) -> Image.Image:
    image = Image.fromarray(picture).convert("RGB")
    return image.resize((max(1, round(image.width * cell / image.height)), cell), Image.Resampling.LANCZOS)


def _write(page: Image.Image, out: Path) -> None:
    if out.suffix.lower() not in (".jpg", ".jpeg"):
        raise UsageError(f"{out}: a sheet is a JPEG; name a .jpg")
    for quality in (88, 80, 72, 64, 55, 45, 35):
        stream = io.BytesIO()
        page.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= MOST_BYTES:
            break
    with appearing(out) as partial:
        partial.write_bytes(stream.getvalue())


def samples(found: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Draw PSNR and SSIM of every sample, one line a model, one row of panels a results file; PNG or SVG."""
    plt = pyplot()
    figure, grid = plt.subplots(len(found), 2, figsize=(10, 2.6 * len(found)), squeeze=False)
    for panels, results in zip(grid, found, strict=True):
        models = list(dict.fromkeys(row["model"] for row in results["rows"]))
        for axes, metric in zip(panels, ("psnr", "ssim"), strict=True):
            for model in models:
                rows = [row for row in results["rows"] if row["model"] == model]
                values = [scores[metric] for row in rows for scores in row["pictures"].values()]
                axes.plot(range(1, len(values) + 1), values, lw=0.9, label=textwrap.shorten(model, 40))
            axes.set(title=f"{results['task']}: {metric.upper()}", xlabel="sample")
            axes.grid(color=GRID, lw=0.5)
        panels[1].legend(fontsize=6, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.tight_layout()
    save(figure, out)
