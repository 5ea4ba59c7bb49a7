"""The layers of both players of a conditional GAN, as built: no model file holds its discriminator."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from relume.runtime.anatomy import SIDE, Layer, layers_of
from relume.signal import UsageError
from relume.train.conditional_recipe import ConditionalGan
from relume.train.export import OPSET


class Logits(nn.Module):
    """Of a discriminator that returns the features of every layer, the last ones."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        last: Tensor = self.critic(x, y)[-1]
        return last


def parts(recipe: Any) -> Iterator[tuple[str, nn.Module, int]]:
    """Name, network and number of inputs of both players. Raises UsageError for a recipe that has no two."""
    if not isinstance(recipe, ConditionalGan):
        raise UsageError("this recipe has no discriminator that sees the input: name photo_paper")
    yield f"{recipe.name}-generator", recipe.net.build(), 1
    yield f"{recipe.name}-discriminator", Logits(recipe.critic.build()), 2


def layers(net: nn.Module, inputs: int, side: int = SIDE) -> tuple[Layer, ...]:
    """The layers of ``net``, which takes so many pictures (1, 3, side, side); its weights are lost."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        for tensor in (*net.parameters(), *net.buffers()):
            if tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5)  # equal ones would be stored once, and counted once
        example = tuple(torch.zeros(1, 3, side, side) for _ in range(inputs))
        how: dict[str, Any] = {"input_names": ["x", "y"][:inputs], "opset_version": OPSET, "dynamo": False}
        as_built = torch.onnx.TrainingMode.PRESERVE  # else normalisation vanishes into the convolution before it
        torch.onnx.export(net.eval(), example, str(path), training=as_built, do_constant_folding=False, **how)
        return layers_of(path, side)
