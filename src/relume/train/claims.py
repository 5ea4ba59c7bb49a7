"""Claims of the paper that can be settled by counting: what batch normalisation and the critics cost.

The paper says that a generator without BN takes about 40 % less memory to train, and that a PatchGAN has fewer
parameters and runs faster than a discriminator that judges whole pictures.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from relume.nets.patchgan import PatchganShape
from relume.nets.srgan import SrresnetShape, VggCriticShape
from relume.train.export import count_parameters

MEMORY_PROTOCOL = (
    "bytes of distinct float32 tensors that autograd keeps for one backward pass, plus weights, gradients and Adam's "
    "two moments; SRResNet x4, batch of 16 patches of 24x24"
)
CRITIC_PROTOCOL = "multiply-accumulates of convolutions and dense layers for one patch of 96x96 pixels"


def training_bytes(net: nn.Module, x: Tensor) -> int:
    """Bytes held for one training step of ``net`` on ``x``: what the backward pass needs, and four numbers a weight."""
    kept: dict[int, int] = {}
    owned = {p.untyped_storage().data_ptr() for p in net.parameters()}
    alive: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = net(x)
        for picture in out.values() if isinstance(out, dict) else [out]:
            picture.square().mean()
    return sum(kept.values()) + 4 * 4 * count_parameters(net)


def normalisation(batch: int = 16) -> list[dict[str, Any]]:
    """Rows: SRResNet, and its residual blocks alone, with and without BN, and what leaving it out saves."""
    torch.manual_seed(0)
    picture, features = torch.rand(batch, 3, 24, 24), torch.rand(batch, 64, 24, 24)
    rows: list[dict[str, Any]] = []
    for name, x in (("SRResNet", picture), ("its 16 residual blocks", features)):
        used = []
        for normalise in (True, False):
            net = SrresnetShape(normalise=normalise).build()
            used.append(training_bytes(net if x is picture else net.get_submodule("blocks"), x))
        rows.append({"net": f"{name}, with BN", "bytes": used[0], "saved": 0.0})
        rows.append({"net": f"{name}, without BN", "bytes": used[1], "saved": 1 - used[1] / used[0]})
    return rows


def critics(side: int = 96) -> list[dict[str, Any]]:
    """Rows: the two critics, their parameters and operations."""
    shapes = {
        "PatchGAN": (PatchganShape(), "one logit for every 8x8 pixels, each judging 82x82"),
        "SRGAN's discriminator": (VggCriticShape(), "one logit a picture"),
    }
    return [
        {"critic": name, "parameters": count_parameters(shape.build()), "macs_96": shape.macs(side), "note": note}
        for name, (shape, note) in shapes.items()
    ]
