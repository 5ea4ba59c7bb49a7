"""Optimisers by one typed choice: AdamW, or Muon for the convolutions with AdamW for what has no matrix.

Muon (Jordan et al., 2024) replaces a matrix's momentum by its nearest semi-orthogonal matrix, found by a few
Newton-Schulz iterations; a convolution counts as the matrix (out, in * k * k). Deviation: the update is scaled by
``0.2 sqrt(max(rows, columns))`` (Liu et al., 2025), so that learning rates carry over from AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

Choice = Literal["adam", "muon", "sgd"]
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """The quintic Newton-Schulz iteration towards U V^T of each matrix U S V^T; (..., rows, columns) float32.

    One iteration is x <- p x with p = a + b g + c g^2 and g = x x^T. All p are polynomials in the first g, so they are
    multiplied with each other (of the shorter side squared, where x has the longer one too) and with x but once.
    """
    a, b, c = COEFFICIENTS
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    gram = x @ x.mT
    product = one = torch.eye(gram.shape[-1], dtype=x.dtype, device=x.device).expand_as(gram)
    for _ in range(steps):
        p = a * one + b * gram + c * (gram @ gram)
        product, gram = p @ product, p @ gram @ p
    x = product @ x
    return x if wide else x.mT


class Muon(torch.optim.Optimizer):
    """Momentum, Nesterov's look-ahead, orthogonalisation; for weights of two or more dimensions.

    Weights of one shape are orthogonalised together: many small products in one.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                matrix = weight.grad.lerp(state["momentum"], group["momentum"]).flatten(1).float()
                alike.setdefault((matrix.shape[0], matrix.shape[1]), []).append((weight, matrix))
            for shape, found in alike.items():
                updates = orthogonalise(torch.stack([matrix for _, matrix in found])) * (0.2 * max(shape) ** 0.5)
                for (weight, _), update in zip(found, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update.reshape(weight.shape), alpha=-group["lr"])


def optimisers(net: nn.Module, choice: Choice, lr: float, betas: tuple[float, float]) -> list[torch.optim.Optimizer]:
    """The optimisers of ``net``; with Muon, inner convolutions go to it and everything else to Adam; sgd is VDSR's."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    if choice == "sgd":
        return [torch.optim.SGD(parameters, lr, momentum=0.9, weight_decay=1e-4)]
    if choice == "adam":
        return [torch.optim.Adam(parameters, lr, betas, foreach=True)]
    inner = [p for p in parameters if p.ndim >= 2 and min(p.shape[0], p[0].numel()) >= 16 and p.shape[0] == p.shape[1]]
    chosen = {id(p) for p in inner}
    rest = [p for p in parameters if id(p) not in chosen]
    adam = torch.optim.Adam(rest, lr, betas, foreach=True)
    return [Muon(inner, lr), adam] if inner else [adam]


def clip(parameters: Iterable[Tensor], choice: Choice, bound: float, lr: float) -> float:
    """Clip gradients in place and return their norm before it.

    To a norm of ``bound``; with sgd as in VDSR (2016, section 3.2), every gradient to +-``bound / lr``, so that a step
    is bounded although the learning rate is high.
    """
    parameters = list(parameters)
    if choice != "sgd":
        return float(nn.utils.clip_grad_norm_(parameters, bound))
    norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    nn.utils.clip_grad_value_(parameters, bound / lr)
    return float(norm)


def descend(
    loss: Tensor,
    optimisers: Sequence[torch.optim.Optimizer],
    *,
    choice: Choice = "adam",
    bound: float = math.inf,
    share: Callable[[Sequence[Tensor]], None] | None = None,
) -> float:
    """One step of ``optimisers`` down ``loss``, gradients clipped (:func:`clip`); returns their norm before that.

    ``share`` averages the gradients of several processes before they are used.
    """
    parameters = [p for optimiser in optimisers for group in optimiser.param_groups for p in group["params"]]
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if share is not None:
        share(parameters)
    norm = clip(parameters, choice, bound, optimisers[0].param_groups[0]["lr"])
    for optimiser in optimisers:
        optimiser.step()
    return norm
