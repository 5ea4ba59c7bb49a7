"""A network's graph cut in two, so that each part runs in the precision that suits it.

The *body* holds everything up to the last convolution of the output asked for and may run in bfloat16. The *tail*
holds the rest (pixel shuffle, the skip from the input, their sum) and runs in float32, so that bfloat16 rounds only
the residual and never the picture itself. In the tail a bilinear skip is rewritten as a matrix product ahead of the
pixel shuffle, and the shuffle moves whole rows of a cell, which gives the same values in a fraction of the time. A
network that was measured for it may have the convolutions of its body in eight bits (:func:`in_eight_bits`). The
engine's module is an argument, ``ov``: only :mod:`relume.runtime.engine` imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from relume.signal import Array

_HEAVY = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul"}
TO_PIXELS, TO_PLANES = np.array([0, 2, 3, 1]), np.array([0, 3, 1, 2])
_LIGHT_WEIGHTS = 2048
"""A convolution of fewer weights is no part of the network proper: a fixed interpolation kernel on the skip, say."""


def split(ov: ModuleType, model: Any, output: str) -> tuple[Any, Any]:
    """The body and the tail of ``output``: the body takes the inputs to features, the tail both to the picture.

    Every input is (1, h, w, c), in the order of the file. The picture is (1, s h, s w, c) or, which is the same in
    memory, (1, h, s, w, s c). What both need (an enlarged input, say) is in both.
    """
    cuts: list[Any] = []
    inside: set[str] = set()
    copy = model.clone()
    last = copy.output(output).get_node().input_value(0)
    _walk_back(last, cuts, inside)
    names = [(cut.get_node().get_friendly_name(), cut.get_index()) for cut in cuts]
    tail, order = _tail(ov, copy, last, cuts, inside)

    op = ov.opset13
    pictures, _ = _pictures(ov, model)
    nodes = {node.get_friendly_name(): node for node in model.get_ops()}
    if order is not None:
        _reorder(ov, nodes[names[0][0]], order)
    results = [op.result(nodes[name].output(index)) for name, index in names]
    return ov.Model(results, pictures, "body"), tail


def _pictures(ov: ModuleType, model: Any) -> tuple[list[Any], list[Any]]:
    """Inputs (1, h, w, channels) and, in the place of the model's own, their transpositions to (1, channels, h, w)."""
    pictures, planes = [], []
    for own in model.get_parameters():
        channels = own.get_partial_shape()[1].get_length()
        picture = ov.opset13.parameter(ov.PartialShape([1, -1, -1, channels]))
        plane = ov.opset13.transpose(picture, TO_PLANES)
        for target in own.output(0).get_target_inputs():
            target.replace_source_output(plane.output(0))
        pictures.append(picture)
        planes.append(plane)
    return pictures, planes


def _tail(ov: ModuleType, copy: Any, last: Any, cuts: list[Any], inside: set[str]) -> tuple[Any, Array | None]:
    """The tail, and the order in which it takes the channels of the features, where that is not their own."""
    op = ov.opset13
    stand_ins = []
    for cut in cuts:
        stand_in = op.parameter(cut.get_partial_shape(), cut.get_element_type())
        stand_ins.append(stand_in)
        for target in cut.get_target_inputs():
            if target.get_node().get_friendly_name() in inside:
                target.replace_source_output(stand_in.output(0))
        last = stand_in.output(0) if cut == last else last
    pictures, planes = _pictures(ov, copy)
    found = _bilinear_as_product(ov, last, pictures[0], planes[0])
    picture, order = found or (op.transpose(last, TO_PIXELS), None)
    return ov.Model([op.result(picture)], [*pictures, *stand_ins], "tail"), order


def _walk_back(value: Any, cuts: list[Any], inside: set[str]) -> None:
    """Collect the names of the nodes behind ``value`` down to the input, cutting after each convolution's bias."""
    node = value.get_node()
    kind = node.get_type_name()
    if kind in ("Parameter", "Constant") or node.get_friendly_name() in inside:
        return
    if _is_heavy(node) or (kind == "Add" and _is_bias(node)):
        if value not in cuts:
            cuts.append(value)
        return
    inside.add(node.get_friendly_name())
    for source in node.input_values():
        _walk_back(source, cuts, inside)


def _is_heavy(node: Any) -> bool:
    if node.get_type_name() not in _HEAVY:
        return False
    weights = node.input_value(1).get_partial_shape()
    return not weights.is_static or int(np.prod(weights.to_shape())) >= _LIGHT_WEIGHTS


def _is_bias(node: Any) -> bool:
    sources = [source.get_node() for source in node.input_values()]
    return any(_constant(source) is not None for source in sources) and any(map(_is_heavy, sources))


def _constant(node: Any) -> Array | None:
    """The value of a constant, which may have got another shape since; None for any other node."""
    while node.get_type_name() == "Reshape":
        node = node.input_value(0).get_node()
    return node.data if node.get_type_name() == "Constant" else None


