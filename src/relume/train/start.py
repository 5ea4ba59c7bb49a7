"""Where a training starts: the weights of a checkpoint, or of an exported model of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from relume.card import KEY, ModelCard, TrainingSet
from relume.nets.cascade import Cascade, fitted
from relume.nets.crsrgan import Crsrgan, from_cascade
from relume.nets.eight_bit import plain
from relume.nets.restorer import Restorer, deepened
from relume.signal import ModelError
from relume.train.loop import load_checkpoint, load_weights

WRAPPER = "net."


def starting_weights(path: Path) -> dict[str, Any]:
    """The averaged weights of ``checkpoint.pt`` or of an exported ``.onnx``, by the names that the network gives them.

    Raises ModelError if the file is neither.
    """
    if path.suffix != ".onnx":
        weights: dict[str, Any] = load_checkpoint(path)["average"]
        return weights
    model = _read(path)
    arrays = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
    return {name.removeprefix(WRAPPER): value for name, value in arrays.items() if name.startswith(WRAPPER)}


def begun(net: nn.Module, start: str) -> nn.Module:
    """``net`` with the weights of ``start``, where that names a file of them.

    Raises ModelError for a file of no weights, or of weights that do not fit.
    """
    if start:
        weights = plain(starting_weights(Path(start)))
        if not weights:
            raise ModelError(f"{start}: holds no weights of a network that relume trained")
        try:
            load_weights(net, fitting(weights, net), start)
        except ValueError as error:
            raise ModelError(f"{start}: these weights do not fit the recipe's network: {error}") from error
    return net


def fitting(weights: Mapping[str, Tensor], net: nn.Module) -> Mapping[str, Tensor]:
    """``weights`` by the names of ``net``, which may have more units or levels than what learned them."""
    if isinstance(net, Cascade):
        return fitted(weights, net)
    if isinstance(net, Crsrgan) and "stages.0.head.weight" in weights:
        return from_cascade(weights, net)
    return deepened(weights, net) if isinstance(net, Restorer) else weights


def earlier(recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """The trainings that ``recipe`` started from, the last one first: their recipes and how many steps were done."""
    start = Path(recipe.get("start", ""))
    if not start.is_file():
        return []
    if start.suffix == ".onnx":
        own = dict(_card(start).recipe)
        before: list[dict[str, Any]] = own.pop("before", [])
        return [own, *before]
    state = load_checkpoint(start)
    return [state["recipe"] | {"steps_done": state["step"]}, *earlier(state["recipe"])]


def earlier_of(models: Iterable[Path]) -> list[dict[str, Any]]:
    """What :func:`earlier` finds behind each of ``models``, every training once."""
    trainings: list[dict[str, Any]] = []
    for path in models:
        trainings += [training for training in earlier({"start": str(path)}) if training not in trainings]
    return trainings


def learned_from(trainings: Iterable[dict[str, Any]]) -> tuple[TrainingSet, ...]:
    """What the trainings of these recipes have seen, each set named once."""
    entries = [entry for training in trainings for entry in (training.get("data") or {}).get("terms", ())]
    return tuple(dict.fromkeys(ModelCard.training_sets(entries)))


def _read(path: Path) -> onnx.ModelProto:
    try:
        return onnx.load(str(path))
    except Exception as error:  # protobuf and the operating system raise many kinds
        raise ModelError(f"{path}: not a readable ONNX model ({type(error).__name__})") from error


def _card(path: Path) -> ModelCard:
    for entry in reversed(_read(path).metadata_props):
        if entry.key == KEY:  # the last one counts: a mixture's card comes behind that of the file it began as
            return ModelCard.from_json(entry.value)
    raise ModelError(f"{path}: has no model card; only models exported by relume can be continued")
