"""LPIPS without torch: the shipped export through the engine, held against the torch network of the same weights."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.bench import lpips
from relume.degrade.resample import quantise, resize
from relume.runtime.functions import Function
from relume.runtime.zoo import WEIGHTS
from relume.signal import ModelError, UsageError

FILE = WEIGHTS / "lpips-alex.onnx"


@pytest.fixture(scope="module")
def distance():
    return lpips.load(lpips.ALEX)


def pictures(seed, size=(50, 61, 3)):
    rng = np.random.default_rng(seed)
    return rng.random(size), rng.random(size)


def test_shipped_export_is_small():
    assert FILE.stat().st_size <= 5_000_000


def test_engine_equals_torch(distance):
    onnx = pytest.importorskip("onnx")
    torch = pytest.importorskip("torch")
    from relume.nets.lpips import Alexnet, Lpips

    stored = {t.name.removesuffix("_half"): onnx.numpy_helper.to_array(t) for t in onnx.load(FILE).graph.initializer}
    weights = {k.removeprefix("features."): torch.from_numpy(v.astype(np.float32)) for k, v in stored.items()}
    net = Lpips(Alexnet(weights), [weights[f"heads.{k}"] for k in range(5)])
    for seed in range(3):
        a, b = pictures(seed)
        x, y = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (a, b))
        assert distance(a, b) == pytest.approx(float(net(x, y)), abs=1e-4)


@pytest.mark.parametrize(("name", "published"), [("road", 0.57237), ("ivy", 0.40808)])
def test_distance_equals_the_published_implementation(distance, name, published):
    """The value of the package lpips 0.1.4 (AlexNet, v0.1) for a sample's corner and its bicubic x4."""
    with Image.open(Path(__file__).parents[2] / "samples" / f"{name}.png") as image:
        truth = np.asarray(image.convert("RGB"))[:128, :160] / 255
    blurred = quantise(np.clip(resize(resize(truth, 1 / 4), 4.0), 0, 1))
    assert distance(truth, blurred) == pytest.approx(published, abs=1e-3)


def test_distance_orders_pictures_as_eyes_do(distance):
    rng = np.random.default_rng(0)
    edges = (np.add.outer(np.arange(64), np.arange(64)) // 8 % 2).astype(float)
    a = np.repeat(edges[..., None], 3, 2)
    slight = np.clip(a + rng.normal(0, 0.02, a.shape), 0, 1)
    strong = np.clip(a + rng.normal(0, 0.3, a.shape), 0, 1)
    assert distance(a, a) == pytest.approx(0, abs=1e-7)
    assert 0 < distance(a, slight) < distance(a, strong)


def test_pictures_too_small_and_files_that_are_not_lpips(distance, tmp_path):
    with pytest.raises(UsageError, match="LPIPS needs sides of at least 32"):
        distance(*pictures(0, (31, 80, 3)))
    with pytest.raises(ModelError, match=r"none\.onnx"):
        lpips.load(str(tmp_path / "none.onnx"))
    with pytest.raises(ModelError, match="bicubic: not an LPIPS export"):
        lpips.load("bicubic")
    with pytest.raises(ModelError, match="no such network"):
        Function(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not onnx")
    with pytest.raises(ModelError, match="not a network that OpenVINO can load"):
        Function(tmp_path / "bad.onnx")


def test_vgg_column_is_there_only_with_its_file():
    assert set(lpips.distances(None)) == {"lpips_alex"}
    with pytest.raises(ModelError):
        lpips.distances(FILE.with_name("lpips-vgg-not-shipped.onnx"))
