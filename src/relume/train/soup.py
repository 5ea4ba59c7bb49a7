"""The mean of the weights of several models of one network.

    python -m relume.train.soup FIRST.onnx SECOND.onnx ... --out MEAN.onnx

Trainings that began at the same weights and saw other pictures end in one valley of the loss; the mean of where they
ended lies lower than each of them, and is computed no slower than one (Wortsman et al., *Model soups*, ICML 2022).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from relume.card import ModelCard
from relume.runtime.files import appearing
from relume.runtime.realism import mix, with_card
from relume.runtime.zoo import Model
from relume.signal import ModelError, UsageError
from relume.train.of_models import command
from relume.train.start import earlier_of, learned_from


def soup(models: Sequence[Model]) -> tuple[ModelCard, bytes]:
    """The card and the bytes of the mean of ``models``, each counted once.

    The card names what any of them has seen; its recipe is that of the first, with the sha256 of all and, as
    ``before``, the trainings of all. Raises UsageError for fewer than two, ModelError for networks that differ or for
    a model without weights.
    """
    if len(models) < 2:
        raise UsageError("a mean needs two models or more")
    paths: list[Path] = []
    for model in models:
        if model.path is None:
            raise ModelError(f"{model.name} is computed and has no weights")
        if model.card.recipe.get("net") != models[0].card.recipe.get("net"):
            raise ModelError(f"{model.path} and {paths[0]} are not of one network: their weights have no mean")
        paths.append(model.path)
    card = _card(models, paths)
    mean = paths[0].read_bytes()
    for count, path in enumerate(paths[1:], 2):
        mean = mix(mean, path.read_bytes(), 1 / count)
    return card, with_card(mean, card)


def _card(models: Sequence[Model], paths: Sequence[Path]) -> ModelCard:
    trainings = earlier_of(paths)
    return dataclasses.replace(
        models[0].card,
        recipe=trainings[0] | {"mean_of_sha256": [model.sha256 for model in models], "before": trainings[1:]},
        data=learned_from(trainings),
        scores={},
        parity=None,
        eight_bits={},
        description=f"the mean of the weights of {len(models)} trainings",
    )


def write(models: Sequence[Model], path: Path) -> None:
    """Write the mean of ``models`` to ``path``; raises what :func:`soup` does, OutputRefused where ``path`` exists."""
    made = soup(models)[1]
    with appearing(path) as partial:
        partial.write_bytes(made)


if __name__ == "__main__":
    command(__doc__ or "", write)
