"""Small networks for the tests of relics: ``relic-colour`` as a fixed table, made by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from relume.card import KEY, ModelCard

SIDE = 5


def brighter(x: np.ndarray) -> np.ndarray:
    """Colours (..., 3): lighter, and less yellow."""
    return np.clip(x ** np.array([0.7, 0.7, 0.5]), 0, 1)


def colour_network(path: Path, change: Callable[[np.ndarray], np.ndarray] = brighter, follow: float = 0.0) -> str:
    """Write a network that gives the table of ``change`` whatever it sees, and return its sha256.

    ``follow``: how much the mean of the top left pixel is added, so that the eight turns of a picture differ.
    """
    axis = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    table = change(np.stack([red, green, blue], axis=-1)).transpose(3, 0, 1, 2)[None].astype(np.float32)
    constants = {
        "table": table,
        "follow": np.array([follow], np.float32),
        "start": np.array([0, 0], np.int64),
        "end": np.array([1, 1], np.int64),
        "axes": np.array([2, 3], np.int64),
        "shape": np.array([1, 1, 1, 1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Slice", ["x", "start", "end", "axes"], ["corner"]),
        helper.make_node("ReduceMean", ["corner"], ["level"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["level", "shape"], ["deep"]),
        helper.make_node("Mul", ["deep", "follow"], ["shift"]),
        helper.make_node("Add", ["table", "shift"], ["lut"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colour",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("lut", TensorProto.FLOAT, [1, 3, SIDE, SIDE, SIDE])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    card = ModelCard(
        name="relic-colour",
        task="relic-colour",
        outputs={"lut": 1},
        radius=0,
        parameters=0,
        macs_per_pixel={"lut": 1},
        licence="Apache-2.0",
        data=(),
        recipe={},
        commit="",
        description="a table made by hand",
    )
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, card.to_json()
    onnx.save(model, str(path))
    return hashlib.sha256(path.read_bytes()).hexdigest()
