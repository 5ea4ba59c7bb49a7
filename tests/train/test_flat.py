"""Gray fields keep their value, and nothing but the heads has moved, by little."""

import torch

from relume.nets.cascade import Cascade, CascadeShape
from relume.train.flat import keep_flat, offsets


def furthest(net: Cascade) -> float:
    return max(float(added.abs().max()) for added in offsets(net).values())


def test_gray_fields_of_every_level_keep_their_value() -> None:
    torch.manual_seed(3)
    net = Cascade(CascadeShape(channels=8, units=(1, 1, 1)))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    added = furthest(net)
    keep_flat(net)
    assert added > 1e-2 > 100 * furthest(net)
    moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {f"stages.{stage}.head.{part}" for stage in range(3) for part in ("weight", "bias")}


def test_what_is_flat_already_is_left_as_it_is() -> None:
    torch.manual_seed(3)
    net = Cascade(CascadeShape(channels=8, units=(1, 1, 1)))
    keep_flat(net)
    before = net.stages[0].head.weight.detach().clone()
    keep_flat(net)
    assert float((net.stages[0].head.weight.detach() - before).abs().max()) < 1e-4
