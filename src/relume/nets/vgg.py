"""VGG16's convolutions as features: *Very Deep Convolutional Networks* (Simonyan and Zisserman, 2015), configuration D.

Weights are torchvision's, by path: a safetensors file with its key names (``features.0.weight`` to
``features.28.bias``, half or single precision), or its published ``vgg16-397923af.pth``, whose name carries the start
of its SHA-256. A feature is named by its layer: ``conv5_3`` before its ReLU, ``relu5_3`` after it.

Deviation: SRGAN takes VGG19's conv5_4; here VGG16's conv5_3 stands for it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from relume.signal import ModelError, UsageError

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
PUBLISHED = "397923af"
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def layer_names() -> list[str]:
    """``conv1_1 relu1_1 conv1_2 relu1_2 pool1 ... pool5``: torchvision's ``features``, by position."""
    names = []
    for block, (_, count) in enumerate(BLOCKS, 1):
        for index in range(1, count + 1):
            names += [f"conv{block}_{index}", f"relu{block}_{index}"]
        names.append(f"pool{block}")
    return names


class Normalise(nn.Module):
    """(N, 3, H, W) in [0, 1] to ImageNet's mean 0 and standard deviation 1."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


class Vgg16(nn.Module):
    """(N, 3, H, W) in [0, 1] to the features of the named layers, in the order of the network; frozen."""

    def __init__(self, depths: tuple[str, ...], weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        names = layer_names()
        unknown = [d for d in depths if d not in names]
        if unknown or not depths:
            raise UsageError(f"VGG16 has no layer '{', '.join(unknown)}'; it has {', '.join(names)}")
        self.taken = sorted({names.index(d) for d in depths})
        self.normalise = Normalise()
        layers: list[nn.Module] = []
        inputs = 3
        for channels, count in BLOCKS:
            for _ in range(count):
                layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()]
                inputs = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: self.taken[-1] + 1])
        if weights is not None:
            wanted = self.state_dict()
            self.load_state_dict({name: weights[name].float() for name in wanted})
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.normalise(x)
        found = []
        for position, layer in enumerate(self.features):
            if isinstance(layer, nn.ReLU) and position - 1 in self.taken:
                x = functional.relu(x)  # the features before the ReLU are kept, so it must not write over them
            else:
                x = layer(x)
            if position in self.taken:
                found.append(x)
        return found


def read_weights(path: Path, first_shape: tuple[int, ...] = (64, 3, 3, 3)) -> dict[str, Tensor]:
    """Weights by torchvision's key names (and LPIPS heads where the file has them) from safetensors or ``.pth``.

    Raises ModelError for a file that is missing, damaged, of another network, or a ``.pth`` that is not torchvision's.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such weight file")
    try:
        if path.suffix == ".pth":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if not digest.startswith(PUBLISHED):
                raise ModelError(f"{path}: SHA-256 {digest[:12]}... is not torchvision's vgg16-{PUBLISHED}.pth")
            weights = torch.load(path, map_location="cpu", weights_only=True)
        else:
            weights = load_file(path)
    except (SafetensorError, RuntimeError, OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path}: not a readable weight file ({type(error).__name__})") from error
    weights = {k: v for k, v in weights.items() if re.fullmatch(r"features\.\d+\.(weight|bias)|lin\d\.weight", k)}
    found = tuple(weights["features.0.weight"].shape) if "features.0.weight" in weights else None
    if found != first_shape:
        raise ModelError(f"{path}: features.0.weight is {found}, not {first_shape}: weights of another network")
    return weights
