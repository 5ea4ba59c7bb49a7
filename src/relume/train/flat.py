"""What is flat stays flat: the heads of a cascade, changed until gray fields keep their value.

A head writes every pixel of a cell by weights of its own, and a training by decibels leaves them some ten thousandths
of full scale apart. Nobody sees that, but on a smooth 16-bit ramp, whose steps are as small, the enlargement then goes
back where it should rise.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional

from relume.nets.cascade import Cascade, Stage

LEVELS = 91
"""Gray fields from 0.05 to 0.95."""
RIDGE = 1e-3


@torch.no_grad()
def offsets(net: Cascade) -> dict[int, torch.Tensor]:
    """By scale, what ``net`` adds to gray fields in each place of a cell: (``LEVELS``, 3 scale^2), float32."""
    return {stage.scale: added for stage, _, added in _on_gray(net)}


@torch.no_grad()
def keep_flat(net: Cascade) -> None:
    """Change the heads of ``net`` by as little as takes what it adds to gray fields away.

    On a field of level v every place of the features is the same 64 numbers phi(v), so a head adds w phi(v) + b, w the
    sum of its taps: ridge regression finds the change of w and b.
    """
    for stage, features, added in _on_gray(net):
        phi = functional.pad(features, (0, 1), value=1.0).double()
        gram = phi.T @ phi + RIDGE * torch.eye(phi.shape[1], dtype=torch.float64)
        change = torch.linalg.solve(gram, phi.T @ added.double()).T.float()
        stage.head.weight.sub_(change[:, :-1, None, None] / 9)
        stage.head.get_parameter("bias").sub_(change[:, -1])


def _on_gray(net: Cascade) -> Iterator[tuple[Stage, torch.Tensor, torch.Tensor]]:
    """Each stage on gray fields: its features in one place, (LEVELS, C), and what its head adds to a cell there."""
    middle = net.shape.radius + 1
    levels = torch.linspace(0.05, 0.95, LEVELS)[:, None, None, None]
    state = net.entry(levels.expand(LEVELS, 3, 2 * middle + 1, 2 * middle + 1))
    for stage in net.stages:
        assert isinstance(stage, Stage)
        state = stage(state)
        cell = slice(stage.scale * middle, stage.scale * (middle + 1))
        yield stage, state[:, :, middle, middle], stage.residual(state)[:, :, cell, cell].flatten(1)
