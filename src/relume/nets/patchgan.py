"""The improved GAN's PatchGAN critic (Wang et al., 2020): six convolutional layers that judge patches, not pictures.

"Convolution, batch normalisation, activation and max pooling alternating, strides of 2, patches of at least 70x70."
Each logit of the output judges the patch of ``RECEPTIVE`` x ``RECEPTIVE`` pixels around it:

    layer   kernel  stride  pooling  patch seen  total stride
    1       4       2       2        6           4
    2       3       1       2        18          8
    3-6     3       1       -        34 50 66 82 8

Deviations: with both strides 2 in all six layers, as the paper has it, a picture would shrink 4096 times; only the
first convolution and the first two poolings stride here, for a total of 8 and a patch of 82. No BN in the first layer
(whose input it would whiten) nor after the last. LeakyReLU 0.2. ``norm="spectral"`` divides each convolution by its
largest singular value (Miyato et al., 2018) instead of normalising over the batch.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, Self

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

STRIDE = 8
RECEPTIVE = 82


@dataclass(frozen=True)
class PatchganShape:
    """The sizes of a PatchGAN: ``channels`` filters first, at most four times as many; ``inputs`` channels judged."""

    channels: int = 64
    norm: Literal["batch", "spectral"] = "batch"
    inputs: int = 3

    def __post_init__(self) -> None:
        if self.channels < 1 or self.inputs < 1:
            raise ValueError(f"PatchGAN needs at least one channel: {self}")

    def build(self) -> nn.Module:
        """The critic."""
        return Patchgan(self)

    def tiny(self) -> Self:
        """Four filters."""
        return dataclasses.replace(self, channels=4)

    def macs(self, side: int) -> int:
        """Multiply-accumulates for one patch of ``side`` x ``side`` pixels."""
        c = self.channels
        near, far = (side // 4) ** 2, (side // 8) ** 2
        first = 16 * self.inputs * c * (side // 2) ** 2
        return first + 9 * (2 * c * c * near + 8 * c * c * far + 2 * 16 * c * c * far + 4 * c * far)


class Patchgan(nn.Module):
    """(N, C, H, W) in [0, 1] to logits (N, 1, H/8, W/8), one for each patch; high means real."""

    def __init__(self, shape: PatchganShape) -> None:
        super().__init__()
        c = shape.channels
        spectral = shape.norm == "spectral"

        def layer(inputs: int, outputs: int, pool: bool) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, outputs, 3, padding=1)
            normed = [spectral_norm(conv)] if spectral else [conv, nn.BatchNorm2d(outputs)]
            return [*normed, nn.LeakyReLU(0.2), *([nn.MaxPool2d(2)] if pool else [])]

        first = nn.Conv2d(shape.inputs, c, 4, stride=2, padding=1)
        last = nn.Conv2d(4 * c, 1, 3, padding=1)
        self.layers = nn.Sequential(
            spectral_norm(first) if spectral else first,
            nn.LeakyReLU(0.2),
            nn.MaxPool2d(2),
            *layer(c, 2 * c, pool=True),
            *layer(2 * c, 4 * c, pool=False),
            *layer(4 * c, 4 * c, pool=False),
            *layer(4 * c, 4 * c, pool=False),
            spectral_norm(last) if spectral else last,
        )

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(picture)
