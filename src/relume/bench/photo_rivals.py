"""Who restores photographs in the benchmark: the classical methods, the paper's network where it is given, and ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from relume.bench.images import colour
from relume.bench.photo_cases import BLOCK, PHOTO_SIDE, PHOTO_SIGMA, SIGMA, Case, generator
from relume.bench.sets import Picture
from relume.card import ModelCard
from relume.colour import lab_to_rgb, rgb_to_lab
from relume.degrade.resample import resize, to_bytes
from relume.runtime import zoo
from relume.runtime.arrays import from_object
from relume.runtime.functions import Function
from relume.runtime.options import Options
from relume.runtime.restore import restore
from relume.runtime.self_ensemble import EIGHT, ONE, Side
from relume.runtime.tasks.colorize import working_size
from relume.runtime.tasks.denoise import LIGHT
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.repair import DETECTOR, LIKELY, detect, likely
from relume.signal import Array, UsageError

INPAINT_RADIUS = 3


@dataclass(frozen=True)
class Rival:
    """``run`` maps a case to (H, W[, 3]) uint8. ``role``: input, baseline, paper or ours; ``models``: whose weights.

    ``sides``: those from which its detector looks, where it has one; every other network runs once.
    """

    name: str
    role: str
    run: Callable[[Case], Array]
    models: tuple[str, ...] = ()
    uses_true_mask: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    sides: tuple[Side, ...] = ONE

    @property
    def weights(self) -> dict[str, str | None]:
        """The hashes behind it."""
        return {name: zoo.find(name).sha256 for name in self.models}

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates of its networks, as often as they run, for each pixel of a 256x256 picture."""
        looks = {name: len(self.sides) if name == DETECTOR else 1 for name in self.models}
        return round(sum(count * macs_per_pixel(zoo.find(name).card) for name, count in looks.items()))


def macs_per_pixel(card: ModelCard) -> float:
    """Multiply-accumulates for each pixel of a 256x256 picture; colours are given to a smaller copy of it."""
    size = (PHOTO_SIDE, PHOTO_SIDE)
    height, width = working_size(card, size) if card.task == "colorize" else size
    return next(iter(card.macs_per_pixel.values())) * height * width / PHOTO_SIDE**2


def cv2() -> ModuleType:
    """OpenCV; an error says how to install it."""
    try:
        import cv2 as module
    except ImportError as error:
        raise UsageError("the classical rivals are OpenCV's: pip install 'relume[bench]'") from error
    return module  # type: ignore[no-any-return]


def inpainted(picture: Array, mask: Array, method: str) -> Array:
    """OpenCV's ``telea`` or ``ns`` inpainting of (H, W[, 3]) uint8."""
    flag = {"telea": cv2().INPAINT_TELEA, "ns": cv2().INPAINT_NS}[method]
    return np.asarray(cv2().inpaint(np.ascontiguousarray(picture), mask.astype(np.uint8), INPAINT_RADIUS, flag))


@lru_cache(maxsize=4)
def _probabilities(data: bytes, shape: tuple[int, ...], sides: tuple[Side, ...]) -> Array:
    picture = np.frombuffer(data, np.uint8).reshape(shape)
    request = Request(lambda: from_object(picture), Options(task="repair"))
    return detect(request, lambda found: found, sides)[0]


def found_mask(case: Case, least: float = LIKELY, sides: tuple[Side, ...] = EIGHT) -> Array:
    """The mask that the shipped detector finds in a case, (H, W) bool; as likely as the task ``repair`` asks for."""
    return likely(_probabilities(case.damaged.tobytes(), case.damaged.shape, sides), least)


def true_mask(case: Case) -> Array:
    """The damage of a case that can be seen: a wider mask, with all that it changed, serves every rival worse."""
    return np.zeros(case.truth.shape[:2], bool) if case.seen is None else case.seen


def non_local_means(picture: Array, sigma: float) -> Array:
    """OpenCV's fast non-local means of (H, W[, 3]) uint8, all channels compared together.

    Patches of 5 pixels, and as strong as was best on eight pictures of BSDS398 with noise of 25 (gray: 15) levels:
    28.7 dB; 26.4 dB as ``fastNlMeansDenoisingColored`` with the noise's own deviation.
    """
    strength = sigma if picture.ndim == 2 else 0.9 * sigma
    return np.asarray(cv2().fastNlMeansDenoising(np.ascontiguousarray(picture), None, strength, 5, 21))


def bicubic_of_means(case: Case) -> Array:
    """Block means, one pixel each, enlarged by MATLAB's bicubic and cut to size."""
    height, width = case.truth.shape[:2]
    means = case.damaged[::BLOCK, ::BLOCK] / 255.0
    return to_bytes(resize(means, float(BLOCK)))[:height, :width]


def tinted(case: Case, chroma: Array) -> Array:
    """The gray picture with one chroma all over."""
    lab = rgb_to_lab(colour(case.damaged) / 255.0)
    lab[..., 1:] = chroma
    return to_bytes(lab_to_rgb(lab))


