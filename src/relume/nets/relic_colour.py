"""The colour branch of CR-SRGAN: one look at a small copy of the whole picture, one smooth change of colour for all.

The survey says only that colour is rebuilt "based on the original residual background color information". Ageing is,
but for uneven light, one monotone curve for each channel (``degrade/ageing.py``), and so is its inverse; the branch
therefore predicts three monotone curves and a 3x3 mix that keeps gray gray, and gives both as one 3D table

    lut[:, :, b, g, r] = mix @ (curve_r(r), curve_g(g), curve_b(b)),   r, g, b = index / (side - 1)

as the image-adaptive tables of Zeng et al. (2020) are applied: trilinearly, at any resolution, strip by strip, clipped
to [0, 1] where it is used or exported. The table is smooth because of how it is made, and being a sum of curves of
single channels it is interpolated without error between its nodes.

Each curve starts from what any picture program would do. With the levels ``l`` and ``h`` between which all but one
value in 100 of its channel lie, it goes a part ``g`` of the way from the identity to a curve ``c`` of the stretched
value:

    curve(v) = (1 - g) v + g c((v - l) / (h - l))

so that g = 0 leaves a fresh picture alone, g = 1 with c the identity is auto-levels, and what is learned is the rest.

What the branch sees is fixed, so that it can be computed once for a training: of the picture as it is and of the
stretched one soft histograms of the channels, of luma, chroma and two colour differences, means and deviations, and a
thumbnail, which says where in the picture colours lie; and the levels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

PLANES = 7
NARROWEST = 0.1
"""The least distance of the levels of a channel: noise is not stretched to a picture."""
AT_FIRST = 4.0
"""How far from going any way a new branch starts: sigmoid(-4) is 0.018."""


@dataclass(frozen=True)
class ColourShape:
    """The size of a colour branch: ``side`` nodes of the table along each channel, ``knots`` of each learned curve.

    It looks at ``view`` x ``view`` pixels, in histograms of ``bins`` and a thumbnail of ``thumb`` x ``thumb``.
    """

    side: int = 33
    knots: int = 17
    bins: int = 32
    view: int = 64
    thumb: int = 8
    hidden: int = 256

    def __post_init__(self) -> None:
        if min(self.side, self.knots, self.bins) < 2 or self.hidden < 1:
            raise ValueError(f"side, knots and bins must be at least 2, hidden at least 1: {self}")
        if self.thumb < 1 or self.view % self.thumb:
            raise ValueError(f"a view of {self.view} pixels has no thumbnail of {self.thumb}")

    @property
    def features(self) -> int:
        """How many numbers the branch sees."""
        return 2 * (PLANES * self.bins + 3 * self.thumb**2 + 6) + 6

    def build(self) -> ColourBranch:
        """The network, freshly initialised from torch's global generator: at first it hardly changes anything."""
        return ColourBranch(self)

    def tiny(self) -> Self:
        """Few bins and knots."""
        return dataclasses.replace(self, side=5, knots=5, bins=8, view=16, thumb=2, hidden=16)


