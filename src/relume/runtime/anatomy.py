"""What a network is made of, layer by layer, read from its ONNX file: shapes, parameters, operations.

The file is read as protobuf (field numbers of ``onnx.proto``); shapes are the engine's, for an input of a given side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relume.runtime import engine, wire
from relume.runtime.zoo import Model
from relume.signal import ModelError

SIDE = 256
_GRAPH, _NODES, _INITIALIZERS = 7, 1, 5
_INPUTS, _OUTPUTS, _KIND, _ATTRIBUTES = 1, 2, 4, 5
_NAME, _INTEGER, _TENSOR, _INTEGERS = 1, 3, 5, 8
_DIMS, _TENSOR_NAME = 1, 8
_PASSING = {"Cast", "Identity"}
"""What a constant goes through and stays what it is."""


@dataclass(frozen=True)
class Layer:
    """One operation: ``kind`` by ONNX's name, ``kernel`` and ``stride`` where it has them, ``shape`` (C, H, W) of its
    output, ``parameters`` that no layer before it has counted, ``macs`` multiply-accumulates, ``sources``: the layers
    (by index) that it takes, -1 for an input of the network."""

    name: str
    kind: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    shape: tuple[int, ...]
    parameters: int
    macs: int
    sources: tuple[int, ...]


@dataclass(frozen=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


def layers(model: Model, side: int = SIDE) -> tuple[Layer, ...]:
    """The layers of ``model`` for inputs of ``side`` pixels a side; none for a computed one. Raises ModelError."""
    return () if model.path is None else layers_of(model.path, side)


def layers_of(path: Path, side: int = SIDE) -> tuple[Layer, ...]:
    """The layers of an ONNX file for inputs of ``side`` pixels a side. Raises ModelError."""
    data = memoryview(path.read_bytes())
    try:
        nodes, constants = _graph(data)
    except (IndexError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not an ONNX file that can be read layer by layer ({error})") from error
    return tuple(_layers(nodes, constants, engine.shapes(path, side)))


def _layers(
    nodes: Sequence[_Node], constants: dict[str, tuple[int, ...]], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[Layer]:
    origin: dict[str, tuple[int, ...]] = {}
    counted = {name for node in nodes if node.kind == "Constant" for name in node.outputs}  # written into the code
    true_name = {name: name for name in constants}
    index = 0
    for node in nodes:
        if node.kind in _PASSING and node.inputs[0] in constants:
            constants[node.outputs[0]] = constants[node.inputs[0]]
            true_name[node.outputs[0]] = true_name[node.inputs[0]]
            continue
        weights = [name for name in node.inputs if name in constants]
        sources = [origin.get(name, (-1,)) for name in node.inputs if name and name not in constants]
        flat = tuple(dict.fromkeys(source for group in sources for source in group))
        shape = shapes.get(node.outputs[0], ())
        if len(shape) != 4 or node.kind in _PASSING | {"Constant"}:
            origin |= dict.fromkeys(node.outputs, flat)
            continue
        fresh = [name for name in dict.fromkeys(true_name[w] for w in weights) if name not in counted]
        counted.update(fresh)
        dims = constants[weights[0]] if weights else ()
        yield Layer(
            _label(weights, true_name, node),
            node.kind,
            tuple(node.attributes.get("kernel_shape", dims[2:] if node.kind.startswith("Conv") else ())),
            tuple(node.attributes.get("strides", ())),
            shape[1:],
            sum(math.prod(constants[name]) for name in fresh) if _learned(node.kind) else 0,
            _macs(node, dims, shape, shapes),
            flat,
        )
        origin |= dict.fromkeys(node.outputs, (index,))
        index += 1


def _learned(kind: str) -> bool:
    """Constants of other operations are sizes, scales and axes."""
    return kind in {"Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu", "BatchNormalization", "Mul", "Add"}


def _macs(node: _Node, dims: tuple[int, ...], shape: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]]) -> int:
    if node.kind == "Conv":
        return math.prod(shape) * math.prod(dims[1:])
    if node.kind == "ConvTranspose":
        return math.prod(shapes.get(node.inputs[0], ())) * math.prod(dims[1:])
    if node.kind in ("MatMul", "Gemm") and dims:
        return math.prod(shape) * dims[0]
    return 0


def _label(weights: Sequence[str], true_name: Mapping[str, str], node: _Node) -> str:
    """The name of the module whose weights these are; else of the output."""
    if weights and _learned(node.kind) and not true_name[weights[0]].startswith("/"):
        return true_name[weights[0]].removesuffix("_half").removesuffix(".weight").removesuffix(".bias")
    return node.outputs[0].strip("/").removesuffix("_output_0")


def _graph(data: memoryview) -> tuple[list[_Node], dict[str, tuple[int, ...]]]:
    graph = next(content for number, content in wire.fields(data) if number == _GRAPH)
    nodes, constants = [], {}
    for number, content in wire.fields(graph):
        if number == _INITIALIZERS:
            name, dims = _tensor(content)
            constants[name] = dims
        elif number == _NODES:
            node = _node(content)
            if node.kind == "Constant" and "value" in node.attributes:
                constants[node.outputs[0]] = node.attributes["value"]
            nodes.append(node)
    return nodes, constants


def _node(data: memoryview) -> _Node:
    texts: dict[int, list[str]] = {_INPUTS: [], _OUTPUTS: [], _KIND: []}
    attributes = {}
    for number, content in wire.fields(data):
        if number in texts:
            texts[number].append(bytes(content).decode())
        elif number == _ATTRIBUTES:
            name, value = _attribute(content)
            attributes[name] = value
    return _Node(texts[_KIND][0], tuple(texts[_INPUTS]), tuple(texts[_OUTPUTS]), attributes)


def _attribute(data: memoryview) -> tuple[str, Any]:
    name, integers, value = "", [], None
    for number, content in wire.fields(data):
        if number == _NAME:
            name = bytes(content).decode()
        elif number == _INTEGER:
            value = content
        elif number == _INTEGERS:
            integers += wire.integers(content)
        elif number == _TENSOR:
            value = _tensor(content)[1]
    return name, tuple(integers) if integers else value


def _tensor(data: memoryview) -> tuple[str, tuple[int, ...]]:
    name, dims = "", []
    for number, content in wire.fields(data):
        if number == _DIMS:
            dims += wire.integers(content)
        elif number == _TENSOR_NAME:
            name = bytes(content).decode()
    return name, tuple(dims)
