import pytest
import torch

from relume.nets.unet import UnetCriticShape, UnetShape


def test_the_papers_generator_has_its_weights_and_operations():
    with torch.device("meta"):
        net = UnetShape().build()
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(49e6, rel=0.01)
    assert UnetShape().macs() * 256 * 256 == pytest.approx(11.4e9, rel=0.01)


def test_seven_steps_down_and_back():
    shape = UnetShape(down=(4, 8, 16, 32, 32, 32, 32), up=(32, 32, 32, 32, 16, 8))
    net, sides = shape.build().eval(), []
    for block in (*net.down, *net.up):
        block.register_forward_hook(lambda module, inputs, output: sides.append(output.shape[-1]))
    with torch.no_grad():
        made = net(torch.rand(1, 3, 256, 256) * 2 - 1)
    assert sides == [128, 64, 32, 16, 8, 4, 2, 4, 8, 16, 32, 64, 128]
    assert made.shape == (1, 3, 256, 256) and made.abs().max() <= 1


def test_dropout_is_in_the_first_three_blocks_up_alone():
    with torch.device("meta"):
        net = UnetShape().build()
    dropped = [any(isinstance(m, torch.nn.Dropout) for m in block) for block in net.up]
    assert dropped == [True, True, True, False, False, False]


def test_the_discriminator_judges_30_by_30_patches():
    critic = UnetCriticShape((4, 8, 8), 8).build()
    x = torch.rand(1, 3, 256, 256)
    features = critic(x, x)
    assert [f.shape[-1] for f in features] == [128, 64, 32, 31, 30]
    assert features[-1].shape[1] == 1


def test_blocks_up_must_fit_blocks_down():
    with pytest.raises(ValueError, match="one block up fewer"):
        UnetShape(down=(4, 8), up=(4, 4))
