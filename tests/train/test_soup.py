import dataclasses

import pytest
import torch

from relume.card import ModelCard, TrainingSet
from relume.nets.cascade import CascadeShape
from relume.runtime import zoo
from relume.signal import ModelError, UsageError
from relume.train.export import Named, export
from relume.train.soup import soup
from relume.train.start import earlier, starting_weights

SHAPE = CascadeShape(scales=(2,), channels=8, units=(1,))


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    folder, nets, models = tmp_path_factory.mktemp("soup"), [], []
    for seed in range(3):
        torch.manual_seed(seed)
        nets.append(SHAPE.build())
        own = {"name": "mine", "seed": seed, "net": dataclasses.asdict(SHAPE)}
        own["data"] = {"terms": [{"name": f"set {seed}", "terms": "free"}]}
        before = [{"name": "first", "data": {"terms": [{"name": "old set", "terms": "research"}]}}]
        card = ModelCard(
            name="mine",
            task="upscale",
            outputs={"x2": 2},
            radius=SHAPE.radius,
            parameters=1,
            macs_per_pixel=SHAPE.macs(),
            licence="",
            data=(),
            recipe=own | {"before": before},
            commit="",
        )
        export(Named(nets[-1], SHAPE.scales), card, folder / f"{seed}.onnx")
        models.append(zoo.find(str(folder / f"{seed}.onnx")))
    return nets, models


def test_every_model_counts_once(three, tmp_path):
    nets, models = three
    path = tmp_path / "mean.onnx"
    path.write_bytes(soup(models)[1])
    states, found = [net.state_dict() for net in nets], starting_weights(path)
    assert len(found) > 4 and set(found) <= set(states[0])
    for name, mean in found.items():
        torch.testing.assert_close(mean, sum(state[name] for state in states) / 3)


def test_the_card_says_what_all_have_seen(three, tmp_path):
    _, models = three
    card, data = soup(models)
    assert card.data == tuple(
        TrainingSet(name, terms)
        for name, terms in (("set 0", "free"), ("old set", "research"), ("set 1", "free"), ("set 2", "free"))
    )
    path = tmp_path / "mean.onnx"
    path.write_bytes(data)
    assert zoo.find(str(path)).card == card
    assert [training.get("seed") for training in earlier({"start": str(path)})] == [0, None, 1, 2]


def test_what_has_no_mean_is_refused(three):
    _, models = three
    with pytest.raises(UsageError, match="two models"):
        soup(models[:1])
    with pytest.raises(ModelError, match="no weights"):
        soup([models[0], zoo.find("bicubic")])
    other = dataclasses.replace(models[1], card=dataclasses.replace(models[1].card, recipe={"net": {}}))
    with pytest.raises(ModelError, match="not of one network"):
        soup([models[0], other])
