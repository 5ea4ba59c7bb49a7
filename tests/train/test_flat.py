"""Gray fields keep their value, and nothing but the biases of the heads has moved."""

import torch

from relume.nets.cascade import Cascade, CascadeShape
from relume.train.flat import keep_flat, offsets


def test_gray_fields_keep_their_value_in_the_mean() -> None:
    torch.manual_seed(3)
    net = Cascade(CascadeShape(channels=8, units=(1, 1, 1)))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert min(float(added.mean(0).abs().max()) for added in offsets(net).values()) > 1e-3
    keep_flat(net)
    assert max(float(added.mean(0).abs().max()) for added in offsets(net).values()) < 1e-6
    moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {f"stages.{stage}.head.bias" for stage in range(3)}
