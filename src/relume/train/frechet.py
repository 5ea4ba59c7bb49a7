"""The Fréchet distance of two sets of pictures in VGG16 features: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).

The formula is that of the FID (Heusel et al., 2017), the features are not Inception's: conv5_3 after its ReLU, averaged
over the picture, of pictures enlarged to 128x128. So the figure compares runs of this package and nothing else. With
fewer pictures than features the distance is biased upwards; the real-vs-real value, of as many pictures, shows by how
much.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from relume.card import TrainingSet
from relume.nets.dcgan_pictures import DcganShape
from relume.nets.gan import GanShape
from relume.nets.vgg import Vgg16, read_weights
from relume.signal import Array, ModelError
from relume.train.data import DataSpec
from relume.train.loop import load_checkpoint, load_weights
from relume.train.picture_gan import PictureGan, pictures, sample

SIDE = 128
PROTOCOL = (
    "Frechet distance of VGG16 relu5_3 features averaged over pictures enlarged to 128x128 (bilinear); as many "
    "generated pictures as the test part has, against the test part; real against real: training against test part"
)


def load_generator(checkpoint: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The averaged generator of a picture GAN's checkpoint, and the recipe as plain values, with ``steps_done``."""
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    if "mirror" not in recipe:
        raise ModelError(f"{checkpoint}: not the checkpoint of a picture GAN")
    net = shape_of(recipe["net"]).build()
    load_weights(net, state["average"], str(checkpoint))
    return net.eval(), recipe | {"steps_done": state["step"]}


def shape_of(values: dict[str, Any]) -> GanShape | DcganShape:
    """The shape whose sizes a checkpoint stored: only the DCGAN's pictures are larger than 8x8."""
    return GanShape(**values) if values["side"] == 8 else DcganShape(**values)


@torch.no_grad()
def features(made: Array, vgg: Vgg16) -> Array:
    """Pictures (n, channels, side, side) in [0, 1] to (n, 512) float64."""
    found = []
    for part in torch.from_numpy(np.ascontiguousarray(made, np.float32)).split(16):
        colour = part.expand(-1, 3, -1, -1)
        large = functional.interpolate(colour, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        found.append(vgg(large)[0].mean((2, 3)).double())
    features: Array = torch.cat(found).numpy()
    return features


def frechet(a: Array, b: Array) -> float:
    """The Fréchet distance of the Gaussians fitted to features (n, d) and (m, d)."""
    gap = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    values, axes = np.linalg.eigh(cov_a)
    root = (axes * np.sqrt(values.clip(0))) @ axes.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(0)).sum()  # tr (C1 C2)^(1/2), C1 singular or not
    return float(gap @ gap + np.trace(cov_a + cov_b) - 2 * shared)


def judge(checkpoint: Path, weights: Path, data: Path, seed: int) -> dict[str, Any]:
    """The row of a results file for one checkpoint."""
    net, plain = load_generator(checkpoint)
    terms = tuple(TrainingSet(**entry) for entry in plain["data"]["terms"])
    spec = DataSpec(folders=tuple(plain["data"]["folders"]), exclude=tuple(plain["data"]["exclude"]), terms=terms)
    recipe = PictureGan(plain["name"], shape_of(plain["net"]), spec)
    vgg = Vgg16(("relu5_3",), read_weights(weights))
    test = pictures(recipe, data, test=True) / 255
    real = np.random.default_rng(seed).permutation(pictures(recipe, data))[: len(test)] / 255
    made = sample(net, plain["net"]["latent"], len(test), seed)
    of_test, of_real, of_made = (features(part, vgg) for part in (test, real, made))
    return {
        "recipe": plain["name"],
        "steps": plain["steps_done"],
        "steps_planned": plain["steps"],
        "weights_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "pictures": len(test),
        "frechet_vgg": frechet(of_made, of_test),
        "frechet_vgg_real": frechet(of_real, of_test),
    }
