"""Training pictures: banks of pairs held in memory as bytes, and batches that depend on (seed, step) alone.

Pictures are decoded with Pillow (8-bit training sets; masters at run time go through ``runtime.pictures``). Each is
rescaled by every factor of ``DataSpec.rescale`` (the paper's augmentation) and shrunk once for every scale, so that a
step only crops, flips and rotates.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from relume.card import TrainingSet
from relume.degrade.pixels import resample
from relume.degrade.resample import mod_crop, resize, to_bytes
from relume.signal import Array, InputRejected, UsageError
from relume.split import is_test

DIVIDED = ("faces", "landscapes", "relics")
"""Sets of which a fifth tests: see :func:`relume.split.is_test`."""
MARGIN = 4
"""Input pixels around a patch that is shrunk by itself: the antialiased kernel reaches two."""
LEAST_CELLS = 8
"""Input pixels a side of the smallest picture that is judged: its score leaves out a border of one."""
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class DataSpec:
    """Which pictures a recipe trains on: folders under the data root, and how they are prepared.

    ``fresh``: every patch begins at any pixel and is shrunk by itself, half of them with their channels in another
    order; else it is cut from the shrunken picture, whose pixels lie in one way upon those of the original.
    ``tones``: half of the fresh patches have less contrast and another brightness, and half of those are negatives.
    """

    folders: tuple[str, ...]
    rescale: tuple[float, ...] = (1.0,)
    held_out: int = 12
    exclude: tuple[str, ...] = ()
    terms: tuple[TrainingSet, ...] = ()
    fresh: bool = False
    tones: bool = False

    def uses(self, path: Path) -> bool:
        """Whether that file may be learned from: all but the test part of the sets that are divided."""
        return path.parent.name not in DIVIDED or not is_test(path.stem)

    def pieces(self, picture: Array) -> Iterator[Array]:
        """What of a picture (H, W, 3) becomes a pair each: all of it."""
        yield picture

    def lead(self, rng: np.random.Generator) -> int:
        """Where in a fresh piece, twice ``MARGIN`` wider than its patch, the patch begins: in its middle."""
        return MARGIN

    def shrink(self, image: Array, scale: int) -> Array:
        """1/``scale`` of (H, W, 3) in [0, 1], sides multiples of it: MATLAB's bicubic."""
        return resize(image, 1 / scale)


