"""LPIPS as ONNX, so that benchmarks need no torch.

    python -m relume.train.export_lpips alex WEIGHTS.safetensors src/relume/weights/lpips-alex.onnx

Weights are stored as half-precision numbers, as they are published, and cast to float32 as the model loads.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import onnx
from onnx import TensorProto, helper, numpy_helper

from relume.card import ModelCard, TrainingSet
from relume.nets.lpips import Alexnet, Backbone, load_lpips
from relume.train.export import commit, count_parameters, export

SMALL = 256


def store_half(path: Path) -> None:
    """Rewrite the ONNX file: every float32 weight of more than 256 numbers becomes float16 and a cast to float32."""
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for weight in list(graph.initializer):
        if weight.data_type != TensorProto.FLOAT or numpy_helper.to_array(weight).size <= SMALL:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(weight).astype("float16"), weight.name + "_half")
        graph.initializer.remove(weight)
        graph.initializer.append(half)
        casts.append(helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def macs(channels: tuple[int, ...]) -> int:
    """Multiply-accumulates of AlexNet's features for each pixel of one picture, its strides 4, 8 and 16 charged."""
    kernels, areas, total, inputs = (11, 5, 3, 3, 3), (16, 64, 256, 256, 256), 0.0, 3
    for outputs, kernel, area in zip(channels, kernels, areas, strict=True):
        total += inputs * outputs * kernel * kernel / area
        inputs = outputs
    return round(total)


def export_lpips(backbone: Backbone, weights: Path, target: Path) -> ModelCard:
    """Export LPIPS with the weights of ``weights`` (see ``nets.lpips``) to ``target``; returns its card.

    Inputs ``a`` and ``b`` (N, 3, H, W) in [0, 1], output ``distance`` (N, 1, 1, 1).
    """
    net = load_lpips(backbone, weights)
    card = ModelCard(
        name=f"lpips-{backbone}",
        task="metric",
        inputs={"a": 3, "b": 3},
        outputs={"distance": 1},
        radius=0,
        parameters=count_parameters(net),
        macs_per_pixel={"distance": 2 * macs(Alexnet.CHANNELS)} if backbone == "alex" else {},
        licence="BSD-2-Clause (LPIPS), BSD-3-Clause (torchvision)",
        data=(
            TrainingSet("ImageNet (the backbone)", "research"),
            TrainingSet("Berkeley-Adobe Perceptual Patch Similarity (the heads)", "BSD-2-Clause"),
        ),
        recipe={"paper": "Zhang et al., CVPR 2018, LPIPS v0.1", "weights": weights.name},
        commit=commit(),
        description=f"learned perceptual distance of two pictures, {backbone} backbone",
    )
    card = export(net, card, target, check_size=(64, 72))
    store_half(target)
    return card


def main() -> None:
    """The command line of the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("backbone", choices=get_args(Backbone))
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    arguments.target.parent.mkdir(parents=True, exist_ok=True)
    print(export_lpips(arguments.backbone, arguments.weights, arguments.target).to_json())


if __name__ == "__main__":
    main()
