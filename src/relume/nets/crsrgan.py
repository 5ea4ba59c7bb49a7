"""CR-SRGAN: super-resolution and colour restoration of dark, faded relics (Lei and Wu, 2021; as the survey gives it).

The survey's account has four steps and no table of layers. The steps, and where they are here:

1. pairs: good pictures are given the faults of old ones, darkened, faded pigment by pigment, yellowed, made noisy and
   shrunk by interpolation: ``degrade.presets.AgedRelic``;
2. a generator of cascading residuals and a discriminator, the generator trained at first on pairs that are shrunk
   alone, then on aged ones: this file, ``nets/patchgan.py`` and the recipe ``relic``;
3. adversarial training with content, perceptual and colour loss: ``relic.adversarial``;
4. reconstruction, here at x1, x2 and x4 from one model.

The generator:

    colour    x' = table(x)(x), one smooth change for the whole picture          (nets/relic_colour.py; can be left out)
    entry     f0 = conv3x3(x')
    group k   f_k = blocks_k(fuse_k[f_0, f_1, ..., f_(k-1)])                      fuse: 1x1, over all earlier outputs
    picture   y_s = I_s(x') + shuffle(conv3x3_s(fuse[f_0, ..., f_K]))             s in 1, 2, 4

Deviations, each because the survey is silent or because it served better:

- three groups of 5, 6 and 5 residual units of 64 channels without normalisation (as in ``nets/cascade.py``), where the
  paper's generator stands on SRGAN's with batch normalisation;
- the fusions start as "the last output alone", so that a new network can take over a trained cascade and differ from it
  in nothing but its zero-initialised additions (:func:`from_cascade`);
- the colour is one change for the whole picture and not painted pixel by pixel: it can be measured, dialled, given
  away, and no tile has a colour of its own. It is trained and shipped apart (``relic-colour``), and the detail
  (``relic-detail``) on pairs whose colour is already right;
- I_s is the bilinear enlargement, the picture itself at x1;
- the losses are L1, LPIPS (VGG16) and CIE94 in Lab where the paper has MSE, VGG and its own colour term, and the
  discriminator is a spectrally normalised PatchGAN in a relativistic game.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.cascade import Unit, conv3, enlarge, units_of
from relume.nets.relic_colour import ColourBranch, ColourShape, look_up


@dataclass(frozen=True)
class CrsrganShape:
    """The size of a generator: ``groups[k]`` residual units in group k; ``fusion`` and ``colour`` can be left out."""

    scales: tuple[int, ...] = (1, 2, 4)
    channels: int = 64
    groups: tuple[int, ...] = (5, 6, 5)
    fusion: bool = True
    colour: bool = False

    def __post_init__(self) -> None:
        if list(self.scales) != sorted(set(self.scales)) or min(self.scales) < 1:
            raise ValueError(f"scales must rise from 1, not {self.scales}")
        if self.channels < 1 or not self.groups or min(self.groups) < 1:
            raise ValueError(f"channels, and the units of every group, must be at least 1: {self}")

    @property
    def radius(self) -> int:
        """Pixels of the input, on each side, that one output pixel of the detail can see; the colour sees them all."""
        return 2 + 2 * sum(self.groups)

    @property
    def on_luma(self) -> bool:
        """The generator restores colour."""
        return False

    def macs(self) -> Mapping[str, int]:
        """Multiply-accumulates of the detail for each pixel of the input, by output."""
        squared = self.channels**2
        inputs = range(1, len(self.groups) + 2) if self.fusion else ()
        body = 27 * self.channels + 18 * squared * sum(self.groups) + sum(inputs) * squared
        return {f"x{scale}": body + 27 * self.channels * scale * scale for scale in self.scales}

    def build(self) -> nn.Module:
        """The network, freshly initialised from torch's global generator."""
        return Crsrgan(self)

    def tiny(self) -> Self:
        """Sixteen channels and one unit a group."""
        return dataclasses.replace(self, channels=16, groups=tuple(1 for _ in self.groups))


