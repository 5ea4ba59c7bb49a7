"""What the chain ``photo`` costs, counted as it runs with the shipped weights, beside the paper's network."""

import numpy as np
import pytest

from relume.bench.photo_rivals import rivals
from relume.nets.unet import UnetShape
from relume.runtime.restore import restore
from relume.runtime.tasks.steps import Net

SIDE = 256


def test_the_chain_needs_a_quarter_of_the_papers_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, spent = [], []
    answer = Net.__call__

    def counted(net: Net, *inputs: np.ndarray) -> np.ndarray:
        asked.append(net.model.name)
        spent.append(net.macs * inputs[0].shape[0] * inputs[0].shape[1])
        return answer(net, *inputs)

    monkeypatch.setattr(Net, "__call__", counted)
    y, x = np.mgrid[:SIDE, :SIDE]
    picture = 120 + 60 * np.sin(x / 40) * np.cos(y / 30) + np.random.default_rng(0).normal(0, 15, (SIDE, SIDE))
    rows = np.arange(20, 240)
    for column in (40, 90, 140, 200):
        across = (column + 8 * np.sin(rows / 40)).astype(int)
        picture[rows, across] = picture[rows, across + 1] = 250
    restore(picture.clip(0, 255).astype(np.uint8), "photo", strength=1.0, colour=True)
    ours = rivals("photo", None, None)[0][-1]
    assert asked == list(ours.models)
    assert sum(spent) / SIDE**2 == pytest.approx(ours.macs_per_pixel, rel=0.001)
    assert 4 * ours.macs_per_pixel <= UnetShape().macs()
