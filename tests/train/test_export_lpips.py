import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from relume.bench import lpips
from relume.nets.lpips import Alexnet, load_lpips
from relume.signal import ModelError
from relume.train.export_lpips import export_lpips


def test_export_stores_halves_and_computes_in_float(tmp_path):
    torch.manual_seed(0)
    weights = {name: value.half() for name, value in Alexnet().state_dict().items()}
    heads = {f"lin{k}.weight": torch.rand(1, c, 1, 1).half() for k, c in enumerate(Alexnet.CHANNELS)}
    save_file(weights | heads, tmp_path / "alex.safetensors")
    card = export_lpips("alex", tmp_path / "alex.safetensors", tmp_path / "lpips.onnx")
    assert card.parity is not None and card.parity < 1e-4
    big = [t for t in onnx.load(tmp_path / "lpips.onnx").graph.initializer if np.prod(t.dims) > 256]
    assert big and all(t.data_type == onnx.TensorProto.FLOAT16 for t in big)

    a, b = np.random.default_rng(0).random((2, 40, 48, 3))
    x, y = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (a, b))
    expected = float(load_lpips("alex", tmp_path / "alex.safetensors")(x, y))
    assert lpips.load(str(tmp_path / "lpips.onnx"))(a, b) == pytest.approx(expected, abs=1e-5)


def test_weights_of_the_other_backbone_are_refused(tmp_path):
    save_file({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "vgg.safetensors")
    with pytest.raises(ModelError, match="weights of another network"):
        export_lpips("alex", tmp_path / "vgg.safetensors", tmp_path / "x.onnx")
