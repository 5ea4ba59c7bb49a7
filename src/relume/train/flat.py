"""What is flat stays flat: the heads of a cascade, changed until gray fields keep their value.

A head writes every pixel of a cell by weights of its own, and a training by decibels leaves them some ten thousandths
of full scale apart. Nobody sees that, but on a smooth 16-bit ramp, whose steps are as small, the enlargement then goes
back where it should rise.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from relume.nets.cascade import Cascade

LEVELS = 91
"""Gray fields from 0.05 to 0.95."""
RIDGE = 1e-3


@torch.no_grad()
def offsets(net: Cascade) -> dict[int, torch.Tensor]:
    """By scale, what ``net`` adds to gray fields in each place of a cell: (``LEVELS``, 3 scale^2), float32."""
    middle = net.shape.radius + 1
    fields = _fields(middle)
    found, values = net(fields), fields[:, :1, :1, :1]
    cells = {
        s: picture[:, :, s * middle : s * (middle + 1), s * middle : s * (middle + 1)] for s, picture in found.items()
    }
    return {scale: (cell - values).flatten(1) for scale, cell in cells.items()}


@torch.no_grad()
def keep_flat(net: Cascade) -> None:
    """Change the heads of ``net`` by as little as takes what it adds to gray fields away.

    On a field of level v every place of the features is the same 64 numbers phi(v), so a head adds w phi(v) + b, w the
    sum of its taps: ridge regression finds the change of w and b.
    """
    added, middle = offsets(net), net.shape.radius + 1
    state = net.entry(_fields(middle))
    for number, scale in enumerate(net.shape.scales):
        state = net.stages[number](state)
        phi = functional.pad(state[:, :, middle, middle], (0, 1), value=1.0).double()
        gram = phi.T @ phi + RIDGE * torch.eye(phi.shape[1], dtype=torch.float64)
        change = torch.linalg.solve(gram, phi.T @ added[scale].double()).T.float()
        net.get_parameter(f"stages.{number}.head.weight").sub_(change[:, :-1, None, None] / 9)
        net.get_parameter(f"stages.{number}.head.bias").sub_(change[:, -1])


def _fields(middle: int) -> torch.Tensor:
    """Gray fields of ``LEVELS`` levels, (LEVELS, 3, n, n)."""
    return torch.linspace(0.05, 0.95, LEVELS)[:, None, None, None].expand(LEVELS, 3, 2 * middle + 1, 2 * middle + 1)
