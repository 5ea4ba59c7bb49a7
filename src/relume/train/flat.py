"""What is flat stays flat: the biases of a cascade's heads, moved until gray fields keep their value in the mean.

A head writes every pixel of a cell by weights of its own, and a training by decibels leaves them some ten thousandths
of full scale apart. Nobody sees that, but on a smooth 16-bit ramp, whose steps are as small, the enlargement then goes
back where it should rise.
"""

from __future__ import annotations

import torch

from relume.nets.cascade import Cascade

LEVELS = 91
"""Gray fields from 0.05 to 0.95."""


@torch.no_grad()
def offsets(net: Cascade) -> dict[int, torch.Tensor]:
    """By scale, what ``net`` adds to gray fields in each place of a cell: (``LEVELS``, 3 scale^2), float32."""
    middle = net.shape.radius + 1
    values = torch.linspace(0.05, 0.95, LEVELS)[:, None, None, None]
    found = net(values.expand(LEVELS, 3, 2 * middle + 1, 2 * middle + 1))
    cells = {
        s: picture[:, :, s * middle : s * (middle + 1), s * middle : s * (middle + 1)] for s, picture in found.items()
    }
    return {scale: (cell - values).flatten(1) for scale, cell in cells.items()}


@torch.no_grad()
def keep_flat(net: Cascade) -> None:
    """Take the mean over the fields of what ``net`` adds to them from the biases of its heads."""
    added = offsets(net)
    for stage, scale in enumerate(net.shape.scales):
        net.get_parameter(f"stages.{stage}.head.bias").sub_(added[scale].mean(0))
