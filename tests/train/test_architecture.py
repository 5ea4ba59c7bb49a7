"""Both players of the paper's game can be drawn, and what is drawn is what was built."""

import pytest

from relume import recipes
from relume.signal import UsageError
from relume.train import architecture
from relume.train.export import count_parameters


def test_every_layer_of_both_players_is_counted() -> None:
    for _, net, inputs in architecture.parts(recipes.find("photo_paper").tiny()):
        found = architecture.layers(net, inputs, 32)
        kinds = [layer.kind for layer in found]
        assert {"BatchNormalization", "Conv"} <= set(kinds)
        kept = sum(layer.parameters for layer in found)
        statistics = sum(layer.parameters // 2 for layer in found if layer.kind == "BatchNormalization")
        assert kept - statistics == count_parameters(net)


def test_a_recipe_without_a_discriminator_of_pairs_is_refused() -> None:
    with pytest.raises(UsageError, match="no discriminator"):
        next(architecture.parts(recipes.find("cascade")))
