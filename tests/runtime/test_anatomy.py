"""A network read layer by layer from its file, against what its card says."""

from pathlib import Path

import pytest

from relume.runtime import anatomy
from relume.runtime.zoo import find

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize("name", ["repair", "damage-mask", "colorize"])
def test_shapes_parameters_and_operations_are_the_networks(name: str) -> None:
    model = find(str(DATA / f"tiny-{name}.onnx"))
    layers = anatomy.layers(model, 64)
    convolutions = [layer for layer in layers if layer.kind == "Conv"]
    first, last = convolutions[0], layers[-1]
    assert (first.name.split(".")[-1], first.kernel) == ("entry", (3, 3)) and first.parameters == 8 * first.macs // (
        8 * 32 * 32
    ) + 8
    factor = next(iter(model.card.outputs.values()))
    assert last.shape[1:] == (64 * factor, 64 * factor)
    assert abs(sum(layer.parameters for layer in layers) / model.card.parameters - 1) < 0.02
    assert sum(layer.macs for layer in layers) == 64 * 64 * next(iter(model.card.macs_per_pixel.values()))


def test_shared_weights_count_once_and_skips_are_seen() -> None:
    layers = anatomy.layers(find("cascade-psnr"), 32)
    assert abs(sum(layer.parameters for layer in layers) - find("cascade-psnr").card.parameters) < 3000
    assert any(layer.kind == "Add" and len(layer.sources) == 2 for layer in layers)
    assert anatomy.layers(find("bicubic")) == ()


def test_models_show_prints_the_table_and_draws(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from typer.testing import CliRunner

    from relume.cli import build

    words = ["models", "show", str(DATA / "tiny-repair.onnx"), "--plot", str(tmp_path / "net.svg"), "--side", "64"]
    found = CliRunner().invoke(build(words), words, prog_name="relume")
    assert found.exit_code == 0 and "Conv 2x2 /2" in found.stdout and "8x16x16" in found.stdout
    assert "<svg" in (tmp_path / "net.svg").read_text()
    words[4] = str(tmp_path / "net.gif")
    found = CliRunner().invoke(build(words), words, prog_name="relume")
    assert found.exit_code == 2 and not (tmp_path / "net.gif").exists()