def _bilinear_as_product(ov: ModuleType, last: Any, picture: Any, plane: Any) -> tuple[Any, Array] | None:
    """``shuffle(f) + bilinear(x)`` as ``shuffle(f + product(x))``, and the order it wants the channels of f in.

    The product is of the nine pixels around each with their weights in every place of its cell. With the channels of a
    cell by its rows the shuffle takes (1, h, w, s, s c) to (1, h, s, w, s c). None if ``last`` is anything else.
    """
    op = ov.opset13
    node = last.get_node()
    if node.get_type_name() != "Add":
        return None
    sources = {source.get_node().get_type_name(): source.get_node() for source in node.input_values()}
    shuffle, skip = sources.get("DepthToSpace"), sources.get("Interpolate")
    if shuffle is None or skip is None or shuffle.input_value(0).get_node().get_type_name() != "Parameter":
        return None
    if skip.input_value(0).get_node().get_friendly_name() != plane.get_friendly_name():
        return None
    settings, scale = skip.get_attributes(), int(shuffle.get_attributes()["block_size"])
    plain = settings["mode"] == "linear_onnx" and settings["coordinate_transformation_mode"] == "half_pixel"
    depth_first = shuffle.get_attributes()["mode"] == "depth_first"
    padded = any(settings["pads_begin"]) or any(settings["pads_end"]) or settings["antialias"]
    if not plain or not depth_first or padded:
        return None
    around = op.pad(picture, np.array([0, 1, 1, 0]), np.array([0, 1, 1, 0]), "edge")
    ends = (-2, -1, np.iinfo(np.int64).max)
    one = np.array([1, 1])
    nine = [
        op.slice(around, np.array([i, j]), np.array([ends[i], ends[j]]), one, np.array([1, 2]))
        for i in range(3)
        for j in range(3)
    ]
    enlarged = op.matmul(op.concat(nine, 3), op.constant(_bilinear_weights(scale)), False, False)
    cells = op.add(op.transpose(shuffle.input_value(0), TO_PIXELS), enlarged)
    rows = op.reshape(cells, np.array([0, 0, 0, scale, 3 * scale]), special_zero=True)
    return op.transpose(rows, np.array([0, 1, 3, 2, 4])), np.arange(3 * scale * scale).reshape(3, -1).T.ravel()


def _bilinear_weights(scale: int) -> Array:
    """(27, 3 s^2): by neighbour and channel, its part in every place and channel of a cell, pixel centres aligned."""
    taps = np.zeros((scale, 3), np.float32)
    for phase in range(scale):
        centre = (phase + 0.5) / scale - 0.5
        left = int(np.floor(centre))
        taps[phase, left + 1] += 1 - (centre - left)
        taps[phase, left + 2] += centre - left
    weights = np.einsum("ik,jl,cd->klcijd", taps, taps, np.eye(3, dtype=np.float32))
    return np.ascontiguousarray(weights.reshape(27, -1))


def _reorder(ov: ModuleType, node: Any, order: Array) -> None:
    """Make ``node``, a convolution or the sum of one and its bias, give its channels in ``order``."""
    for number, value in enumerate(node.input_values()):
        own, constant = value.get_node(), _constant(value.get_node())
        if constant is not None:
            changed = constant[order] if _is_heavy(node) else constant.reshape(1, -1, 1, 1)[:, order]
            node.input(number).replace_source_output(ov.opset13.constant(np.ascontiguousarray(changed)).output(0))
        elif _is_heavy(own):
            _reorder(ov, own, order)


def in_eight_bits(ov: ModuleType, model: Any, reaches: Mapping[str, Sequence[float]]) -> None:
    """Round what enters the convolutions of ``model`` and their weights to 256 steps, in place.

    ``reaches``: by the name of a convolution's weights, the largest value that enters it by each of its channels;
    others stay as they are. As in :mod:`relume.nets.eight_bit`, channels are brought to one reach, which the weights
    undo; steps are even, those of the weights for each output channel apart; what comes from a ReLU has no sign. The
    engine then computes these convolutions in whole numbers.
    """
    op = ov.opset13
    for node in model.get_ops():
        if node.get_type_name() != "Convolution":
            continue
        weights = node.input_value(1).get_node()
        reach = np.array(reaches.get(weights.get_friendly_name(), ()), np.float32).reshape(1, -1, 1, 1)
        if not reach.size:
            continue
        positive = node.input_value(0).get_node().get_type_name() == "Relu"
        low, high = np.float32(0 if positive else -1), np.float32(1 if positive else 127 / 128)
        rounded = op.fake_quantize(node.input_value(0), low * reach, high * reach, low, high, 256)
        scaled = (weights.data * reach).astype(np.float32)
        widest = np.abs(scaled).max((1, 2, 3), keepdims=True).clip(1e-12)
        coarse = op.fake_quantize(op.constant(scaled), -widest, widest, -widest, widest, 255)
        node.input(0).replace_source_output(rounded.output(0))
        node.input(1).replace_source_output(coarse.output(0))


def footprint(model: Any, output: str) -> int:
    """Bytes of float32 alive at once for each input pixel, at the worst point of the way to ``output``."""
    side = 64
    copy = model.clone()
    channels = {own.output(0): own.get_partial_shape()[1].get_length() for own in copy.get_parameters()}
    copy.reshape({port: [1, count, side, side] for port, count in channels.items()})
    last = copy.output(output).get_node().input_value(0)
    order: list[Any] = []
    seen: set[str] = set()

    def visit(node: Any) -> None:
        seen.add(node.get_friendly_name())
        for source in node.input_values():
            if source.get_node().get_friendly_name() not in seen:
                visit(source.get_node())
        order.append(node)

    visit(last.get_node())
    sizes = {n.get_friendly_name(): 4 * int(np.prod(n.get_output_shape(0))) for n in order}
    last_use = {s.get_node().get_friendly_name(): n for n in order for s in n.input_values()}
    alive: dict[str, int] = {}
    peak = 0
    for node in order:
        if node.get_type_name() == "Constant":
            continue
        alive[node.get_friendly_name()] = sizes[node.get_friendly_name()]
        peak = max(peak, sum(alive.values()))
        for name in [name for name in alive if last_use.get(name) is node]:
            del alive[name]
    return int(np.ceil(peak / side**2)) + 2 * sizes[last.get_node().get_friendly_name()] // side**2
