import dataclasses
import json

import pytest
import torch

from relume.recipes.cascade import RECIPE
from relume.signal import ModelError, UsageError
from relume.train.loop import learning_rate, load_checkpoint
from relume.train.recipe import override
from relume.train.run import run_tiny

TINY = dataclasses.replace(
    RECIPE.tiny(), steps=8, validate_every=4, data=dataclasses.replace(RECIPE.data, folders=("a",), held_out=1)
)


def quiet(line):
    json.loads(line.split(" eta ")[0])


def weights(folder):
    return load_checkpoint(folder / "checkpoint.pt")


def run(folder, *, resume=False, stop_after=None, recipe=TINY, monkeypatch=None):
    if stop_after is not None:
        import relume.train.run as module

        original = module.run_recipe
        monkeypatch.setattr(module, "run_recipe", lambda *a, **k: original(*a, stop_after=stop_after, **k))
    run_tiny(recipe, folder, resume=resume, report=quiet)
    if monkeypatch is not None:
        monkeypatch.undo()


def test_resumed_equals_unbroken(tmp_path, monkeypatch):
    run(tmp_path / "whole")
    run(tmp_path / "parts", stop_after=3, monkeypatch=monkeypatch)
    assert weights(tmp_path / "parts")["step"] == 3
    run(tmp_path / "parts", resume=True)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole["step"] == parts["step"] == 8
    for name, value in whole["average"].items():
        assert torch.equal(value, parts["average"][name]), name
    for name, value in whole["modules"]["net"].items():
        assert torch.equal(value, parts["modules"]["net"][name]), name


def test_training_lowers_the_loss_and_logs_it(tmp_path):
    recipe = dataclasses.replace(TINY, steps=200, validate_every=100)
    run(tmp_path, recipe=recipe)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [100, 200]
    assert lines[1]["loss"] < lines[0]["loss"]
    assert lines[1]["psnr_y_x4"] > lines[0]["psnr_y_x4"] - 0.5


def test_a_second_training_never_overwrites_the_first(tmp_path):
    run(tmp_path)
    with pytest.raises(UsageError, match="--resume"):
        run(tmp_path)


def test_another_recipe_cannot_resume(tmp_path, monkeypatch):
    run(tmp_path, stop_after=2, monkeypatch=monkeypatch)
    with pytest.raises(ModelError, match="seed"):
        run(tmp_path, resume=True, recipe=dataclasses.replace(TINY, seed=7))


def test_truncated_checkpoint_is_named(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ModelError, match="checkpoint"):
        load_checkpoint(path)


def test_diverged_training_stops_and_keeps_the_last_good_checkpoint(tmp_path):
    from relume.train.loop import Diverged

    bad = override(TINY, ["optim.lr=1e30", "optim.warmup=1", "checkpoint_minutes=0", "steps=40"])
    with pytest.raises(Diverged, match="last good weights"):
        run(tmp_path, recipe=bad)
    assert all(torch.isfinite(v).all() for v in weights(tmp_path)["average"].values())


def test_learning_rate_warms_up_and_falls_to_its_floor():
    optim = TINY.optim
    rates = [learning_rate(step, 100, optim) for step in range(100)]
    assert rates[0] == pytest.approx(optim.lr / optim.warmup)
    assert max(rates) == pytest.approx(optim.lr)
    assert rates[-1] == pytest.approx(optim.lr * optim.final, rel=0.2)


@pytest.mark.parametrize(
    "text", ["stps=3", "steps=many", "steps.x=1", "net.colour=1", "net.units=1,1", "loss=l3", "steps"]
)
def test_overrides_must_fit(text):
    with pytest.raises(UsageError):
        override(RECIPE, [text])


def test_overrides_reach_nested_fields_and_keep_types():
    changed = override(RECIPE, ["steps=5", "optim.lr=3e-4", "net.units=1,1,1", "precision=f32"])
    assert (changed.steps, changed.optim.lr, changed.net.units, changed.precision) == (5, 3e-4, (1, 1, 1), "f32")
    assert changed.tiny().net.build() is not None


def test_unknown_field_names_the_known_ones():
    with pytest.raises(UsageError, match="recipe has no field 'stps'; it has name, net"):
        override(RECIPE, ["stps=3"])
