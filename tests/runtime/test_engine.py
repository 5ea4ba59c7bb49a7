import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relume.runtime import cache, engine, graph, zoo
from relume.signal import ModelError, UsageError

TINY = Path(__file__).parent.parent / "data" / "tiny-cascade.onnx"
DIGEST = hashlib.sha256(TINY.read_bytes()).hexdigest()
PICTURE = np.random.default_rng(3).random((37, 50, 3), dtype=np.float32)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELUME_CACHE", str(tmp_path / "cache"))
    engine._openvino.cache_clear()
    engine._measured.cache_clear()
    return tmp_path / "cache"


def load(output: str, name: str = "openvino", precision: engine.Choice = "f32") -> engine.Network:
    return engine.load(TINY, DIGEST, output, name, precision, None)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_both_engines_give_the_same_picture(scale: int) -> None:
    pytest.importorskip("onnxruntime")
    ours, theirs = load(f"x{scale}")(PICTURE), load(f"x{scale}", "onnxruntime")(PICTURE)
    assert ours.shape == (37 * scale, 50 * scale, 3)
    assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_skip_is_a_matrix_product_and_the_shuffle_is_none(scale: int) -> None:
    pytest.importorskip("onnxruntime")
    found = zoo.find("cascade-psnr")
    assert found.path is not None and found.sha256 is not None
    body, tail = graph.split(engine._ov(), engine._core().read_model(str(found.path)), f"x{scale}")
    kinds = {node.get_type_name() for node in tail.get_ops()}
    assert "MatMul" in kinds and not kinds & {"DepthToSpace", "Interpolate", "Convolution"}
    assert [result.get_node().input_value(0).get_node().get_type_name() for result in body.outputs] == ["Add"]
    ours, theirs = (
        engine.load(found.path, found.sha256, f"x{scale}", name, "f32", None)(PICTURE)
        for name in ("openvino", "onnxruntime")
    )
    assert np.abs(ours - theirs).max() < 1e-5


def test_one_network_takes_pictures_of_any_size() -> None:
    network = load("x4")
    for height, width in ((1, 1), (64, 3), (9, 100)):
        assert network(PICTURE[:1, :1].repeat(height, 0).repeat(width, 1)).shape == (4 * height, 4 * width, 3)


def test_bf16_rounds_the_residual_and_never_the_picture() -> None:
    """Between two inputs that bfloat16 cannot tell apart, outputs must still differ as the skip says."""
    network = load("x4", precision="bf16")
    base = np.full((24, 24, 3), 0.75, np.float32)
    step = np.float32(0.75 * 2**-10)
    assert network(base + step).mean() - network(base).mean() == pytest.approx(step, rel=0.2)


def test_int8_is_near_float_where_the_card_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"net.stages.{stage}.cell.0.{part}.weight" for stage in range(3) for part in ("first", "second")]
    reaches = dict.fromkeys(names, [2.0] * 6)
    exact = load("x4")(PICTURE)
    monkeypatch.setattr(engine, "fastest_precision", lambda eight_bits=False: "f32")
    rounded = engine.load(TINY, DIGEST, "x4", "openvino", "int8", None, reaches)
    assert rounded.precision == "int8"
    assert 0 < np.abs(rounded(PICTURE) - exact).mean() < 0.01


def test_int8_needs_a_network_that_was_measured_for_it() -> None:
    with pytest.raises(UsageError, match="not measured for int8"):
        load("x4", precision="int8")


@pytest.mark.parametrize(
    ("rates", "plain", "eight_bits"),
    [
        ({"f32": 10, "bf16": 25, "int8": 45}, "bf16", "int8"),
        ({"f32": 10, "bf16": 25, "int8": 26}, "bf16", "bf16"),
        ({"f32": 10, "int8": 30}, "f32", "int8"),
        ({"f32": 10, "bf16": 11}, "f32", "f32"),
    ],
)
def test_a_coarser_precision_must_be_worth_it(
    rates: dict[str, float], plain: str, eight_bits: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_measured", lambda: rates)
    assert engine.fastest_precision() == plain
    assert engine.fastest_precision(eight_bits=True) == eight_bits


def test_a_network_is_compiled_once_and_reused(own_cache: Path) -> None:
    assert load("x2") is load("x2")
    first = load("x2")(PICTURE)
    (stored,) = (f for f in own_cache.iterdir() if f.name.startswith("graph-"))
    engine._openvino.cache_clear()
    again = load("x2")
    assert np.array_equal(again(PICTURE), first) and again.footprint > 0
    stored.write_bytes(stored.read_bytes()[:-100])
    engine._openvino.cache_clear()
    assert np.array_equal(load("x2")(PICTURE), first)


def test_a_sound_entry_that_is_no_graph_is_passed_over(own_cache: Path) -> None:
    first = load("x2")(PICTURE)
    (stored,) = (f for f in own_cache.iterdir() if f.name.startswith("graph-"))
    cache.put(stored.name, b"[10, 3, 3]\nabcdef")
    engine._openvino.cache_clear()
    assert np.array_equal(load("x2")(PICTURE), first)


def test_a_cache_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RELUME_CACHE", str(tmp_path / "file"))
    assert load("x2")(PICTURE).shape == (74, 100, 3)


def test_the_cache_keeps_a_bounded_number_of_entries(own_cache: Path) -> None:
    for number in range(cache.KEPT + 5):
        cache.put(f"entry-{number}", b"x")
    assert len(list(own_cache.iterdir())) == cache.KEPT
    assert cache.get("entry-0") is None or cache.get(f"entry-{cache.KEPT + 4}") == b"x"


def test_what_was_asked_for_last_is_kept_and_a_cache_that_is_read_only_serves(own_cache: Path, monkeypatch) -> None:
    cache.put("old", b"x")
    os.utime(own_cache / "old", (0, 0))
    assert cache.get("old") == b"x" and (own_cache / "old").stat().st_mtime > 0

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(cache.os, "utime", refused)
    assert cache.get("old") == b"x"


def test_a_file_that_is_no_network_is_a_model_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"not a network")
    with pytest.raises(ModelError, match="cannot load"):
        engine.load(bad, "0", "x4", "openvino", "f32", None)
    pytest.importorskip("onnxruntime")
    with pytest.raises(ModelError, match="cannot load"):
        engine.load(bad, "1", "x4", "onnxruntime", "f32", None)


def test_an_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    engine._onnxruntime.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match="onnxruntime is not installed"):
        load("x2", "onnxruntime")


def test_the_probe_reports_what_it_chose_and_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    found = engine.probe()
    assert found["onnxruntime"] is None
    assert found["precision"] in found["convolution_gflops"]
    assert found["precision_eight_bits"] in found["convolution_gflops"]
    assert all(rate > 0 for rate in found["convolution_gflops"].values())
    assert engine.gigaflops("f32") > 0


OFFLINE = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
import numpy as np
import relume
out = relume.restore(np.zeros((8, 8, 3), np.uint8), scale=2, model=sys.argv[1])
assert out.shape == (16, 16, 3)
heavy = [name for name in sys.modules if "telemetry" in name or name.split(".")[0] in ("torch", "onnx", "scipy")]
assert not heavy, heavy
"""


def test_nothing_calls_home_and_nothing_heavy_is_loaded() -> None:
    assert socket.socket.connect
    subprocess.run([sys.executable, "-c", OFFLINE, str(TINY)], check=True, timeout=120)


def test_importing_relume_loads_no_library() -> None:
    code = "import sys, relume; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'openvino', 'pyvips')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
