"""What photographs are tested on: clean pictures that never trained, damaged by fixed seeds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relume.bench.images import colour
from relume.bench.sets import SUFFIXES, Picture, load, read_set
from relume.colour import gray, rgb_to_lab
from relume.degrade.base import mask_of
from relume.degrade.chain import Chain, Sequence
from relume.degrade.damage import Folds, Scratches
from relume.degrade.noise import GaussianNoise
from relume.degrade.pixels import Pixelate
from relume.degrade.resample import resize, to_bytes
from relume.signal import Array, UsageError
from relume.split import is_test

SIGMA, BLOCK, PHOTO_SIGMA, PHOTO_SIDE = 25, 4, 15, 256
VISIBLE = 8
"""8-bit levels by which damage must change a pixel to be seen."""
SPLIT = ("faces", "landscapes")
"""Sets that train too: of these the test part alone is measured."""


@dataclass(frozen=True, eq=False)
class Case:
    """``truth`` (H, W, 3) and ``damaged`` (H, W[, 3]) uint8.

    ``mask`` (H, W) bool: where it is damaged, if anywhere; ``seen``: where that, noise and lost colours apart, changed
    a pixel by more than ``VISIBLE`` levels.
    """

    name: str
    truth: Array
    damaged: Array
    mask: Array | None
    seen: Array | None = None


@dataclass(frozen=True)
class Trial:
    """A task's test: the damage by its name, the sets it is measured on, and how a clean picture becomes a case."""

    task: str
    damage: str
    sets: tuple[str, ...]
    make: Callable[[Picture, int], Case]


def visible(before: Array, after: Array) -> Array:
    """Where two uint8 pictures (H, W[, 3]) differ by more than ``VISIBLE`` in any channel, (H, W) bool."""
    apart = np.abs(colour(after).astype(int) - colour(before)).max(axis=2)
    return np.asarray(apart > VISIBLE)


def generator(picture: Picture, seed: int) -> np.random.Generator:
    """The picture's own generator: what it draws depends on the seed and its name alone."""
    return np.random.default_rng([seed, zlib.crc32(picture.name.encode())])


def by(degradation: Sequence) -> Callable[[Picture, int], Case]:
    """Cases of colour pictures under ``degradation``."""

    def make(picture: Picture, seed: int) -> Case:
        truth = colour(picture.pixels)
        x = (truth / 255.0).astype(np.float32)
        draw = degradation.draw(x.shape, generator(picture, seed))
        damaged, mask = to_bytes(degradation.apply(x, draw)), mask_of(draw)
        return Case(picture.name, truth, damaged, mask, None if mask is None else mask & visible(truth, damaged))

    return make


def without_colour(picture: Picture, seed: int) -> Case:
    """The luma of the picture, stored as gray."""
    truth = colour(picture.pixels)
    return Case(picture.name, truth, to_bytes(gray(truth / 255.0)), None)


def old(picture: Picture, seed: int) -> Case:
    """At 256x256: the luma, scratched, then noisy, stored as gray."""
    truth = to_bytes(resize(colour(picture.pixels) / 255.0, size=(PHOTO_SIDE, PHOTO_SIDE)))
    chain = Chain((Scratches(), GaussianNoise(PHOTO_SIGMA / 255)))
    x = gray(truth / 255.0).astype(np.float32)
    draw = chain.draw(x.shape, generator(picture, seed))
    scratches, drawn = next(chain.taken(draw))
    seen = visible(to_bytes(x), to_bytes(scratches.apply(x, drawn)))
    return Case(picture.name, truth, to_bytes(chain.apply(x, draw)), mask_of(draw), seen)


TRIALS: Mapping[str, Trial] = {
    trial.task: trial
    for trial in (
        Trial("repair", "scratches+folds", SPLIT, by(Chain((Scratches(), Folds())))),
        Trial("denoise", f"gaussian-{SIGMA}", ("BSD100",), by(Chain((GaussianNoise(SIGMA / 255),)))),
        Trial("depixelate", f"pixelate-{BLOCK}", SPLIT, by(Chain((Pixelate(BLOCK),)))),
        Trial("colorize", "gray", SPLIT, without_colour),
        Trial("photo", f"gray+scratches+gaussian-{PHOTO_SIGMA}", SPLIT, old),
    )
}


def clean(data: Path, name: str, n: int | None) -> list[Picture]:
    """The pictures of the set ``name``, of faces and landscapes the test part; ``n`` of them, evenly over their names.

    ``name`` ``.`` stands for the pictures in the folder ``data`` itself.
    """
    if name == ".":
        paths = sorted(path for path in data.iterdir() if path.suffix.lower() in SUFFIXES)
        found = [Picture(path.stem, load(path)) for path in paths]
    else:
        found = [picture for picture in read_set(data, name) if name not in SPLIT or is_test(picture.name)]
    if not found:
        raise UsageError(f"no pictures in {data}")
    if n is None or n >= len(found):
        return found
    return [found[int(index)] for index in np.linspace(0, len(found) - 1, n)]


def default_sets(data: Path, task: str) -> tuple[str, ...]:
    """The task's own sets, or ``.`` where ``data`` is a folder of pictures."""
    loose = data.is_dir() and any(path.suffix.lower() in SUFFIXES for path in data.iterdir())
    return (".",) if loose else TRIALS[task].sets


def training_chroma(data: Path, name: str) -> Array | None:
    """The mean a* and b* of the training part of a set, (2,); None where the set has none."""
    if name not in SPLIT:
        return None
    pictures = [picture for picture in read_set(data, name) if not is_test(picture.name)]
    means = [rgb_to_lab(colour(picture.pixels)[::8, ::8] / 255.0)[..., 1:].mean((0, 1)) for picture in pictures]
    return np.asarray(np.mean(means, 0))
