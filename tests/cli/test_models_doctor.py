"""``models`` and ``doctor``: what is shipped, whether it is intact, and what this machine makes of it."""

import pytest

from relume.runtime import zoo


def test_models_are_listed_with_their_terms(answer, relume) -> None:
    status, told = answer("models", "list")
    assert status == 0
    assert [model["name"] for model in told["models"]] == list(zoo.names())
    keys = {"name", "task", "scales", "parameters", "licence", "fidelity", "data", "sha256", "description"}
    assert all(set(model) == keys for model in told["models"])
    assert "bicubic" in relume("models", "list").stdout


def test_a_card_is_shown_whole(answer, relume) -> None:
    status, told = answer("models", "show", "bicubic")
    assert (status, told["name"], told["scales"]) == (0, "bicubic", [2, 3, 4])
    text = relume("models", "show", "bicubic").stdout
    assert all(f"{key}:" in text for key in told)


def test_an_unknown_model_is_status_6(answer) -> None:
    status, told = answer("models", "show", "nonsense")
    assert (status, told["error"]["code"]) == (6, "model")


def test_shipped_weights_are_intact(answer, relume) -> None:
    status, told = answer("models", "verify")
    assert (status, {model["status"] for model in told["models"]}) == (0, {"ok"})
    assert relume("models", "verify", "bicubic").stdout == "ok: bicubic (computed, no weights)\n"


def test_damaged_weights_are_found(answer, relume, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fake.onnx").write_bytes(b"not what was shipped")
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    monkeypatch.setattr(zoo, "SHIPPED", {"fake": ("fake.onnx", "0" * 64)})
    status, told = answer("models", "verify")
    assert (status, [model["status"] for model in told["models"]]) == (6, ["failed", "ok"])
    status, told = answer("models", "list")
    assert (status, [model["name"] for model in told["models"]]) == (6, ["bicubic"])
    assert "damaged" in relume("models", "verify").stderr
    status, told = answer("doctor")
    assert (status, told["ok"], len(told["problems"])) == (6, False, 1)


def test_the_doctor_tells_engine_memory_and_formats(answer, relume) -> None:
    status, told = answer("doctor")
    assert (status, told["ok"], told["problems"]) == (0, True, [])
    assert told["engine"]["precision"] in told["engine"]["why"]
    assert told["engine"]["convolution_gflops"]["f32"] > 0
    assert told["system"]["memory"] > 0
    assert {"png", "jpg", "tif"} <= set(told["formats"]["read"])
    assert "versions:" in relume("doctor").stdout
