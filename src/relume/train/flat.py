"""What is flat stays flat: the heads of a cascade, changed until gray fields keep their value.

A head writes every pixel of a cell by weights of its own, and a training by decibels leaves them some ten thousandths
of full scale apart. Nobody sees that, but on a smooth 16-bit ramp, whose steps are as small, the enlargement then goes
back where it should rise.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional

from relume.nets.cascade import Cascading

LEVELS = 91
"""Gray fields from 0.05 to 0.95."""
RIDGE = 1e-3


@torch.no_grad()
def offsets(net: Cascading) -> dict[int, torch.Tensor]:
    """By scale, what ``net`` adds to gray fields in each place of a cell: (``LEVELS``, 3 scale^2), float32."""
    return {scale: added for scale, _, _, added in _on_gray(net)}


@torch.no_grad()
def keep_flat(net: Cascading) -> None:
    """Change the heads of ``net`` by as little as takes what it adds to gray fields away.

    On a field of level v every place of the features is the same numbers phi(v), so a head adds w phi(v) + b, w the
    sum of its taps: ridge regression finds the change of w and b.
    """
    for _, head, features, added in _on_gray(net):
        phi = functional.pad(features, (0, 1), value=1.0).double()
        gram = phi.T @ phi + RIDGE * torch.eye(phi.shape[1], dtype=torch.float64)
        change = torch.linalg.solve(gram, phi.T @ added.double()).T.float()
        head.weight.sub_(change[:, :-1, None, None] / 9)
        head.get_parameter("bias").sub_(change[:, -1])


def _on_gray(net: Cascading) -> Iterator[tuple[int, nn.Conv2d, torch.Tensor, torch.Tensor]]:
    """Each stage on gray fields: scale, head, its features in one place, (LEVELS, C), what it adds to a cell there."""
    middle = net.shape.radius + 1
    levels = torch.linspace(0.05, 0.95, LEVELS)[:, None, None, None]
    for scale, state, head in net.readings(levels.expand(LEVELS, 3, 2 * middle + 1, 2 * middle + 1)):
        yield scale, head, state[:, :, middle, middle], head(state)[:, :, middle, middle]
