"""Several cascades beside each other, whose residual pictures are averaged before they become one.

    y_s = I_s(x) + shuffle(1/n sum_k f_(k,s)(x)),    k = 1 ... n

``f_(k,s)`` is what trunk k of a cascade (``nets/cascade.py``) adds at scale s. The mean of their heads is one head over
the features of all, so the sum costs nothing. EDSR's geometric self-ensemble (Lim et al., 2017) averages what one
network says of a picture turned and mirrored in eight ways; seeing a turned picture and turning back the answer is the
same as turning the kernels (:func:`seen_from`). So branches that begin as one cascade seen from several sides begin as
its self-ensemble, and differ from it in that they can then be trained, together, each with weights of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from relume.nets.cascade import CascadeShape, Cascading, Unit, conv3, units_of

Weights = Mapping[str, Tensor]
SIDES = ((0, False), (1, True), (2, False), (3, True), (1, False), (0, True), (3, False), (2, True))
"""Quarter turns of the picture, and whether it is then mirrored, in the order in which branches take them."""


@dataclass(frozen=True)
class BranchesShape(CascadeShape):
    """The size of a cascade, and how many there are of it."""

    branches: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.branches < 1 or self.recursions != 1:
            raise ValueError(f"there must be a branch, and their cells are applied once: {self}")

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates for each pixel of the input, by output: those of one cascade for every branch."""
        return {output: self.branches * macs for output, macs in super().macs().items()}

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        return Branches(self)


class Branches(Cascading):
    """Cascades beside each other, read by common heads."""

    def __init__(self, shape: BranchesShape) -> None:
        super().__init__()
        self.shape = shape
        c, n = shape.channels, shape.branches
        self.entries = nn.ModuleList(conv3(3, c) for _ in range(n))
        self.stages = nn.ModuleList(
            nn.ModuleList(nn.Sequential(*(Unit(c) for _ in range(units))) for _ in range(n)) for units in shape.units
        )
        self.heads = nn.ModuleList(conv3(n * c, 3 * scale * scale, gain=0.1) for scale in shape.scales)

    def readings(self, x: Tensor) -> Iterator[tuple[int, Tensor, nn.Conv2d]]:
        states = [entry(x) for entry in self.entries]
        for scale, cells, head in zip(self.shape.scales, self.stages, self.heads, strict=True):
            states = [cell(state) for cell, state in zip(cells, states, strict=True)]  # type: ignore[call-overload]
            yield scale, torch.cat(states, 1), head  # type: ignore[misc]


def beside(cascades: Sequence[Weights], shape: BranchesShape) -> dict[str, Tensor]:
    """The weights of the branches that compute the mean of ``cascades``, number k seen from side k.

    Raises ValueError if there are not as many cascades as branches, or if they have other units than ``shape``.
    """
    if len(cascades) != shape.branches or shape.branches > len(SIDES):
        raise ValueError(f"{len(cascades)} cascades for {shape.branches} branches, of at most {len(SIDES)}")
    wanted = [(stage, unit) for stage, count in enumerate(shape.units) for unit in range(count)]
    if any(units_of(weights) != wanted for weights in cascades):
        raise ValueError(f"a cascade does not have the units {shape.units}")
    made: dict[str, Tensor] = {}
    heads: dict[str, list[Tensor]] = {}
    for branch, (weights, side) in enumerate(zip(cascades, SIDES, strict=False)):
        for name, value in seen_from(weights, side).items():
            parts = name.split(".")
            if parts[0] == "entry":
                made[f"entries.{branch}.{parts[1]}"] = value
            elif parts[2] == "head":
                heads.setdefault(f"heads.{parts[1]}.{parts[3]}", []).append(value)
            else:
                made[".".join(["stages", parts[1], str(branch), *parts[3:]])] = value
    for name, values in heads.items():
        made[name] = torch.cat(values, 1) / len(values) if name.endswith("weight") else torch.stack(values).mean(0)
    return made


def seen_from(weights: Weights, side: tuple[int, bool]) -> dict[str, Tensor]:
    """The weights of the cascade that answers as ``weights`` do of the picture turned and mirrored, turned back."""
    made = {}
    for name, value in weights.items():
        if ".head." in name:  # its channels are the places of a cell, which turn with the picture
            scale = round((value.shape[0] / 3) ** 0.5)
            cells = value.unflatten(0, (3, scale, scale))
            value = _turned_back(cells, side, (1, 2)).flatten(0, 2)
        made[name] = _turned_back(value, side, (2, 3)) if name.endswith("weight") else value
    return made


def _turned_back(value: Tensor, side: tuple[int, bool], dims: tuple[int, int]) -> Tensor:
    turns, mirrored = side
    value = value.flip(dims[1]) if mirrored else value
    return torch.rot90(value, -turns, dims).contiguous()
