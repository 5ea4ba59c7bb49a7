"""Cascades put beside each other: the start of a network of branches.

    python -m relume.train.beside FIRST.onnx SECOND.onnx ... --out BRANCHES.onnx

Cascade k is seen from side k (:mod:`relume.nets.branches`). What is written computes the mean of what all of them say,
and can be trained further.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from relume.card import ModelCard
from relume.nets.branches import Branches, BranchesShape, beside
from relume.nets.cascade import CascadeShape
from relume.runtime.zoo import Model
from relume.signal import ModelError
from relume.train.export import Named, count_parameters, export
from relume.train.of_models import command
from relume.train.start import earlier_of, learned_from, starting_weights


def put_beside(models: Sequence[Model], path: Path) -> ModelCard:
    """Write the branches that ``models``, cascades of one shape, make together to ``path`` and return their card.

    The card's recipe has the sha256 of all and, as ``before``, the trainings of all. Raises ModelError for anything but
    different cascades of one shape, and what :func:`relume.train.export.export` raises.
    """
    paths = [Path(model.path or model.name) for model in models]
    if len({model.sha256 for model in models}) < len(models):
        raise ModelError("the same cascade twice: a file keeps equal weights once, and could not be trained further")
    sizes = _sizes(models[0], len(models))
    net = Branches(sizes)
    try:
        net.load_state_dict(beside([starting_weights(path) for path in paths], sizes))
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"these cannot stand beside each other: {error}") from error
    before = earlier_of(paths)
    card = dataclasses.replace(
        models[0].card,
        radius=sizes.radius,
        parameters=count_parameters(net),
        macs_per_pixel=sizes.macs(),
        recipe={
            "name": "beside",
            "net": dataclasses.asdict(sizes),
            "sha256": [model.sha256 for model in models],
            "before": before,
        },
        data=learned_from(before),
        scores={},
        eight_bits={},
        description=f"{len(models)} cascades beside each other, each seen from another side",
    )
    return export(Named(net, sizes.scales), card, path)


def _sizes(model: Model, branches: int) -> BranchesShape:
    own = {name: tuple(v) if isinstance(v, list) else v for name, v in model.card.recipe.get("net", {}).items()}
    try:
        return BranchesShape(**dataclasses.asdict(CascadeShape(**own)), branches=branches)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{model.path or model.name}: not a cascade") from error


if __name__ == "__main__":
    command(__doc__ or "", put_beside)
