"""The contract of every generator of the comparison, by its tiny form."""

import numpy as np
import pytest
import torch
from torch import nn

from relume.degrade.resample import resize
from relume.nets.branches import BranchesShape
from relume.nets.cascade import CascadeShape
from relume.nets.drcn import DrcnShape
from relume.nets.residual_designs import DesignShape
from relume.nets.shape import Bicubic, luma
from relume.nets.srcnn import SrcnnShape
from relume.nets.srgan import SrresnetShape
from relume.nets.vdsr import VdsrShape

SHAPES = [
    CascadeShape(scales=(4,), units=(2,)),
    BranchesShape(scales=(4,), units=(2,), branches=2),
    SrcnnShape(),
    SrcnnShape(scale=2, kernels=(9, 1, 5)),
    VdsrShape(scale=3),
    DrcnShape(),
    SrresnetShape(),
    SrresnetShape(scale=3, normalise=False),
    DesignShape("local"),
    DesignShape("both", scale=2),
]


@pytest.fixture(params=SHAPES, ids=lambda s: f"{type(s).__name__}-x{s.scales[0]}")
def tiny(request):
    return request.param.tiny()


def test_picture_in_picture_out(tiny):
    (scale,) = tiny.scales
    pictures = tiny.build()(torch.rand(2, 3, 9, 7), (scale,))
    assert {s: tuple(p.shape) for s, p in pictures.items()} == {scale: (2, 3, 9 * scale, 7 * scale)}


def test_radius_bounds_what_a_pixel_sees(tiny):
    (scale,) = tiny.scales
    torch.manual_seed(0)
    net = tiny.build().eval()
    size = 2 * tiny.radius + 9
    x = torch.rand(1, 3, size, size).requires_grad_()
    centre = size // 2
    net(x)[scale][0, :, scale * centre : scale * (centre + 1), scale * centre : scale * (centre + 1)].sum().backward()
    reach = (x.grad.abs().sum((0, 1)).nonzero() - centre).abs().max().item()
    assert 1 <= reach <= tiny.radius


def test_macs_are_those_of_the_convolutions(tiny):
    counted = 0

    def count(module, inputs, output):
        nonlocal counted
        counted += output[0].numel() * module.weight[0].numel()

    net = tiny.build()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    (scale,) = tiny.scales
    net(torch.rand(1, 3, 8, 6), (scale,))
    assert counted == 48 * tiny.macs()[f"x{scale}"]


def test_luma_networks_leave_chroma_bicubic(tiny):
    (scale,) = tiny.scales
    x = torch.rand(1, 3, 10, 8)
    large, restored = Bicubic(scale)(x), tiny.build()(x, (scale,))[scale]
    shift = restored - large
    same_on_all_channels = torch.allclose(shift[:, 0], shift[:, 2], atol=1e-6)
    assert same_on_all_channels == tiny.on_luma


@pytest.mark.parametrize(
    ("shape", "weights"),
    [
        (SrcnnShape(kernels=(9, 1, 5)), 8_129),
        (SrcnnShape(kernels=(9, 5, 5)), 57_281),
        (VdsrShape(), 665_921),
        (DrcnShape(), 1_775_121),
        (SrresnetShape(), 1_549_462),
    ],
)
def test_sizes_are_the_papers(shape, weights):
    assert sum(p.numel() for p in shape.build().parameters()) == weights


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_matlabs(scale):
    picture = np.random.default_rng(0).random((7, 9, 3))
    found = Bicubic(scale)(torch.from_numpy(picture).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(found[0].permute(1, 2, 0).numpy(), resize(picture, scale), atol=1e-5)


def test_luma_is_the_metrics():
    from relume.colour import luma as reference

    picture = np.random.default_rng(1).random((4, 5, 3))
    found = luma(torch.from_numpy(picture).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(found[0, 0].numpy() * 255, reference(picture), atol=1e-4)


def test_drcn_shares_its_recursion_and_shows_every_output():
    deep, shallow = DrcnShape(channels=8, depth=9), DrcnShape(channels=8, depth=2)
    weights = [sum(p.numel() for p in shape.build().parameters()) for shape in (deep, shallow)]
    assert weights[0] - weights[1] == 7  # only the ensemble's weights w_d
    ensemble, outputs = deep.build().lumas(torch.rand(1, 3, 6, 6))
    assert len(outputs) == 9
    torch.testing.assert_close(ensemble, torch.stack(outputs).mean(0))


def test_srresnet_without_bn_normalises_nothing():
    assert not any("Norm" in type(m).__name__ for m in SrresnetShape(normalise=False).tiny().build().modules())
    assert sum("Norm" in type(m).__name__ for m in SrresnetShape(blocks=2).build().modules()) == 5


@pytest.mark.parametrize("make", [lambda: SrcnnShape(kernels=(9, 2, 5)), lambda: VdsrShape(layers=1)])
def test_shapes_that_cannot_be_are_refused(make):
    with pytest.raises(ValueError, match=r"."):
        make()


def test_tiny_shapes_are_small(tiny):
    assert sum(p.numel() for p in tiny.build().parameters()) < 30_000
