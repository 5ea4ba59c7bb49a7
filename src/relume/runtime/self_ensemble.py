"""The geometric self-ensemble: the mean of what a network makes of a picture from several sides.

Flipped and turned, a picture is the same picture; what a network makes of it is not quite. The mean of the answers,
each turned back, is better than any one of them and costs as much as all (Timofte et al., *Seven ways to improve
example-based single image super resolution*, CVPR 2016). The field marks it by a plus: EDSR+.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from relume.signal import Array

Side = tuple[int, bool]
"""How a picture is seen: turned by so many right angles, then mirrored or not."""
ONE: tuple[Side, ...] = ((0, False),)
EIGHT: tuple[Side, ...] = tuple((turns, mirrored) for turns in range(4) for mirrored in (False, True))


def mean_of(sides: Sequence[Side], net: Callable[[Array], Array], x: Array) -> Array:
    """The mean of what ``net`` makes of ``x`` (h, w, c) float32 seen from each of ``sides``, turned back."""
    total: Array | None = None
    for turns, mirrored in sides:
        seen = np.rot90(x, turns)
        y = net(np.ascontiguousarray(seen[:, ::-1] if mirrored else seen))
        y = np.rot90(y[:, ::-1] if mirrored else y, -turns)
        if total is None:
            total = y.copy()
        else:
            total += y
    assert total is not None
    total /= np.float32(len(sides))
    return total
