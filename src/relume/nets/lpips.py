"""LPIPS v0.1: *The Unreasonable Effectiveness of Deep Features as a Perceptual Metric* (Zhang et al., CVPR 2018).

The distance of two pictures (eq. 1): at five depths l of a network trained on ImageNet, features are scaled to unit
length along channels, their squared difference is weighted by learned w_l, averaged over the picture and summed,

    d(x, x0) = sum_l 1/(H_l W_l) sum_hw || w_l * (y_l(hw) - y0_l(hw)) ||^2

with w_l applied to the squares, as the published heads are. Two backbones: AlexNet and VGG16, by torchvision's key
names; the heads are ``lin0.weight`` to ``lin4.weight``. Pictures are (N, 3, H, W) in [0, 1], normalised by ImageNet's
mean and deviation, which is the published scaling layer carried over from [-1, 1].
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from relume.nets.vgg import Normalise, Vgg16, read_weights
from relume.signal import ModelError

Backbone = Literal["alex", "vgg"]
VGG_DEPTHS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
EPSILON = 1e-10  # also under the root, squared: a gradient at features that are all zero is then zero, not NaN


class Alexnet(nn.Module):
    """(N, 3, H, W) in [0, 1] to AlexNet's five ReLU features (Krizhevsky 2014, "one weird trick"); frozen."""

    CHANNELS = (64, 192, 384, 256, 256)

    def __init__(self, weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
        )
        if weights is not None:
            self.load_state_dict({name: weights[name].float() for name in self.state_dict()})
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.normalise(x)
        found = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x)
        return found


def unit(features: Tensor) -> Tensor:
    """Features (N, C, H, W) scaled to length 1 along channels."""
    return features / ((features.square().sum(1, keepdim=True) + EPSILON**2).sqrt() + EPSILON)


class Lpips(nn.Module):
    """Two pictures (N, 3, H, W) in [0, 1] to their distances (N, 1, 1, 1)."""

    def __init__(self, features: nn.Module, heads: list[Tensor]) -> None:
        super().__init__()
        self.features = features
        self.heads = nn.ParameterList(nn.Parameter(head, requires_grad=False) for head in heads)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        total = torch.zeros(1, dtype=a.dtype, device=a.device)
        for head, fa, fb in zip(self.heads, self.features(a), self.features(b), strict=True):
            weighted = (unit(fa.float()) - unit(fb.float())).square() * head
            total = total + weighted.sum(1, keepdim=True).mean((2, 3), keepdim=True)
        return total


def load_lpips(backbone: Backbone, path: Path) -> Lpips:
    """The metric with the weights of ``path``; ModelError if they are another network's or lack the heads."""
    alex = backbone == "alex"
    weights = read_weights(path, (64, 3, 11, 11) if alex else (64, 3, 3, 3))
    if "lin4.weight" not in weights:
        raise ModelError(f"{path}: holds no LPIPS heads (lin0.weight to lin4.weight)")
    features = Alexnet(weights) if alex else Vgg16(VGG_DEPTHS, weights)
    return Lpips(features, [weights[f"lin{k}.weight"].float() for k in range(5)])
