"""A training starts from a checkpoint or from an exported model, and the card remembers what came before."""

import dataclasses
from pathlib import Path

import pytest
import torch

from relume import recipes
from relume.nets.cascade import CascadeShape
from relume.runtime import zoo
from relume.runtime.zoo import read_card
from relume.signal import ModelError
from relume.train.run import export_checkpoint, run_tiny
from relume.train.start import begun, earlier, starting_weights


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[torch.nn.Module, Path]:
    folder = tmp_path_factory.mktemp("first")
    recipe = dataclasses.replace(recipes.find("cascade").tiny(), steps=2, validate_every=2)
    net = run_tiny(recipe, folder, resume=False, report=lambda _: None)
    export_checkpoint(folder / "checkpoint.pt", folder / "first.onnx", recipes.shape_of)
    return net, folder / "first.onnx"


def test_an_exported_model_gives_back_every_weight(exported: tuple[torch.nn.Module, Path]) -> None:
    net, path = exported
    weights = starting_weights(path)
    assert weights.keys() == net.state_dict().keys()
    assert all(torch.equal(weights[name], value) for name, value in net.state_dict().items())


def test_a_card_remembers_the_training_that_it_continued(
    exported: tuple[torch.nn.Module, Path], tmp_path: Path
) -> None:
    recipe = dataclasses.replace(recipes.find("cascade").tiny(), steps=1, validate_every=1, start=str(exported[1]))
    run_tiny(recipe, tmp_path / "run", resume=False, report=lambda _: None)
    export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "second.onnx", recipes.shape_of)
    before = read_card((tmp_path / "second.onnx").read_bytes(), "second").recipe["before"]
    assert [training["steps_done"] for training in before] == [2]
    assert "before" not in before[0]


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        starting_weights(broken)
    assert earlier({"start": ""}) == []


def test_weights_of_another_kind_are_no_start(exported: tuple[torch.nn.Module, Path], tmp_path: Path) -> None:
    net = recipes.find("cascade").tiny().net.build()
    for name in ("lpips-alex", "denoise", "link-drive"):
        path = zoo.find(name).path
        with pytest.raises(ModelError, match=name):
            begun(net, str(path))
    empty = tmp_path / "checkpoint.pt"
    torch.save({"step": 1, "recipe": {}, "average": {}, "modules": {}, "optimisers": []}, empty)
    with pytest.raises(ModelError, match="holds no weights"):
        begun(net, str(empty))
    with pytest.raises(ModelError, match="no recipe has a network"):
        export_checkpoint(empty, tmp_path / "out.onnx", recipes.shape_of)
    assert not (tmp_path / "out.onnx").exists()


def test_a_larger_cascade_is_no_start_of_a_smaller_one(exported: tuple[torch.nn.Module, Path], tmp_path: Path) -> None:
    larger = tmp_path / "checkpoint.pt"
    state = CascadeShape(channels=16, units=(2, 1, 1)).build().state_dict()
    torch.save({"step": 1, "recipe": {}, "average": state, "modules": {}, "optimisers": []}, larger)
    with pytest.raises(ModelError, match="do not fit the recipe's network"):
        begun(CascadeShape(channels=16, units=(1, 1, 1)).build(), str(larger))
