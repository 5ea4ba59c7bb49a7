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
    """Write ``net`` (inputs and outputs in the card's order) to ``path`` and return the card with its ``parity`` set.

    Raises ModelError if ONNX Runtime and torch disagree by more than 1e-4 on random input, and OutputRefused if the
    file exists already; a file that failed is not left behind.
    """
    if path.exists():
        raise OutputRefused(f"{path}: exists already; choose another name or remove it")
    net = net.eval().float().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    height, width = (side * card.multiple for side in check_size)
    generator = torch.Generator().manual_seed(0)
    example = tuple(torch.rand(1, c, height, width, generator=generator) for c in card.inputs.values())
    axes = {name: {0: "n", 2: "h", 3: "w"} for name in card.inputs}
    axes |= {name: {0: "n", 2: f"h_{name}", 3: f"w_{name}"} for name in card.outputs}
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
        card = dataclasses.replace(card, parity=parity(net, card, partial, (height + card.multiple, width)))
        model = onnx.load(str(partial))
        onnx.helper.set_model_props(model, {KEY: card.to_json()})
        onnx.checker.check_model(model)
        onnx.save(model, str(partial))
        os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return card


def parity(net: nn.Module, card: ModelCard, path: Path, size: tuple[int, int]) -> float:
    """The largest difference between torch and ONNX Runtime, both float32, on a random picture of ``size``."""
    generator = torch.Generator().manual_seed(1)
    inputs = {name: torch.rand(1, c, *size, generator=generator) for name, c in card.inputs.items()}
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(list(card.outputs), {name: value.numpy() for name, value in inputs.items()})
    with torch.no_grad():
        expected = net(*inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(found, expected, strict=True))
    if not worst <= TOLERANCE:
        raise ModelError(f"{card.name}: ONNX and torch differ by {worst:.2g}, more than {TOLERANCE}; not exported")
    return worst
