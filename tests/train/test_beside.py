import dataclasses

import pytest
import torch

from relume.card import ModelCard
from relume.nets.branches import BranchesShape
from relume.nets.cascade import CascadeShape
from relume.nets.srcnn import SrcnnShape
from relume.recipes import shape_of
from relume.runtime import zoo
from relume.signal import ModelError, OutputRefused
from relume.train.beside import put_beside
from relume.train.export import Named, export
from relume.train.flat import keep_flat, offsets
from relume.train.start import begun, earlier, starting_weights


def shipped(folder, name, shape):
    """A model file of fresh weights, as ``relume export`` writes it."""
    recipe = {"name": name, "net": dataclasses.asdict(shape), "data": {"terms": [{"name": name, "terms": "free"}]}}
    card = ModelCard(
        name=name,
        task="upscale",
        outputs={f"x{scale}": scale for scale in shape.scales},
        radius=shape.radius,
        parameters=1,
        macs_per_pixel=shape.macs(),
        licence="",
        data=(),
        recipe=recipe,
        commit="",
    )
    net = shape.build()
    with torch.no_grad():  # no two alike: the file keeps equal weights once
        for own in net.parameters():
            own.add_(0.01 * torch.randn_like(own))
    export(Named(net, shape.scales), card, folder / f"{name}.onnx")
    return zoo.find(str(folder / f"{name}.onnx"))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("beside")
    return [shipped(folder, name, CascadeShape(channels=8, units=(1, 1, 1))) for name in ("one", "two")]


def test_what_stands_beside_each_other_can_be_trained_further(two, tmp_path):
    path = tmp_path / "both.onnx"
    card = put_beside(two, path)
    assert [entry.name for entry in card.data] == ["one", "two"]
    assert card.macs_per_pixel["x4"] == 2 * two[0].card.macs_per_pixel["x4"]
    shape = shape_of(card.recipe["net"])
    assert shape == BranchesShape(channels=8, units=(1, 1, 1), branches=2)
    net = begun(shape.build(), str(path))
    assert starting_weights(path).keys() == net.state_dict().keys()
    assert [training["name"] for training in earlier({"start": str(path)})] == ["beside", "one", "two"]


def test_gray_fields_keep_their_value_in_all_branches(two, tmp_path):
    put_beside(two, tmp_path / "both.onnx")
    net = begun(BranchesShape(channels=8, units=(1, 1, 1), branches=2).build(), str(tmp_path / "both.onnx"))
    before = max(float(added.abs().max()) for added in offsets(net).values())
    keep_flat(net)
    assert before > 30 * max(float(added.abs().max()) for added in offsets(net).values())


def test_what_is_no_cascade_or_of_another_shape_is_refused(two, tmp_path):
    with pytest.raises(ModelError, match="not a cascade"):
        put_beside([shipped(tmp_path, "other", SrcnnShape().tiny())], tmp_path / "made.onnx")
    larger = shipped(tmp_path, "larger", CascadeShape(channels=8, units=(2, 1, 1)))
    with pytest.raises(ModelError, match="cannot stand beside"):
        put_beside([two[0], larger], tmp_path / "made.onnx")
    wider = shipped(tmp_path, "wider", CascadeShape(channels=12, units=(1, 1, 1)))
    with pytest.raises(ModelError, match="cannot stand beside"):
        put_beside([two[0], wider], tmp_path / "made.onnx")
    with pytest.raises(ModelError, match="twice"):
        put_beside([two[0], two[0]], tmp_path / "made.onnx")
    with pytest.raises(OutputRefused):
        put_beside(two, two[0].path)
