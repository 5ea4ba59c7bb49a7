import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from relume.card import KEY, ModelCard, TrainingSet
from relume.nets.cascade import Cascade
from relume.recipes import shape_of
from relume.recipes.cascade import RECIPE
from relume.recipes.cascade_eight_bits import RECIPE as EIGHT_BITS
from relume.signal import ModelError, OutputRefused
from relume.train.export import export, parity, promise
from relume.train.recipe import plain
from relume.train.run import export_checkpoint, run_tiny
from relume.train.start import earlier, learned_from


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    run_tiny(RECIPE.tiny(), folder / "run", resume=False, report=lambda line: None)
    target = folder / "tiny.onnx"
    return (
        export_checkpoint(folder / "run" / "checkpoint.pt", target, shape_of),
        target,
        folder / "run" / "checkpoint.pt",
    )


def test_card_travels_in_the_file(exported):
    card, target, _ = exported
    stored = {p.key: p.value for p in onnx.load(str(target)).metadata_props}
    assert ModelCard.from_json(stored[KEY]) == card
    assert card.parity is not None and card.parity < 1e-4
    assert card.scales == (2, 3, 4)
    assert card.scores["held-out training pictures"]["psnr_y_x4"] > 10
    assert "BT.601" in card.scores["protocol"]
    assert any("research" in entry.terms for entry in card.data)


def test_onnx_equals_torch_at_another_size(exported):
    card, target, checkpoint = exported
    net = Cascade(RECIPE.tiny().net)
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    x = torch.rand(2, 3, 17, 31, generator=torch.Generator().manual_seed(3))
    session = onnxruntime.InferenceSession(str(target))
    with torch.no_grad():
        expected = net.eval()(x)
    for scale in card.scales:
        (found,) = session.run([card.output_for(scale)], {"x": x.numpy()})
        np.testing.assert_allclose(found, expected[scale].numpy(), atol=2e-5)


def test_a_cascade_for_eight_bits_is_plain_in_its_file_and_rounded_by_its_card(tmp_path):
    from relume.nets.eight_bit import for_eight_bits
    from relume.runtime import engine, zoo

    run_tiny(EIGHT_BITS.tiny(), tmp_path / "run", resume=False, report=lambda line: None)
    card = export_checkpoint(tmp_path / "run" / "checkpoint.pt", tmp_path / "tiny.onnx", shape_of)
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["average"]
    reaches = {f"net.{name[:-5]}weight": value for name, value in state.items() if name.endswith("reach")}
    assert set(card.eight_bits) == set(reaches) and len(reaches) == 6
    for name, reach in reaches.items():
        assert ".cell." in name
        torch.testing.assert_close(torch.tensor(card.eight_bits[name]), reach, rtol=1e-3, atol=2e-3)

    net = Cascade(EIGHT_BITS.tiny().net)
    for_eight_bits(net, net.inner())
    net.load_state_dict(state)
    picture = np.random.default_rng(0).random((20, 24, 3), dtype=np.float32)
    with torch.no_grad():
        wanted = net.eval()(torch.from_numpy(picture).permute(2, 0, 1)[None], (2,))[2][0].permute(1, 2, 0).numpy()
    found = zoo.find(str(tmp_path / "tiny.onnx"))
    one = engine.load(found.path, found.sha256, "x2", "openvino", "int8", None, found.card.eight_bits)
    exact = engine.load(found.path, found.sha256, "x2", "openvino", "f32", None)
    assert np.abs(one(picture) - wanted).mean() < 0.3 * np.abs(exact(picture) - wanted).mean() + 2e-3


def test_existing_file_is_never_overwritten(exported):
    _, target, checkpoint = exported
    before = target.read_bytes()
    with pytest.raises(OutputRefused):
        export_checkpoint(checkpoint, target, shape_of)
    assert target.read_bytes() == before


def test_unknown_scale_and_foreign_card_are_errors(exported):
    card, _, _ = exported
    with pytest.raises(ModelError, match="enlarges by 2, 3, 4, not by 5"):
        card.output_for(5)
    with pytest.raises(ModelError):
        ModelCard.from_json('{"name": "x"}')


def test_recipe_is_stored_as_plain_values():
    assert plain(RECIPE)["net"]["units"] == list(RECIPE.net.units)


def test_a_card_tells_the_trainings_before_it(exported):
    _, _, checkpoint = exported
    done = earlier({"start": str(checkpoint)})
    assert [(training["name"], training["steps_done"]) for training in done] == [("cascade-psnr", 30)]
    assert earlier({"start": ""}) == earlier({}) == []


def test_a_card_names_the_pictures_of_the_trainings_before_it(exported):
    own = {"name": "own", "terms": "any"}
    recipe = {"data": {"terms": [own, own]}, "start": str(exported[1])}
    sets = learned_from([recipe, *earlier(recipe)])
    assert sets == (TrainingSet("own", "any"), *exported[0].data)


def test_only_what_met_a_critic_may_invent():
    assert promise({"adversarial": 0.004, "content": {"perceptual": 0.5}})[0] == "generative"
    assert promise({"adversarial": 0.0, "content": {"perceptual": 0.2}})[0] == "faithful"
    assert promise({}) == ("faithful", "trained for PSNR")


def test_inputs_of_one_size_are_compared_on_pictures_of_their_own(exported, tmp_path):
    seen = []

    class Difference(torch.nn.Module):
        def forward(self, a, b):
            seen.append((a.detach().clone(), b.detach().clone()))
            return (a - b).abs().mean((1, 2, 3), keepdim=True)

    card = dataclasses.replace(exported[0], inputs={"a": 3, "b": 3}, outputs={"distance": 1}, eight_bits={})
    export(Difference(), card, tmp_path / "distance.onnx")
    assert all(not torch.equal(a, b) for a, b in seen)


def test_a_difference_is_over_the_largest_value_only_where_that_is_asked_for(exported, tmp_path):
    class Counts(torch.nn.Module):
        def forward(self, x):
            return 100 * x

    card = dataclasses.replace(exported[0], inputs={"x": 3}, outputs={"y": 1}, eight_bits={})
    export(Counts(), card, tmp_path / "counts.onnx")
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)) + 1

    class Off(torch.nn.Module):
        def forward(self, x):
            return 100 * x + 1e-3

    with pytest.raises(ModelError, match="differ by"):
        parity(Off(), card, tmp_path / "counts.onnx", (x,))
    assert parity(Off(), card, tmp_path / "counts.onnx", (x,), relative=True) < 1e-4
