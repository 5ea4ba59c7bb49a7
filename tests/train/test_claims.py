import torch
from torch import nn

from relume.train.claims import critics, normalisation, training_bytes


def test_bytes_of_a_net_that_can_be_counted_by_hand():
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, bias=False), nn.ReLU())
    x = torch.rand(1, 1, 8, 8)
    # kept: the input (64 numbers) for the weights' gradient, the ReLU's result (128), which the loss keeps too
    assert training_bytes(net, x) == 4 * (64 + 128) + 4 * 4 * 18


def test_leaving_bn_out_saves_memory_in_the_blocks_most():
    rows = {row["net"]: row["saved"] for row in normalisation(batch=2)}
    assert 0.1 < rows["SRResNet, without BN"] < rows["its 16 residual blocks, without BN"] < 0.4


def test_patchgan_is_the_smaller_critic():
    patch, whole = critics()
    assert patch["parameters"] < whole["parameters"]
    assert patch["macs_96"] < whole["macs_96"]
