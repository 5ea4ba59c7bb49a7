"""``--realism`` from the outside: what the dial makes, what the record keeps, how it is checked and repeated."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import relume
from relume.cli import build
from relume.runtime import realism, wire, zoo
from relume.signal import ModelError, UsageError

pytestmark = pytest.mark.usefixtures("pair")
FAITHFUL = (Path(__file__).parent.parent / "data" / "tiny-cascade.onnx").read_bytes()


@pytest.fixture
def pair(tmp_path: Path, monkeypatch) -> Path:
    """A shipped faithful model, and a generative one of the same network with other weights."""
    rich = bytearray(FAITHFUL)
    rng = np.random.default_rng(0)
    for name, raw in realism._weights(memoryview(rich)):
        weights = np.frombuffer(raw, "<f2" if name.endswith("_half") else "<f4")
        weights += rng.normal(0, 0.05, weights.shape).astype(weights.dtype)
    card = dataclasses.replace(zoo.read_card(FAITHFUL, ""), name="cascade-gan", fidelity="generative")
    entry = wire.entry(1, realism.KEY.encode()) + wire.entry(2, card.to_json().encode())
    files = {"cascade-psnr": FAITHFUL, "cascade-gan": bytes(rich) + wire.entry(realism._METADATA, entry)}
    folder = tmp_path / "weights"
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.onnx").write_bytes(data)
        monkeypatch.setitem(zoo.SHIPPED, name, (f"{name}.onnx", hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(zoo, "WEIGHTS", folder)
    return folder


def call(*arguments: object) -> tuple[int, dict]:
    texts = [*map(str, arguments), "--json"]
    result = CliRunner().invoke(build(texts), texts)
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def source(tmp_path: Path, make) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(make.encoded(make.smooth(12, 10), ".png"))
    return path


def test_the_dial_leads_from_one_model_to_the_other(make) -> None:
    x = make.smooth(12, 10).astype(np.float32) / 255
    at = {t: relume.restore(x, scale=2, precision="f32", realism=t) for t in (0.0, 0.3, 1.0)}
    ends = [relume.restore(x, scale=2, precision="f32", model=name) for name in ("cascade-psnr", "cascade-gan")]
    np.testing.assert_array_equal(at[0.0], ends[0])
    np.testing.assert_array_equal(at[1.0], ends[1])
    assert np.abs(ends[1] - ends[0]).max() > 0.01
    assert min(np.abs(at[0.3] - end).max() for end in ends) > 0.003


def test_record_verify_and_redo_know_the_dial(source: Path, pair: Path) -> None:
    status, told = call("restore", source, "--scale", 2, "--realism", 0.25)
    assert (status, told["files"][0]["model"]) == (0, "cascade-gan@0.25")
    made = Path(told["files"][0]["record"])
    record = json.loads(made.read_text())
    assert record["realism"] == {"realism": 0.25} | {
        end: {"name": name, "sha256": zoo.SHIPPED[name][1]}
        for end, name in (("faithful", "cascade-psnr"), ("rich", "cascade-gan"))
    }
    assert (record["parameters"]["realism"], record["digital_source_type"].rpartition("/")[2]) == (
        0.25,
        "compositeWithTrainedAlgorithmicMedia",
    )
    status, checked = call("verify", made)
    assert (status, [c["state"] for c in checked["files"][0]["checks"]]) == (0, ["ok"] * 4)
    status, again = call("redo", made)
    assert (status, again["identical"]) == (0, True)

    shutil.copy(pair / "cascade-psnr.onnx", pair / "cascade-gan.onnx")
    zoo.SHIPPED["cascade-gan"] = ("cascade-gan.onnx", zoo.SHIPPED["cascade-psnr"][1])
    assert call("verify", made)[0] == 7
    assert call("redo", made)[1]["error"]["code"] == "model"


def test_without_the_dial_the_record_says_so(source: Path) -> None:
    record = json.loads(Path(call("restore", source, "--scale", 2)[1]["files"][0]["record"]).read_text())
    assert (record["realism"], record["parameters"]["realism"], record["model"]) == (None, 0.0, "cascade-psnr")


@pytest.mark.parametrize("setting", ["1.5", "-0.1", "nan"])
def test_a_setting_out_of_bounds_is_wrong_usage(source: Path, setting: str) -> None:
    status, told = call("restore", source, "--scale", 2, f"--realism={setting}")
    assert (status, told["error"]["code"]) == (2, "usage")
    assert [path.name for path in source.parent.glob("a*")] == ["a.png"]


def test_a_model_without_a_partner_is_a_clear_error(source: Path, monkeypatch) -> None:
    monkeypatch.delitem(zoo.SHIPPED, "cascade-gan")
    status, told = call("restore", source, "--scale", 2, "--realism", 0.5)
    error = told["files"][0]["error"]
    assert (status, error["code"]) == (6, "no-generative-model")
    assert "no generative model of this shape ships beside cascade-psnr" in error["message"]
    with pytest.raises(ModelError, match="beside bicubic"):
        relume.restore(np.zeros((8, 8, 3), np.uint8), scale=2, model="bicubic", realism=0.5)


def test_other_tasks_have_no_dial() -> None:
    with pytest.raises(UsageError, match="realism is a dial of the tasks"):
        relume.Options(task="repair", realism=0.5)
