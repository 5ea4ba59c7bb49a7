"""Clean training pictures in memory as bytes, and random crops of them that depend on a generator alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from relume.degrade.resample import resize, to_bytes
from relume.signal import Array, UsageError
from relume.split import is_test
from relume.train.data import DataSpec, find_pictures, load_rgb, split


@dataclass(frozen=True)
class PictureSpec(DataSpec):
    """Folders of clean pictures. Those in ``divided`` have a test part (``relume.split``), which is left out.

    ``side``: the shorter side that every picture is resized to; 0 keeps its size (and makes a copy for every factor
    of ``rescale``). ``turns``: crops are also turned by right angles, not only mirrored.
    """

    divided: tuple[str, ...] = ("faces", "landscapes", "relics")
    side: int = 0
    turns: bool = False


class PictureBank:
    """``training`` and ``validation``: pictures (H, W, 3) uint8 of at least ``patch`` pixels a side."""

    def __init__(self, spec: PictureSpec, root: Path, patch: int) -> None:
        self.spec, self.patch = spec, patch
        paths: list[Path] = []
        for folder in spec.folders:
            found = find_pictures(root, (folder,), spec.exclude)
            paths += [path for path in found if folder not in spec.divided or not is_test(path.stem)]
        chosen, held_out = split(paths, spec.held_out)
        self.training = [copy for path in chosen for copy in self.copies(load_rgb(path))]
        self.validation = [self.fit(load_rgb(path)) for path in held_out]
        if not self.training:
            raise UsageError(f"no training picture below {root} has {patch} pixels a side")
        area = np.sqrt([picture.size for picture in self.training])
        self.weights = area / area.sum()

    def fit(self, picture: Array) -> Array:
        """The picture with its shorter side of the spec's length."""
        if not self.spec.side:
            return picture
        factor = self.spec.side / min(picture.shape[:2])
        size = (round(picture.shape[0] * factor), round(picture.shape[1] * factor))
        return to_bytes(resize(picture.astype(np.float32) / 255, size=size))

    def copies(self, picture: Array) -> list[Array]:
        """What of a picture trains: itself at every size that holds a crop."""
        if self.spec.side:
            return [self.fit(picture)]
        sizes = [f for f in self.spec.rescale if min(picture.shape[:2]) * f >= self.patch + 1]
        return [picture if f == 1 else to_bytes(resize(picture.astype(np.float32) / 255, f)) for f in sizes]

    def crops(self, count: int, rng: np.random.Generator, of: Sequence[Array] | None = None) -> Array:
        """``count`` crops of random pictures, mirrored at random: (N, patch, patch, C), as the pictures are stored.

        ``of``: other planes of the same training pictures to crop instead, one an entry.
        """
        pictures = self.training if of is None else of
        indices = rng.choice(len(pictures), count, p=self.weights)
        return np.stack([cut(pictures[i], self.patch, self.spec.turns, rng) for i in indices])


def cut(planes: Array, side: int, turns: bool, rng: np.random.Generator) -> Array:
    """A random square of ``planes`` (H, W, ...), mirrored or not, and turned where ``turns``."""
    top, left = (int(rng.integers(0, length - side + 1)) for length in planes.shape[:2])
    piece = planes[top : top + side, left : left + side]
    if turns:
        piece = np.rot90(piece, int(rng.integers(4)))
    return piece[:, ::-1] if rng.integers(2) else piece


def centre(planes: Array, multiple: int, most: int = 256) -> Array:
    """The middle of ``planes`` (H, W, ...): sides multiples of ``multiple``, at most ``most``."""
    sides = [min(length, most) // multiple * multiple for length in planes.shape[:2]]
    top, left = ((length - side) // 2 for length, side in zip(planes.shape[:2], sides, strict=True))
    return planes[top : top + sides[0], left : left + sides[1]]


def tensor(planes: Array) -> Tensor:
    """(N, H, W, C) or one (H, W, C) to (N, C, H, W) float32, as the values are."""
    planes = planes[None] if planes.ndim == 3 else planes
    return torch.from_numpy(np.ascontiguousarray(planes, np.float32)).permute(0, 3, 1, 2)