@dataclass(frozen=True)
class BlockSpec(DataSpec):
    """Training pictures that are shrunk to the means of their blocks, as pixelation does."""

    kernel: Literal["box"] = "box"

    def uses(self, path: Path) -> bool:
        """All but the fifth that tests of divided sets, whatever the folder."""
        return not is_test(path.stem)

    def shrink(self, image: Array, scale: int) -> Array:
        """The mean of every ``scale`` x ``scale`` block."""
        return resample(image, (image.shape[0] // scale, image.shape[1] // scale), "area")


def pictures_below(folder: Path) -> list[Path]:
    """Every picture file in ``folder`` and the folders in it, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def find_pictures(root: Path, folders: Sequence[str], exclude: Sequence[str] = ()) -> list[Path]:
    """Every picture file below ``root/folder``, in a stable order; a missing or empty folder is an error."""
    found: list[Path] = []
    for folder in folders:
        here = [path for path in pictures_below(root / folder) if path.stem not in exclude]
        if not here:
            raise UsageError(f"no training pictures in {root / folder}; give the data root with --data")
        found += here
    return found


def load_rgb(path: Path) -> Array:
    """A picture as (H, W, 3) uint8; an unreadable file is an error that names it."""
    try:
        with Image.open(path) as image:
            pixels: Array = np.asarray(image.convert("RGB"))
            return pixels
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise InputRejected(f"{path}: not a readable picture ({error}); remove it from the training folder") from error


@dataclass(frozen=True)
class Pairs:
    """One picture with its shrunken copies: ``low[s]`` is (h, w, 3), ``high[s]`` its (s h, s w, 3) original, uint8.

    ``low`` is empty where patches are shrunk anew.
    ``taught[s]`` is what a teacher made of ``low[s]``, where there is one.
    """

    low: dict[int, Array]
    high: dict[int, Array]
    taught: dict[int, Array] = field(default_factory=dict)

    def targets(self, scale: int, rows: slice, columns: slice) -> Array:
        """That part of the original and, behind it, of what a teacher made of ``low[scale]``: (h, w, 3 or 6)."""
        wanted = [self.high[scale], self.taught[scale]] if scale in self.taught else [self.high[scale]]
        return np.concatenate([picture[rows, columns] for picture in wanted], 2)


def make_pairs(picture: Array, scales: Sequence[int], shrink: Callable[[Array, int], Array]) -> Pairs:
    """Shrink ``picture`` (H, W, 3) uint8 by every scale, as the benchmark does."""
    low, high = {}, {}
    for scale in scales:
        high[scale] = mod_crop(picture, scale)
        low[scale] = to_bytes(shrink(high[scale].astype(np.float32) / 255, scale))
    return Pairs(low, high)


def split(paths: Sequence[Path], held_out: int) -> tuple[list[Path], list[Path]]:
    """(training, validation): the ``held_out`` files with the smallest checksum of their names validate."""
    ranked = sorted(paths, key=lambda p: zlib.crc32(p.stem.encode()))
    validation = set(ranked[:held_out])
    return [p for p in paths if p not in validation], sorted(validation)


def cut(pairs: Pairs, scale: int, patch: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """A patch of the shrunken picture, (patch, patch, 3), and what belongs to it: (s patch, s patch, 3 or 6), uint8."""
    low = pairs.low[scale]
    top, left = (int(rng.integers(0, side - patch + 1)) for side in low.shape[:2])
    rows, columns = (slice(scale * first, scale * (first + patch)) for first in (top, left))
    return low[top : top + patch, left : left + patch], pairs.targets(scale, rows, columns)


class PairBank:
    """Training and validation pairs for super-resolution at several scales."""

    def __init__(self, spec: DataSpec, root: Path, scales: Sequence[int], patch: int) -> None:
        found = [path for path in find_pictures(root, spec.folders, spec.exclude) if spec.uses(path)]
        training, validation = split(found, spec.held_out)
        smallest = (patch + 2 * MARGIN * spec.fresh) * max(scales)
        self.spec = spec
        self.scales = tuple(scales)
        self.pairs: list[Pairs] = []
        for path in training:
            picture = load_rgb(path)
            for factor in spec.rescale:
                if min(picture.shape[:2]) * factor < smallest + max(scales):
                    continue
                copy = picture if factor == 1 else to_bytes(resize(picture.astype(np.float32) / 255, factor))
                self.pairs += [self.prepared(piece) for piece in spec.pieces(copy)]
        if not training:
            raise UsageError(f"all {len(found)} pictures are held out ({spec.held_out}): add some, or hold out fewer")
        if not self.pairs:
            raise UsageError(f"every training picture is smaller than the patch: {smallest} pixels at x{max(scales)}")
        areas = np.array([p.high[min(scales)].size for p in self.pairs], float)
        self.weights = np.sqrt(areas) / np.sqrt(areas).sum()
        self.validation = [make_pairs(self.judged(path), scales, spec.shrink) for path in validation]

    def prepared(self, picture: Array) -> Pairs:
        """A picture to cut training patches from."""
        if self.spec.fresh:
            return Pairs({}, {scale: mod_crop(picture, scale) for scale in self.scales})
        return make_pairs(picture, self.scales, self.spec.shrink)

    def judged(self, path: Path) -> Array:
        """A held-out picture, at most 720 pixels a side; one too small for a score is an error that names it."""
        picture = load_rgb(path)[:720, :720]
        least = LEAST_CELLS * max(self.scales)
        if min(picture.shape[:2]) < least:
            raise InputRejected(f"{path}: smaller than {least} pixels and held out: remove it from the training folder")
        return picture

    def batch(self, scale: int, count: int, patch: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """``count`` random crops: (N, 3, patch, patch) and (N, 3, s patch, s patch) float32 in [0, 1].

        Where the scale was taught, the latter are (N, 6, ...), the teacher's behind the truth.
        """
        lows: list[Array] = []
        highs: list[Array] = []
        for index in rng.choice(len(self.pairs), count, p=self.weights):
            pair = (self.fresh if self.spec.fresh else cut)(self.pairs[index], scale, patch, rng)
            turn, flip = int(rng.integers(4)), bool(rng.integers(2))
            for crop, into in zip(pair, (lows, highs), strict=True):
                crop = np.rot90(crop, turn)
                into.append(crop[:, ::-1] if flip else crop)
        return to_tensor(np.stack(lows)), to_tensor(np.stack(highs))

    def fresh(self, pairs: Pairs, scale: int, patch: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """A patch from any pixel on, shrunk now: (patch, patch, 3) and (s patch, s patch, 3) uint8."""
        side = scale * (patch + 2 * MARGIN)
        top, left = (int(rng.integers(0, length - side + 1)) for length in pairs.high[scale].shape[:2])
        high = pairs.high[scale][top : top + side, left : left + side]
        if rng.integers(2):
            high = high[..., rng.permutation(3)]
        if self.spec.tones and rng.integers(2):
            high = toned(high, rng)
        low = to_bytes(self.spec.shrink(high.astype(np.float32) / 255, scale))
        y, x = self.spec.lead(rng), self.spec.lead(rng)
        rows, columns = (slice(scale * first, scale * (first + patch)) for first in (y, x))
        return low[y : y + patch, x : x + patch], high[rows, columns]

    def validate(self, scale: int) -> Iterator[tuple[Array, Array]]:
        """(low, high) of every held-out picture, (H, W, 3) uint8."""
        for pairs in self.validation:
            yield pairs.low[scale], pairs.high[scale]


def toned(picture: Array, rng: np.random.Generator) -> Array:
    """``picture`` uint8 with its tones in a random part of the range, a half of the range or more; or its negative."""
    contrast = 0.5 + 0.5 * rng.random()
    dark = (1 - contrast) * rng.random()
    values = picture.astype(np.float32) / 255
    return to_bytes(dark + contrast * (1 - values if rng.integers(2) else values))


def to_tensor(pictures: Array) -> Tensor:
    """(N, H, W, C) uint8 to (N, C, H, W) float32 in [0, 1], channels last in memory."""
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return tensor.float().div_(255)
