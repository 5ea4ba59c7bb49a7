import torch

from relume.nets.cascade import CascadeShape
from relume.train.throughput import steps


def test_both_sides_are_steps_that_learn():
    torch.manual_seed(0)
    ours, plain = steps(CascadeShape().tiny(), batch=2, patch=12)
    first = ours()
    losses = [ours()["loss"] for _ in range(8)]
    assert first["gradient_norm"] > 0
    assert min(losses) < first["loss"]
    plain()
