import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.card import ModelCard
from relume.runtime import zoo
from relume.signal import ModelError

TINY = Path(__file__).parent.parent / "data" / "tiny-cascade.onnx"


def test_the_card_is_read_without_the_onnx_package() -> None:
    onnx = pytest.importorskip("onnx")
    props = {p.key: p.value for p in onnx.load(str(TINY)).metadata_props}
    assert zoo.read_card(TINY.read_bytes(), "tiny") == ModelCard.from_json(props["relume.card"])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_card_or_a_model_error(data: bytes) -> None:
    with pytest.raises(ModelError):
        zoo.read_card(data, "noise")


@given(st.integers(0, 34000), st.integers(0, 255))
def test_a_changed_byte_never_escapes_as_another_error(at: int, value: int) -> None:
    data = bytearray(TINY.read_bytes())
    data[at] = value
    with contextlib.suppress(ModelError):
        assert zoo.read_card(bytes(data), "tiny").outputs is not None


def test_every_shipped_model_is_sound() -> None:
    for name in zoo.names():
        model = zoo.find(name)
        assert model.name == name and model.card.outputs


FOLDERS = {
    "faces": "faces",
    "landscapes": "landscapes",
    "relics": "relics",
    "photographs": "Debian's wallpaper packages",
    "photographs-more": "Ubuntu's wallpaper packages",
    "drawings": "openclipart",
    "sr-train/BSDS398": "BSD",
    "sr-train/T91": "T91",
    "sr-train/photos": "free wallpaper collections",
}
"""A training folder, and what the name of its set holds."""


def folders_in(recipe: Any) -> set[str]:
    """The folders of a recipe and of all trainings before it."""
    if isinstance(recipe, dict):
        data = recipe.get("data")
        own = set(data.get("folders") or ()) if isinstance(data, dict) else set()
        return own.union(*map(folders_in, recipe.values()))
    return set().union(*map(folders_in, recipe)) if isinstance(recipe, list | tuple) else set()


@pytest.mark.parametrize("name", zoo.names())
def test_a_card_names_every_set_that_was_trained_on(name: str) -> None:
    card = zoo.find(name).card
    missing = [f for f in sorted(folders_in(card.recipe)) if not any(FOLDERS[f] in known.name for known in card.data)]
    assert not missing


def test_no_shipped_file_is_large_nor_are_all_together() -> None:
    sizes = [path.stat().st_size for path in zoo.WEIGHTS.iterdir()]
    assert len(sizes) >= len(zoo.SHIPPED)
    assert max(sizes) <= 20e6 and sum(sizes) <= 80e6


def test_bicubic_needs_no_file() -> None:
    assert zoo.find("bicubic").path is None


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = TINY.read_bytes()
    (tmp_path / "tiny.onnx").write_bytes(data)
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    monkeypatch.setitem(zoo.SHIPPED, "tiny", ("tiny.onnx", hashlib.sha256(data).hexdigest()))
    assert zoo.find("tiny").sha256 == hashlib.sha256(data).hexdigest()
    (tmp_path / "tiny.onnx").write_bytes(data[:-1] + b"!")
    with pytest.raises(ModelError, match="damaged"):
        zoo.find("tiny")
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        zoo.find("tiny")


def test_unknown_names_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="bicubic"):
        zoo.find("no-such-model")
    foreign = tmp_path / "foreign.onnx"
    foreign.write_bytes(b"")
    with pytest.raises(ModelError, match="without a relume model card"):
        zoo.find(str(foreign))
