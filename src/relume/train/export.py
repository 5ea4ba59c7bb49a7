"""Torch to ONNX, with the model card in the file and a parity check against torch."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from relume.card import KEY, ModelCard
from relume.signal import ModelError, OutputRefused

OPSET = 17
TOLERANCE = 1e-4
Inputs = tuple[Tensor, ...]
LICENCE = "Apache-2.0 for the weights file; see the terms of the training data"


class Named(nn.Module):
    """A network as ONNX wants it: one positional input, a tuple of outputs in the order of ``scales``."""

    def __init__(self, net: nn.Module, scales: tuple[int, ...]) -> None:
        super().__init__()
        self.net = net
        self.scales = scales

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        pictures = self.net(x, self.scales)
        return tuple(pictures[scale] for scale in self.scales)


def promise(recipe: Mapping[str, Any]) -> tuple[Literal["faithful", "generative"], str]:
    """The fidelity of what ``recipe`` trained, and how it was trained in words."""
    if recipe.get("adversarial"):
        return "generative", "trained against a critic, it may invent texture"
    if recipe.get("content", {}).get("perceptual"):
        return "faithful", "trained for small differences, to the eye too (L1 and LPIPS), without a critic"
    return "faithful", "trained for PSNR"


def commit() -> str:
    """The commit of the checkout, with ``+changes`` if it is not clean; 'unknown' outside one."""
    here = Path(__file__).parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=here, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def count_parameters(net: nn.Module) -> int:
    """How many weights ``net`` has; shared ones count once."""
    return sum(p.numel() for p in net.parameters())


def export(net: nn.Module, card: ModelCard, path: Path, *, check_size: tuple[int, int] = (24, 20)) -> ModelCard:
    """Write a network of pictures, inputs and outputs in the card's order; see :func:`write`."""
    height, width = (side * card.multiple for side in check_size)
    axes = {name: {0: "n", 2: "h", 3: "w"} for name in card.inputs}
    axes |= {name: {0: "n", 2: f"h_{name}", 3: f"w_{name}"} for name in card.outputs}
    example, other = _pictures(card, height, width, seed=0), _pictures(card, height + card.multiple, width, seed=1)
    return write(net, card, path, example, other, axes)


def _pictures(card: ModelCard, height: int, width: int, *, seed: int) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(1, c, height, width, generator=generator) for c in card.inputs.values())


def write(
    net: nn.Module,
    card: ModelCard,
    path: Path,
    example: Inputs,
    other: Inputs,
    axes: Mapping[str, dict[int, str]],
    *,
    relative: bool = False,
) -> ModelCard:
    """Write ``net`` to ``path`` as ONNX and return the card, which is in it, with its ``parity`` set.

    ``example``: inputs to trace the network with; ``other``: inputs of another size, to compare it with torch on;
    ``axes``: the free axes of inputs and outputs by name; ``relative``: see :func:`parity`. Raises ModelError where
    that does, and OutputRefused if the file exists already or cannot be written; a file that failed is not left behind.
    """
    if path.exists():
        raise OutputRefused(f"{path}: exists already; choose another name or remove it")
    net = net.eval().float().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    partial = path.with_name(path.name + ".partial")
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                net,
                example,
                str(partial),
                input_names=list(card.inputs),
                output_names=list(card.outputs),
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        card = dataclasses.replace(card, parity=parity(net, card, partial, other, relative=relative))
        model = onnx.load(str(partial))
        onnx.helper.set_model_props(model, {KEY: card.to_json()})
        onnx.checker.check_model(model)
        onnx.save(model, str(partial))
        os.link(partial, path)
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return card


def parity(net: nn.Module, card: ModelCard, path: Path, inputs: Inputs, *, relative: bool = False) -> float:
    """How far torch and ONNX Runtime, both float32, differ at most. Raises ModelError above 1e-4.

    ``relative``: over the largest value where that is above 1; received samples may be counts of a converter.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {name: value.numpy() for name, value in zip(card.inputs, inputs, strict=True)}
    found = session.run(list(card.outputs), fed)
    with torch.no_grad():
        expected = net(*inputs)
    pairs = zip(found, expected if isinstance(expected, tuple) else (expected,), strict=True)
    worst = max(
        float(np.abs(a - b.numpy()).max()) / (max(1.0, float(b.abs().max())) if relative else 1.0) for a, b in pairs
    )
    if not worst <= TOLERANCE:
        raise ModelError(f"{card.name}: ONNX and torch differ by {worst:.2g}, more than {TOLERANCE}; not exported")
    return worst
