import pytest
import torch
from torch import nn

from relume.nets.patchgan import RECEPTIVE, STRIDE, PatchganShape
from relume.nets.srgan import VggCriticShape


def test_patchgan_judges_patches_of_82_pixels_every_8():
    assert 8 <= STRIDE <= 16
    assert RECEPTIVE >= 70
    torch.manual_seed(0)
    critic = PatchganShape(channels=8, norm="spectral").build().eval()
    assert critic(torch.rand(1, 3, 200, 200)).shape == (1, 1, 200 // STRIDE, 200 // STRIDE)
    seen = torch.zeros(200, dtype=torch.bool)
    for seed in range(6):  # max pooling passes gradient to one pixel of four, so several pictures are needed
        x = torch.rand(1, 3, 200, 200, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        critic(x)[0, 0, 12, 12].backward()
        seen |= x.grad[0].abs().sum((0, 1)) > 0
    columns = seen.nonzero().flatten()
    assert 70 <= int(columns[-1] - columns[0]) + 1 <= RECEPTIVE


def test_patchgan_has_six_convolutions_and_alternates():
    convs = [m for m in PatchganShape().build().modules() if isinstance(m, nn.Conv2d)]
    pools = [m for m in PatchganShape().build().modules() if isinstance(m, nn.MaxPool2d)]
    norms = [m for m in PatchganShape().build().modules() if isinstance(m, nn.BatchNorm2d)]
    assert (len(convs), len(pools), len(norms)) == (6, 2, 4)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in PatchganShape(norm="spectral").build().modules())


def test_spectral_norm_bounds_every_convolution():
    critic = PatchganShape(channels=8, norm="spectral").build()
    for _ in range(50):
        critic(torch.rand(1, 3, 96, 96))
    for module in critic.modules():
        if isinstance(module, nn.Conv2d):
            norm = torch.linalg.matrix_norm(module.weight.detach().flatten(1), 2)
            assert norm.item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("side", [48, 96, 128])
def test_srgans_critic_judges_any_size(side):
    assert VggCriticShape().tiny().build()(torch.rand(2, 3, side, side)).shape == (2, 1)


@pytest.mark.parametrize("shape", [PatchganShape(channels=8), VggCriticShape(channels=8, dense=32)])
def test_macs_are_those_of_the_layers(shape):
    counted = 0

    def count(module, inputs, output):
        nonlocal counted
        counted += output[0].numel() * module.weight[0].numel()

    critic = shape.build()
    for module in critic.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    critic.eval()(torch.rand(1, 3, 96, 96))
    assert counted == shape.macs(96)


def test_papers_critic_is_a_fraction_of_srgans():
    patch, whole = PatchganShape(), VggCriticShape()
    sizes = [sum(p.numel() for p in shape.build().parameters()) for shape in (patch, whole)]
    assert sizes[0] < 0.1 * sizes[1]
    assert patch.macs(96) < whole.macs(96) / 3
