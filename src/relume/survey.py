"""What a damaged picture shows about its own damage: the level of its noise, and the grid of its pixelation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from relume.signal import Array

PATCH = 8
_ENOUGH = 24_000
"""Patches that the noise is estimated from."""
_SQUARE, _TENTH = 12, 0.9
"""Side of a square, and how much of sigma the calmest tenth of squares of pure noise shows."""
_BLOCKS = range(2, 65)
_CLEAR = 6.0
"""How much larger steps on the grid must be than between its lines for a picture to count as pixelated."""


@dataclass
class NoiseMeter:
    """The standard deviation of white Gaussian noise: the lower of two estimates, each of which can be fooled.

    By the eigenvalues of the covariance of 8x8 patches (Chen, Zhu and Heng, *An Efficient Statistical Method for Image
    Noise Level Estimation*, ICCV 2015): patches of a picture lie near a subspace, so their smallest eigenvalues are the
    noise alone; the largest are dropped until mean and median of the rest agree. Texture fools it. And by the calmest
    tenth of 12x12 squares, in each of which what differs diagonally is noise alone; grain that JPEG has smoothed away
    fools that. Deviation of both: what is nearer to black or white than 0.06 is left out (clipping).
    ``pixels``: of the whole picture; it sets the stride, so that any picture gives about as many patches.
    """

    pixels: int
    _moment: Array = field(default_factory=lambda: np.zeros((PATCH**2, PATCH**2)))
    _sum: Array = field(default_factory=lambda: np.zeros(PATCH**2))
    _count: int = 0
    _calm: list[Array] = field(default_factory=list)

    def add(self, plane: Array) -> None:
        """A band (h, w) of one channel, float in [0, 1]."""
        if min(plane.shape) < PATCH:
            return
        stride = max(2, round((self.pixels / _ENOUGH) ** 0.5))
        patches = sliding_window_view(plane, (PATCH, PATCH))[::stride, ::stride].reshape(-1, PATCH**2)
        mean = patches.mean(axis=1)
        patches = patches[(mean > 0.06) & (mean < 0.94)].astype(np.float64)
        self._moment += patches.T @ patches
        self._sum += patches.sum(axis=0)
        self._count += len(patches)
        self._calm.append(_diagonal_deviations(plane))

    @property
    def sigma(self) -> float:
        """The estimate, in the picture's own range; 0 where there was too little to measure."""
        calm = np.concatenate(self._calm) if self._calm else np.zeros(0)
        if self._count < 4 * PATCH**2 or not len(calm):
            return 0.0
        return min(self._by_patches(), float(np.percentile(calm, 10)) / _TENTH)

    def _by_patches(self) -> float:
        mean = self._sum / self._count
        values = np.linalg.eigvalsh(self._moment / self._count - np.outer(mean, mean))
        for kept in range(len(values), 1, -1):
            rest = values[:kept]
            if rest.mean() <= np.median(rest):
                return float(np.sqrt(max(0.0, rest.mean())))
        return float(np.sqrt(max(0.0, values[0])))


def _diagonal_deviations(plane: Array) -> Array:
    """Root mean square of half the diagonal difference of each 12x12 square; sigma where there is noise alone."""
    crossed = (plane[:-1, :-1] - plane[1:, :-1] - plane[:-1, 1:] + plane[1:, 1:]) / 2
    rows, columns = (side // _SQUARE for side in crossed.shape)

    def squares(x: Array) -> Array:
        cut = x[: rows * _SQUARE, : columns * _SQUARE]
        return cut.reshape(rows, _SQUARE, columns, _SQUARE).swapaxes(1, 2).reshape(rows * columns, _SQUARE**2)

    mean = squares(plane).mean(axis=1)
    found = np.sqrt((squares(crossed) ** 2).mean(axis=1))
    return np.asarray(found[(mean > 0.06) & (mean < 0.94)])


def noise_sigma(picture: Array) -> float:
    """Standard deviation of the noise of ``picture`` (H, W[, C]) float in [0, 1]; all channels taken together."""
    planes = picture[..., None] if picture.ndim == 2 else picture
    meter = NoiseMeter(planes.shape[0] * planes.shape[1] * planes.shape[2])
    for channel in range(planes.shape[2]):
        meter.add(planes[..., channel])
    return meter.sigma


@dataclass(frozen=True)
class Grid:
    """Squares of ``block`` pixels; the first line of the grid lies ``top`` and ``left`` pixels inside (below block)."""

    block: int
    top: int
    left: int


def find_grid(down: Array, across: Array, block: int | None = None) -> Grid | None:
    """The grid of a pixelated picture; None where there is none.

    ``down`` (H - 1,) and ``across`` (W - 1,): the mean absolute step between neighbouring rows and columns. In a
    pixelated picture they vanish between the lines of the grid. ``block``: a side that is known, whose place is sought.
    """
    candidates = _BLOCKS if block is None else (block,)
    best: tuple[float, Grid] | None = None
    for side in candidates:
        if 3 * side > min(len(down), len(across)) + 1:
            break
        top, clear_down = _phase(down, side)
        left, clear_across = _phase(across, side)
        clear = min(clear_down, clear_across)
        if best is None or clear > best[0]:
            best = (clear, Grid(side, top, left))
    if best is None or (block is None and best[0] < _CLEAR):
        return None
    return best[1]


def jpeg_steps(down: Array, across: Array) -> float:
    """How much larger steps are between JPEG's squares of 8 pixels than within them: 1 where none can be seen."""
    ratios = []
    for steps in (down, across):
        lines = np.arange(1, len(steps) + 1) % 8 == 0
        if lines.any():
            ratios.append(float(steps[lines].mean() / max(float(steps[~lines].mean()), 1e-6)))
    return float(np.mean(ratios)) if ratios else 1.0


def _phase(steps: Array, side: int) -> tuple[int, float]:
    """Where the lines of a grid of ``side`` begin, and how much larger the steps on them are than the others."""
    lines = np.arange(1, len(steps) + 1) % side
    sums = np.bincount(lines, steps, side)
    counts = np.bincount(lines, minlength=side)
    means = sums / np.maximum(counts, 1)
    phase = int(np.argmax(means))
    rest = (sums.sum() - sums[phase]) / max(1, counts.sum() - counts[phase])
    return phase, float(means[phase] / (rest + 2e-4))