class Fusion(nn.Module):
    """The outputs so far, (N, C, H, W) each, to one (N, C, H, W) by a 1x1 convolution; at first the last one alone."""

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(count * channels, channels, 1)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.conv.weight[:, -channels:, 0, 0] = torch.eye(channels)

    def forward(self, outputs: list[Tensor]) -> Tensor:
        fused: Tensor = self.conv(torch.cat(outputs, 1))
        return fused


class Last(nn.Module):
    """The ablation of :class:`Fusion`: the last output, nothing of the earlier ones."""

    def forward(self, outputs: list[Tensor]) -> Tensor:
        return outputs[-1]


class Crsrgan(nn.Module):
    """(N, 3, H, W) in [0, 1] to one picture (N, 3, sH, sW) for each scale asked for."""

    def __init__(self, shape: CrsrganShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or CrsrganShape()
        counts = range(1, len(shape.groups) + 2)
        self.colour: ColourBranch | None = ColourShape().build() if shape.colour else None
        self.entry = conv3(3, shape.channels)
        self.fusions = nn.ModuleList(Fusion(shape.channels, n) if shape.fusion else Last() for n in counts)
        self.groups = nn.ModuleList(nn.Sequential(*(Unit(shape.channels) for _ in range(n))) for n in shape.groups)
        self.heads = nn.ModuleList(conv3(shape.channels, 3 * s * s, gain=0.1) for s in shape.scales)

    def forward(self, x: Tensor, scales: Iterable[int] | None = None) -> dict[int, Tensor]:
        if self.colour is not None:
            x = look_up(self.colour(x), x)
        outputs = [self.entry(x)]
        for fuse, group in zip(self.fusions, self.groups, strict=False):
            outputs.append(group(fuse(outputs)))
        features = self.fusions[-1](outputs)
        wanted = set(self.shape.scales if scales is None else scales)
        pairs = zip(self.shape.scales, self.heads, strict=True)
        return {s: interpolated(x, s) + functional.pixel_shuffle(head(features), s) for s, head in pairs if s in wanted}


def interpolated(x: Tensor, scale: int) -> Tensor:
    """I_s: the bilinear enlargement; the picture itself at x1."""
    return x if scale == 1 else enlarge(x, scale)


def from_cascade(weights: Mapping[str, Tensor], net: Crsrgan) -> dict[str, Tensor]:
    """The weights of ``net`` with a trained cascade (x4 last) in its first units: at x4 it then equals the cascade.

    Units that the cascade does not have keep their first convolution and begin with a second one of zero. The heads of
    the smaller scales begin as block means of the x4 head's, since the means of a x4 picture are a smaller one.
    """
    state = {name: value.clone() for name, value in net.state_dict().items()}
    names = units_of(weights)
    places = [(group, unit) for group, count in enumerate(net.shape.groups) for unit in range(count)]
    last = max(int(key.split(".")[1]) for key in weights if key.startswith("stages."))
    head = weights[f"stages.{last}.head.weight"]
    if len(names) > len(places) or weights["entry.weight"].shape != state["entry.weight"].shape:
        raise ValueError(f"a cascade of {len(names)} units and another width does not fit into {net.shape}")
    if net.shape.scales[-1] != 4 or head.shape[0] != 48:
        raise ValueError("both the cascade and the generator must end at x4")
    for part in ("weight", "bias"):
        state[f"entry.{part}"] = weights[f"entry.{part}"]
        for (stage, cell), (group, unit) in zip(names, places, strict=False):
            for conv in ("first", "second"):
                state[f"groups.{group}.{unit}.{conv}.{part}"] = weights[f"stages.{stage}.cell.{cell}.{conv}.{part}"]
        for group, unit in places[len(names) :]:
            state[f"groups.{group}.{unit}.second.{part}"].zero_()
        fine = weights[f"stages.{last}.head.{part}"]
        for number, scale in enumerate(net.shape.scales):
            ratio = 4 // scale
            blocks = fine.reshape(3, scale, ratio, scale, ratio, *fine.shape[1:]).mean((2, 4))
            state[f"heads.{number}.{part}"] = blocks.reshape(3 * scale * scale, *fine.shape[1:])
    return state
