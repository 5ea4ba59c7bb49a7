"""What a training against a critic did to one network, carried over to another that grew from the same weights.

    python -m relume.train.carried OLD.onnx RICH.onnx NEW.onnx --out START.onnx

``RICH`` was trained from ``OLD``, and ``NEW`` grew from ``OLD`` another way. Each weight of ``NEW`` that all three have
is moved as the training moved it, ``w_new + (w_rich - w_old)``, as tasks are added by their weights (Ilharco et al.,
*Editing models with task arithmetic*, 2023); the others stay. It is a start for a training against a critic that then
has little left to do.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import onnx
from onnx import numpy_helper

from relume.card import KEY
from relume.runtime import zoo
from relume.runtime.files import appearing
from relume.signal import ModelError, RelumeError
from relume.train.start import WRAPPER


def carried(old: Path, rich: Path, new: Path, out: Path) -> int:
    """Write to ``out`` the weights of ``new`` as the way from ``old`` to ``rich`` moves them; how many arrays moved.

    The card says where they come from. Raises ModelError where nothing is common, OutputRefused where ``out`` exists.
    """
    cards = {name: zoo.find(str(path)) for name, path in (("old", old), ("rich", rich), ("new", new))}
    before, after, model = (onnx.load(str(path)) for path in (old, rich, new))
    start, end = (_weights(each) for each in (before, after))
    moved = 0
    for tensor in model.graph.initializer:
        if tensor.name in start and tensor.name in end:
            value = numpy_helper.to_array(tensor)
            way = numpy_helper.to_array(end[tensor.name]) - numpy_helper.to_array(start[tensor.name])
            if way.shape != value.shape:
                raise ModelError(
                    f"{tensor.name} is {value.shape} in {new} and {way.shape} in {rich}: not of one family"
                )
            tensor.CopyFrom(numpy_helper.from_array(value + way, tensor.name))
            moved += 1
    if not moved:
        raise ModelError(f"{old}, {rich} and {new} have no weights in common: nothing can be carried over")
    recipe = dict(cards["new"].card.recipe) | {"carried": {name: found.sha256 for name, found in cards.items()}}
    card = dataclasses.replace(
        cards["rich"].card,
        recipe=recipe,
        parameters=cards["new"].card.parameters,
        macs_per_pixel=cards["new"].card.macs_per_pixel,
        radius=cards["new"].card.radius,
        scores={},
        parity=None,
        eight_bits={},
        description=f"{new.stem} as the way from {old.stem} to {rich.stem} moves it",
    )
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {KEY: card.to_json()})
    with appearing(out) as partial:
        onnx.save(model, str(partial))
    return moved


def _weights(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {tensor.name: tensor for tensor in model.graph.initializer if tensor.name.startswith(WRAPPER)}


def main() -> None:
    """The command of the module's first lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("old", "rich", "new"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        carried(args.old, args.rich, args.new, args.out)
    except RelumeError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