class ColourBranch(nn.Module):
    """(N, 3, H, W) in [0, 1], of any size, to a table of colours (N, 3, side, side, side), [n, c, b, g, r]."""

    def __init__(self, shape: ColourShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or ColourShape()
        self.decide = nn.Sequential(
            nn.Linear(shape.features, shape.hidden),
            nn.LeakyReLU(0.1),
            nn.Dropout(0.3),
            nn.Linear(shape.hidden, shape.hidden),
            nn.LeakyReLU(0.1),
            nn.Dropout(0.3),
        )
        self.curve = nn.Linear(shape.hidden, 3 * shape.knots)
        self.mix = nn.Linear(shape.hidden, 6)
        self.way = nn.Linear(shape.hidden, 3)
        for last in (self.curve, self.mix, self.way):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return table(*self.change(seen(x, self.shape)))

    def change(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """What (N, features) call for: curves by their values at the nodes, (N, 3, side), and a mix (N, 3, 3).

        In training a tenth of the features is not looked at, and three tenths of what is made of them.
        """
        said = self.decide(functional.dropout(features, 0.1, self.training))
        return self.curves(said, features[:, -6:]), self.matrix(said)

    def curves(self, said: Tensor, levels: Tensor) -> Tensor:
        """Three monotone curves by their values at the nodes of the table, (N, 3, side), for levels (N, 6)."""
        nodes = torch.linspace(0, 1, self.shape.side, device=levels.device)
        low, high = levels.view(-1, 2, 3).unsqueeze(-1).unbind(1)
        way = torch.sigmoid(self.way(said) - AT_FIRST)[..., None]
        return nodes + way * (along(self.learned(said), (nodes - low) / (high - low)) - nodes)

    def learned(self, said: Tensor) -> Tensor:
        """The curves c by their knots, (N, 3, knots): a start and rises that are never negative; the identity at 0."""
        step = 1 / (self.shape.knots - 1)
        raw = self.curve(said).view(-1, 3, self.shape.knots)
        start, rises = 0.25 * raw[..., :1], step * functional.softplus(raw[..., 1:] + 0.5413)  # softplus(0.5413) = 1
        return torch.cat([start, start + torch.cumsum(rises, 2)], 2)

    def matrix(self, said: Tensor) -> Tensor:
        """The mix (N, 3, 3), whose rows sum to 1, so that it keeps gray; the identity at 0."""
        a, b, c, d, e, f = (0.25 * self.mix(said)).unbind(1)
        rows = [1 - a - b, a, b, c, 1 - c - d, d, e, f, 1 - e - f]
        return torch.stack(rows, 1).view(-1, 3, 3)


def seen(x: Tensor, shape: ColourShape) -> Tensor:
    """What a branch of that shape sees of (N, 3, H, W) in [0, 1]: (N, features), the levels last."""
    view = functional.interpolate(x, (shape.view, shape.view), mode="bilinear", align_corners=False)
    low, high = levels(view)
    stretched = ((view - low) / (high - low)).clamp(0, 1)
    return torch.cat([*looks(view, shape), *looks(stretched, shape), low.flatten(1), high.flatten(1)], 1)


def levels(x: Tensor) -> tuple[Tensor, Tensor]:
    """The 0.5th and 99.5th percentile of every channel of (N, 3, H, W), (N, 3, 1, 1) each, at least 0.1 apart."""
    count = int(x.shape[2] * x.shape[3])
    ranked = x.flatten(2).topk(count, dim=2).values[..., None]
    rank = round(0.005 * (count - 1))
    low, high = ranked[:, :, count - 1 - rank : count - rank], ranked[:, :, rank : rank + 1]
    return low, torch.maximum(high, low + NARROWEST)


def looks(view: Tensor, shape: ColourShape) -> list[Tensor]:
    """Histograms, a thumbnail, means and deviations of (N, 3, view, view) in [0, 1], each (N, some)."""
    mean = view.mean((2, 3))
    deviation = ((view - mean[..., None, None]).square().mean((2, 3)) + 1e-6).sqrt()
    thumb = functional.avg_pool2d(view, shape.view // shape.thumb).flatten(1)
    return [histograms(planes(view), shape.bins), thumb, mean, deviation]


def planes(x: Tensor) -> Tensor:
    """Seven planes in [0, 1] of (N, 3, H, W): red, green, blue, luma, chroma, and two colour differences."""
    red, green, blue = x.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = x.amax(1) - x.amin(1)
    return torch.stack([red, green, blue, luma, chroma, (red - green + 1) / 2, (blue - green + 1) / 2], 1)


def histograms(x: Tensor, bins: int) -> Tensor:
    """Soft histograms of (N, C, H, W) in [0, 1]: the root of the share of each of ``bins`` triangles, (N, C bins)."""
    flat = x.flatten(2) * (bins - 1)
    shares = [functional.relu(1 - (flat - k).abs()).mean(2) for k in range(bins)]
    return (torch.stack(shares, 2).flatten(1) + 1e-4).sqrt()


def table(curves: Tensor, mix: Tensor) -> Tensor:
    """The table (N, 3, side, side, side), [n, c, b, g, r], of curves (N, 3, side) and a mix (N, 3, 3)."""
    side = curves.shape[2]
    red, green, blue = curves.unbind(1)
    space = [
        red[:, None, None, :].expand(-1, side, side, -1),
        green[:, None, :, None].expand(-1, side, -1, side),
        blue[:, :, None, None].expand(-1, -1, side, side),
    ]
    return (mix @ torch.stack(space, 1).flatten(2)).view(-1, 3, side, side, side)


def along(curves: Tensor, places: Tensor) -> Tensor:
    """Curves (N, C, knots) at places (N, C, P), 0 the first knot and 1 the last; straight on beyond them."""
    last = curves.shape[2] - 1
    place = places * last
    knot = place.detach().floor().clamp(0, last - 1).long()
    low, high = curves.gather(2, knot), curves.gather(2, knot + 1)
    return low + (high - low) * (place - knot)


def bend(curves: Tensor, mix: Tensor, colours: Tensor) -> Tensor:
    """Colours (N, 3, P) in [0, 1] through curves (N, 3, side) and a mix: what the table would make of them."""
    return mix @ along(curves, colours.clamp(0, 1))


def look_up(lut: Tensor, x: Tensor) -> Tensor:
    """Colours (N, 3, H, W) in [0, 1] through a table (N, 3, D, D, D), trilinearly."""
    place = (x.permute(0, 2, 3, 1) * 2 - 1)[:, None]
    return functional.grid_sample(lut, place, mode="bilinear", padding_mode="border", align_corners=True)[:, :, 0]
