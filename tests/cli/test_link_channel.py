"""``relume link channel``: the contract of ``sample``, judging, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from relume.comm.laboratory import CHANNELS, measure, save_samples
from relume.comm.modem import Modem
from relume.runtime.channel_models import file_name, shipped, true_channel
from relume.runtime.zoo import WEIGHTS
from relume.signal import InputRejected, ModelError, OutputRefused, UsageError

SHIPPED = [
    (kind, name) for kind in ("gan", "cgan", "dcgan") for name in CHANNELS if (WEIGHTS / file_name(kind, name)).exists()
]


@pytest.fixture
def symbols(tmp_path):
    path = tmp_path / "symbols.npy"
    np.save(path, Modem(4).modulate(np.random.default_rng(0).integers(0, 2, 4 * 3000, dtype=np.uint8)))
    return path


@pytest.mark.parametrize("model", ["gan", "cgan", "dcgan", "true"])
def test_sample_keeps_its_contract(relume, symbols, tmp_path, model):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ("--model", model, "--channel", "rayleigh", "--in", symbols, "--seed", seed)
        result = relume("link", "channel", "sample", *arguments, "--out", tmp_path / f"{name}.npy")
        assert result.exit_code == 0, result.output
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    assert a.shape == (3000, 2) and a.dtype == np.float32 and np.isfinite(a).all()
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert np.square(a).sum(1).mean() == pytest.approx(1.01, abs=0.12)


def test_gains_go_out_and_come_in(relume, symbols, tmp_path):
    base = ("link", "channel", "sample", "--in", symbols, "--channel", "rayleigh")
    y, h, z = (tmp_path / f"{name}.npy" for name in "yhz")
    assert relume(*base, "--out", y, "--gain-out", h).exit_code == 0
    assert relume(*base, "--out", z, "--gain", h, "--model", "true").exit_code == 0
    x = np.load(symbols) @ [1, 1j]
    for path in (y, z):
        gap = np.load(path) @ [1, 1j] - x * (np.load(h) @ [1, 1j])
        assert np.mean(np.abs(gap) ** 2) == pytest.approx(0.01, rel=0.25)


def test_sample_loads_no_torch(symbols, tmp_path):
    code = (
        "import sys; from relume.cli import main\n"
        f"try: main(['link','channel','sample','--in',{str(symbols)!r},'--out',{str(tmp_path / 'y.npy')!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)


def refused(relume, kind, told, *arguments):
    result = relume("link", "channel", *arguments)
    assert isinstance(result.exception, kind), result.output
    assert told in str(result.exception) and "\n" not in str(result.exception)


def test_bad_symbols_are_named(relume, tmp_path):
    out = tmp_path / "y.npy"
    bad = {
        "nan": (np.full((5, 2), np.nan), "finite"),
        "shape": (np.ones((5, 3)), "real I/Q"),
        "deep": (np.ones((2, 5, 2)), "must be (n, 2)"),
        "empty": (np.ones((0, 2)), "empty"),
        "text": (np.array(["a"]), "real I/Q"),
    }
    for name, (values, told) in bad.items():
        np.save(tmp_path / f"{name}.npy", values)
        refused(relume, InputRejected, told, "sample", "--in", tmp_path / f"{name}.npy", "--out", out)
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY broken")
    refused(relume, InputRejected, "not a readable", "sample", "--in", tmp_path / "broken.npy", "--out", out)
    refused(relume, InputRejected, "no such file", "sample", "--in", tmp_path / "none.npy", "--out", out)
    assert not out.exists()


def test_what_cannot_be_asked_for(relume, symbols, tmp_path):
    out = tmp_path / "y.npy"
    refused(relume, UsageError, "no channel", "sample", "--in", symbols, "--out", out, "--channel", "sea")
    refused(relume, UsageError, "no model", "sample", "--in", symbols, "--out", out, "--model", "vae")
    refused(relume, ModelError, "cannot be read", "sample", "--in", symbols, "--out", out, "--model", "none.onnx")
    refused(
        relume,
        UsageError,
        "knows no gain",
        "sample",
        "--in",
        symbols,
        "--out",
        out,
        "--model",
        "gan",
        "--gain",
        symbols,
    )
    refused(
        relume,
        UsageError,
        "no gain to write",
        "sample",
        "--in",
        symbols,
        "--out",
        out,
        "--channel",
        "awgn",
        "--model",
        "true",
        "--gain-out",
        tmp_path / "h.npy",
    )
    refused(relume, OutputRefused, "does not exist", "sample", "--in", symbols, "--out", tmp_path / "no" / "y.npy")
    refused(relume, UsageError, "either --channel", "train", "-o", tmp_path / "m.onnx")
    short = tmp_path / "short.npy"
    np.save(short, np.ones((7, 2)))
    refused(relume, InputRejected, "7 gains for 3000", "sample", "--in", symbols, "--out", out, "--gain", short)


def test_training_from_a_file_of_ones_own(relume, symbols, tmp_path):
    pytest.importorskip("torch")
    samples = tmp_path / "samples.npz"
    assert relume("link", "channel", "measure", "--channel", "awgn", "-o", samples, "--symbols", 8192).exit_code == 0
    model = tmp_path / "model.onnx"
    result = relume("link", "channel", "train", "--from", samples, "--model", "cgan", "-o", model, "--tiny")
    assert result.exit_code == 0, result.output
    out = tmp_path / "y.npy"
    assert relume("link", "channel", "sample", "--model", model, "--in", symbols, "--out", out).exit_code == 0
    assert np.load(out).shape == (3000, 2)
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    refused(relume, InputRejected, "bad.npz", "train", "--from", tmp_path / "bad.npz", "-o", tmp_path / "n.onnx")
    refused(relume, OutputRefused, "exists", "train", "--from", samples, "-o", model)


def test_a_lost_game_is_named_and_its_last_good_weights_can_be_used(relume, symbols, tmp_path):
    pytest.importorskip("torch")
    from relume.train.health import Collapsed
    from relume.train.loop import Diverged

    samples, model = tmp_path / "samples.npz", tmp_path / "model.onnx"
    relume("link", "channel", "measure", "--channel", "rayleigh", "-o", samples, "--symbols", 8192)
    wild = ("--set", "optim.lr=1e3", "--set", "optim.warmup=1", "--set", "steps=600")
    result = relume("link", "channel", "train", "--from", samples, "--model", "cgan", "--tiny", "-o", model, *wild)
    assert isinstance(result.exception, Diverged | Collapsed) and result.exception.exit_status == 1, result.output
    assert "stopped, last good weights" in str(result.exception) and not model.exists()
    (good,) = tmp_path.glob("model-run-*/good.pt")
    assert str(good) in str(result.exception)
    assert relume("export", good, "-o", model).exit_code == 0
    assert (
        relume("link", "channel", "sample", "--model", model, "--in", symbols, "--out", tmp_path / "y").exit_code == 0
    )


def test_a_bad_file_leaves_no_folder_behind(relume, tmp_path):
    pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((512, 16, 2))
    np.savez(tmp_path / "short.npz", symbols=x, received=x + 1)
    refused(relume, InputRejected, "too short", "train", "--from", tmp_path / "short.npz", "-o", tmp_path / "m.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["short.npz"]
    refused(relume, OutputRefused, "cannot be written", "train", "--channel", "awgn", "-o", tmp_path / "no" / "m.onnx")


def test_received_values_may_be_counts_of_a_converter(relume, tmp_path):
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.integers(-1, 2, (8192, 2))
    np.savez(tmp_path / "a.npz", symbols=x, received=np.rint(1e6 * (x + rng.normal(0, 0.1, x.shape))).astype(np.int32))
    result = relume("link", "channel", "train", "--from", tmp_path / "a.npz", "--tiny", "-o", tmp_path / "m.onnx")
    assert result.exit_code == 0, result.output


def test_evaluate_gives_every_distance_with_its_reference(answer):
    status, found = answer(
        "link",
        "channel",
        "evaluate",
        "--model",
        "dcgan",
        "--channel",
        "rayleigh",
        "--symbols",
        4000,
        "--moments",
        20000,
    )
    assert status == 0
    row = found["rows"][0]
    for name in ("ks_amplitude", "ks_phase", "sliced_w2"):
        assert row[f"{name}_ratio"] == pytest.approx(row[name] / row[f"{name}_real"])
    assert row["ks_amplitude"] < 0.06 and row["autocorrelation_error"] < 0.1
    assert {"command", "date", "commit", "seed", "protocol"} <= found.keys() and row["weights_sha256"]


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_shipped_models_stand_near_their_channels(kind, name):
    rng = np.random.default_rng(3)
    sent = Modem(4).modulate(rng.integers(0, 2, 4 * 20000, dtype=np.uint8))
    real, made = true_channel(name, sent, rng), shipped(kind, name).sample(sent, rng)
    power = np.square(real.y).sum(1).mean()
    assert np.square(made.y).sum(1).mean() == pytest.approx(power, rel=0.12)
    assert (made.gain is None) == (kind == "gan" or real.gain is None)


def test_dcgan_rayleigh_is_shipped():
    assert {("gan", "rayleigh"), ("cgan", "rayleigh"), ("dcgan", "rayleigh")} <= set(SHIPPED)


def test_the_file_format_is_what_the_docs_say(tmp_path):
    save_samples(tmp_path / "a.npz", measure(CHANNELS["jakes"], 4096, np.random.default_rng(0)))
    with np.load(tmp_path / "a.npz") as archive:
        assert sorted(archive.files) == ["block", "gain", "received", "symbols"]
        assert json.dumps(archive["symbols"].shape) == "[1, 4096, 2]"
