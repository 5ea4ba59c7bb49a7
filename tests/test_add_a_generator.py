"""CONTRIBUTING's promise, kept: its two files are enough to train, export and use a new generator."""

import re
from pathlib import Path

import numpy as np
import pytest

import relume
import relume.nets
import relume.recipes

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    network, recipe = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for package, name, text in ((relume.nets, "foo", network), (relume.recipes, "foo_x4", recipe)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    return tmp_path


def test_two_files_are_enough(two_files):
    from relume.recipes import find, shape_of
    from relume.train.run import export_checkpoint, run_tiny

    run_tiny(find("foo_x4").tiny(), two_files / "run", resume=False, report=lambda line: None)
    weights = two_files / "foo.onnx"
    card = export_checkpoint(two_files / "run" / "checkpoint.pt", weights, shape_of)
    assert (card.name, card.scales) == ("foo", (4,))
    picture = np.random.default_rng(0).integers(0, 256, (12, 15, 3), dtype=np.uint8)
    restored = relume.restore(picture, task="upscale", scale=4, model=str(weights))
    assert restored.shape == (48, 60, 3)
    assert restored.dtype == np.uint8