def shipped(task: str, **dials: Any) -> Callable[[Case], Array]:
    """The public ``restore``."""
    return lambda case: np.asarray(restore(case.damaged, task, **dials))


def one_hint(case: Case) -> tuple[int, int, str]:
    """A pixel of the case, by its name, and the truth's colour there: x, y and ``#rrggbb``."""
    height, width = case.truth.shape[:2]
    rng = generator(Picture(case.name, case.truth), 1)
    y, x = (int(rng.integers(side // 8, side - side // 8)) for side in (height, width))
    red, green, blue = case.truth[y - 2 : y + 3, x - 2 : x + 3].mean((0, 1)).round().astype(int)
    return x, y, f"#{red:02x}{green:02x}{blue:02x}"


def paper(path: Path) -> Rival:
    """The paper's network from its export: pictures whole, in the range that its card states."""
    model = zoo.find(str(path))
    network, (low, high) = Function(path), model.card.value_range

    def run(case: Case) -> Array:
        planes = np.moveaxis(colour(case.damaged) / 255.0, 2, 0)[None].astype(np.float32)
        out = network(planes * np.float32(high - low) + np.float32(low))[0]
        return to_bytes((np.moveaxis(out, 0, 2) - low) / (high - low))

    return Rival(model.card.name, "paper", run, (str(path),))


def rivals(task: str, chroma: Array | None, paper_path: Path | None) -> tuple[list[Rival], list[str]]:
    """All that compete in ``task``, and what was left out and why. Raises ModelError where our models do not ship."""
    given = Rival("input", "input", lambda case: case.damaged)
    skipped: list[str] = []
    found = {"repair": _repair, "denoise": _denoise, "depixelate": _depixelate, "photo": _photo}
    others = _colorize(chroma) if task == "colorize" else found[task]()
    if task == "denoise":
        others, skipped = _with_bm3d(others)
    if task == "colorize" and chroma is None:
        skipped.append("mean chroma: this set has no training part")
    more = [paper(paper_path)] if paper_path is not None else []
    return [given, *others[:-1], *more, *others[-1:]], skipped


def _repair() -> list[Rival]:
    return [
        Rival(
            "Telea, detected mask",
            "baseline",
            lambda c: inpainted(c.damaged, found_mask(c), "telea"),
            (DETECTOR,),
            sides=EIGHT,
        ),
        Rival("Telea, true mask", "baseline", lambda c: inpainted(c.damaged, true_mask(c), "telea"), (), True),
        Rival("Navier-Stokes, true mask", "baseline", lambda c: inpainted(c.damaged, true_mask(c), "ns"), (), True),
        Rival("ours, true mask", "ours", lambda c: shipped("repair", mask=true_mask(c))(c), ("repair",), True),
        Rival("ours", "ours", shipped("repair"), (DETECTOR, "repair"), sides=EIGHT),
    ]


def _denoise() -> list[Rival]:
    return [
        Rival("non-local means", "baseline", lambda c: non_local_means(c.damaged, SIGMA)),
        Rival("ours, sigma known", "ours", shipped("denoise", sigma=float(SIGMA)), ("denoise",)),
        Rival("ours", "ours", shipped("denoise"), ("denoise",)),
    ]


def _depixelate() -> list[Rival]:
    return [
        Rival("bicubic of the block means", "baseline", bicubic_of_means),
        Rival("ours", "ours", shipped("depixelate"), ("depixelate",)),
    ]


def _colorize(chroma: Array | None) -> list[Rival]:
    mean = [] if chroma is None else [Rival("mean chroma", "baseline", lambda c: tinted(c, chroma))]
    return [
        *mean,
        Rival("ours, one hint", "ours", lambda c: shipped("colorize", hints=[one_hint(c)])(c), ("colorize",)),
        Rival("ours", "ours", shipped("colorize"), ("colorize",)),
    ]


def _photo() -> list[Rival]:
    def classical(case: Case) -> Array:
        return non_local_means(inpainted(case.damaged, found_mask(case, sides=ONE), "telea"), PHOTO_SIGMA)

    models = tuple(name for name in (DETECTOR, "repair", LIGHT, "colorize") if name in zoo.SHIPPED)
    return [
        Rival("Telea, detected mask, then non-local means", "baseline", classical, (DETECTOR,)),
        Rival("ours, without colour", "ours", shipped("photo", strength=1.0), models[:-1]),
        Rival("ours", "ours", shipped("photo", strength=1.0, colour=True), models),
    ]


def _with_bm3d(others: Sequence[Rival]) -> tuple[list[Rival], list[str]]:
    try:
        import bm3d  # type: ignore[import-not-found]
    except ImportError:
        return list(others), ["bm3d: not installed; its licence allows non-commercial use alone"]

    def run(case: Case) -> Array:
        return to_bytes(bm3d.bm3d_rgb(case.damaged / 255.0, SIGMA / 255))

    return [others[0], Rival("BM3D", "baseline", run), *others[1:]], []
