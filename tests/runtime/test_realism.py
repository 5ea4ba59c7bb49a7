"""The dial between two sets of weights, on exports made here."""

import dataclasses

import numpy as np
import pytest

from relume.runtime import engine, zoo
from relume.runtime.realism import blended
from relume.signal import ModelError, UsageError

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    from relume.card import ModelCard
    from relume.nets.cascade import CascadeShape
    from relume.train.export import Named, export

    folder, shape = tmp_path_factory.mktemp("dial"), CascadeShape(scales=(2, 4), channels=8, units=(1, 1))
    paths, nets = [], []
    for seed in (0, 1):
        torch.manual_seed(seed)
        net = shape.build()
        card = ModelCard(
            name=("faithful", "rich")[seed],
            task="upscale",
            outputs={"x2": 2, "x4": 4},
            radius=shape.radius,
            parameters=1,
            macs_per_pixel=shape.macs(),
            licence="",
            data=(),
            recipe={"net": dataclasses.asdict(shape)},
            commit="",
            fidelity=("faithful", "generative")[seed],
        )
        paths.append(folder / f"{card.name}.onnx")
        export(Named(net, shape.scales), card, paths[-1])
        nets.append(net)
    return [zoo.find(str(path)) for path in paths], nets, shape


def test_ends_are_the_two_models(pair):
    (faithful, rich), _, _ = pair
    assert blended(faithful, rich, 0.0) is faithful
    assert blended(faithful, rich, 1.0) is rich


def test_between_the_weights_are_interpolated(pair):
    (faithful, rich), nets, shape = pair
    mixed = blended(faithful, rich, 0.25)
    between = shape.build()
    states = [net.state_dict() for net in nets]
    between.load_state_dict({k: 0.75 * states[0][k] + 0.25 * states[1][k] for k in states[0]})
    x = np.random.default_rng(0).random((12, 10, 3), np.float32)
    found = engine.load(mixed.path, mixed.sha256, "x4", "auto", "f32", None)(x)
    with torch.no_grad():
        expected = between.eval()(torch.from_numpy(x).permute(2, 0, 1)[None])[4][0].permute(1, 2, 0)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_the_mixed_file_says_what_it_is(pair):
    (faithful, rich), _, _ = pair
    mixed = blended(faithful, rich, 0.5)
    again = zoo.find(str(mixed.path))
    assert again.card == mixed.card
    assert again.sha256 == mixed.sha256
    assert mixed.card.name == "rich@0.5"
    assert mixed.card.fidelity == "generative"
    assert mixed.card.recipe["faithful_sha256"] == faithful.sha256


@pytest.mark.parametrize("setting", [-0.1, 1.1, float("nan")])
def test_settings_out_of_bounds_are_refused(pair, setting):
    (faithful, rich), _, _ = pair
    with pytest.raises(UsageError, match="realism must be between 0"):
        blended(faithful, rich, setting)


def test_models_that_differ_cannot_be_mixed(pair):
    (faithful, rich), _, _ = pair
    with pytest.raises(UsageError, match="bicubic has no weights"):
        blended(zoo.find("bicubic"), rich, 0.5)
    other = dataclasses.replace(rich, card=dataclasses.replace(rich.card, recipe={"net": {}}))
    with pytest.raises(ModelError, match="not of one shape"):
        blended(faithful, other, 0.5)


@pytest.mark.parametrize("setting", [0.75, 1.5])
def test_beyond_or_before_the_end_a_training_starts_on_the_same_line(pair, tmp_path, setting):
    from relume.signal import OutputRefused
    from relume.train.beyond import beyond
    from relume.train.start import earlier, starting_weights

    (faithful, rich), nets, _ = pair
    out = tmp_path / "start.onnx"
    beyond(faithful.path, rich.path, setting, out)
    states, found = [net.state_dict() for net in nets], starting_weights(out)
    assert len(found) > 4
    for name in found:
        torch.testing.assert_close(found[name], setting * states[1][name] + (1 - setting) * states[0][name])
    assert earlier({"start": str(out)})[0]["realism"] == setting
    with pytest.raises(OutputRefused, match="exists already"):
        beyond(faithful.path, rich.path, setting, out)
    with pytest.raises(UsageError, match="not the end of the dial"):
        beyond(faithful.path, rich.path, 1.0, tmp_path / "other.onnx")
