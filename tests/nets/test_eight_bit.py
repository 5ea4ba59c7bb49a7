import pytest
import torch
from torch import nn

from relume.nets.cascade import Cascade, CascadeShape
from relume.nets.eight_bit import EightBitConv2d, for_eight_bits, measuring, plain, ranges


def convolution() -> EightBitConv2d:
    torch.manual_seed(0)
    return EightBitConv2d(nn.Conv2d(2, 3, 3, padding=1), positive=True)


def test_before_it_is_measured_it_is_the_convolution():
    layer, x = convolution(), torch.rand(1, 2, 5, 6)
    same = nn.Conv2d(2, 3, 3, padding=1)
    same.load_state_dict(plain(layer.state_dict()))
    assert torch.equal(layer(x), same(x))


def test_the_reach_of_a_channel_is_its_largest_value_and_half_of_it():
    layer = convolution()
    with measuring(layer):
        for most in (4.0, 1.0):
            x = torch.full((1, 2, 3, 3), -most)
            x[:, 1] /= 2
            layer(x)
    assert ranges({"a.reach": layer.reach, "a.weight": layer.weight}) == {"a.weight": [6.0, 3.0]}


def test_values_of_whole_steps_are_kept_and_others_rounded_and_clipped():
    layer = convolution()
    layer.reach.fill_(255.0)  # steps of 1
    with torch.no_grad():
        layer.weight.copy_(torch.randint(-126, 127, layer.weight.shape).float())
        layer.weight[:, 0, 0, 0] = 127  # steps of 1 for every output channel
    whole = torch.randint(0, 256, (1, 2, 5, 5)).float()
    expected = nn.functional.conv2d(whole, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(whole), expected)
    torch.testing.assert_close(layer(whole + 0.3), expected)
    torch.testing.assert_close(layer(torch.full_like(whole, 300)), layer(torch.full_like(whole, 255)))


def test_rounding_is_passed_over_by_the_gradient():
    layer = convolution()
    layer.reach.fill_(1.0)
    x = torch.rand(1, 2, 4, 4, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None and layer.weight.grad is not None
    assert x.grad.abs().min() > 0 and torch.isfinite(layer.weight.grad).all()


def test_a_cascade_loses_little_and_its_heads_keep_their_precision():
    torch.manual_seed(1)
    net, x = Cascade(CascadeShape(channels=16, units=(2, 1, 1))), torch.rand(2, 3, 16, 16)
    before = net(x)[4]
    for_eight_bits(net, net.inner())
    with measuring(net):
        net(x)
    after = net(x)[4]
    assert 0 < (after - before).abs().max() < 0.02
    assert not any("head" in name or "entry" in name for name in ranges(net.state_dict()))
    assert len(ranges(net.state_dict())) == 8


def test_only_a_convolution_can_be_replaced():
    with pytest.raises(TypeError, match="no convolution"):
        for_eight_bits(Cascade(CascadeShape(channels=8, units=(1, 1, 1))), [("stages.0", False)])
