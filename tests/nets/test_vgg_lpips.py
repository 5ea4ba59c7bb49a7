"""VGG16 and LPIPS by random weights: the published ones are not needed to hold the formulas."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.signal import correlate

from relume.nets.lpips import VGG_DEPTHS, Alexnet, Lpips, load_lpips
from relume.nets.vgg import Vgg16, layer_names, read_weights
from relume.signal import ModelError, UsageError

HEADS = (64, 192, 384, 256, 256)


@pytest.fixture(scope="module")
def alex():
    torch.manual_seed(0)
    heads = [torch.rand(1, c, 1, 1, generator=torch.Generator().manual_seed(c)) for c in HEADS]
    return Lpips(Alexnet(), heads)


def numpy_lpips(net, a, b):
    """Equation 1 of the paper with SciPy's correlation, written from the paper and not from our module."""
    weights = {name: value.numpy().astype(np.float64) for name, value in net.features.state_dict().items()}

    def pool(x):
        h, w = (x.shape[1] - 3) // 2 + 1, (x.shape[2] - 3) // 2 + 1
        rows = np.stack([x[:, i : i + 2 * h : 2] for i in range(3)]).max(0)[:, :h]
        return np.stack([rows[:, :, i : i + 2 * w : 2] for i in range(3)]).max(0)[:, :, :w]

    def features(x):
        x = (2 * x - 1 - np.array([-0.030, -0.088, -0.188])) / np.array([0.458, 0.448, 0.450])
        x = np.moveaxis(x, 2, 0)
        for layer, pad, stride in ((0, 2, 4), (3, 2, 1), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
            if layer in (3, 6):
                x = pool(x)
            x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
            w, bias = weights[f"features.{layer}.weight"], weights[f"features.{layer}.bias"]
            x = np.stack([correlate(x, k, "valid", "direct")[0] + c for k, c in zip(w, bias, strict=True)])
            x = np.maximum(x[:, ::stride, ::stride], 0)
            yield x / (np.sqrt((x**2).sum(0)) + 1e-10)

    heads = [head.detach().numpy()[0].astype(np.float64) for head in net.heads]
    return sum(
        ((fa - fb) ** 2 * head).sum(0).mean() for head, fa, fb in zip(heads, features(a), features(b), strict=True)
    )


def test_lpips_equals_the_formula_in_numpy(alex):
    rng = np.random.default_rng(0)
    a, b = rng.random((35, 39, 3)), rng.random((35, 39, 3))
    x, y = (torch.from_numpy(p).float().permute(2, 0, 1)[None] for p in (a, b))
    assert float(alex(x, y)) == pytest.approx(numpy_lpips(alex, a, b), abs=1e-3, rel=1e-4)


def test_lpips_is_zero_for_equal_pictures_and_symmetric(alex):
    x, y = torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64)
    assert alex(x, x).abs().max() == 0
    torch.testing.assert_close(alex(x, y), alex(y, x))
    assert alex(x, y).shape == (2, 1, 1, 1)


def test_lpips_has_a_finite_gradient_on_flat_pictures(alex):
    x = torch.zeros(1, 3, 64, 64, requires_grad=True)
    alex(x, torch.full((1, 3, 64, 64), 0.5)).sum().backward()
    assert x.grad.isfinite().all()


def test_vgg_features_by_name():
    torch.manual_seed(0)
    net = Vgg16(("conv2_2", "relu2_2", "relu1_1"))
    first, before, after = net(torch.rand(1, 3, 16, 16))
    assert first.shape == (1, 64, 16, 16)
    assert before.shape == after.shape == (1, 128, 8, 8)
    assert before.min() < 0
    torch.testing.assert_close(after, before.relu())
    assert not any(p.requires_grad for p in net.parameters())


def test_layer_names_are_torchvisions_positions():
    names = layer_names()
    assert [names.index(n) for n in ("conv1_1", "relu1_2", "conv3_3", "relu4_3", "conv5_3")] == [0, 3, 14, 22, 28]
    assert set(VGG_DEPTHS) <= set(names)


def test_unknown_layer_names_those_there_are():
    with pytest.raises(UsageError, match=r"conv5_4.*it has conv1_1"):
        Vgg16(("conv5_4",))


def write_vgg(path, **more):
    weights = {k: v.half().contiguous() for k, v in Vgg16(("conv5_3",)).state_dict().items()}
    save_file(weights | more, path)
    return weights


def test_weights_come_back_from_safetensors(tmp_path):
    stored = write_vgg(tmp_path / "vgg.safetensors")
    net = Vgg16(("conv5_3",), read_weights(tmp_path / "vgg.safetensors"))
    torch.testing.assert_close(net.state_dict()["features.28.weight"], stored["features.28.weight"].float())


def test_weights_without_heads_are_no_lpips(tmp_path):
    write_vgg(tmp_path / "vgg.safetensors")
    with pytest.raises(ModelError, match="holds no LPIPS heads"):
        load_lpips("vgg", tmp_path / "vgg.safetensors")


def test_wrong_weight_files_are_named(tmp_path):
    with pytest.raises(ModelError, match="no such weight file"):
        read_weights(tmp_path / "none.safetensors")
    (tmp_path / "short.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelError, match="not a readable weight file"):
        read_weights(tmp_path / "short.safetensors")
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "vgg16.pth")
    with pytest.raises(ModelError, match="is not torchvision's"):
        read_weights(tmp_path / "vgg16.pth")
    save_file({"features.0.weight": torch.zeros(64, 3, 11, 11)}, tmp_path / "alex.safetensors")
    with pytest.raises(ModelError, match="weights of another network"):
        read_weights(tmp_path / "alex.safetensors")
