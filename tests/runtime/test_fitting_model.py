"""Which enlarger a picture gets that none was asked for."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from relume.runtime import batch, redo, zoo
from relume.runtime.arrays import from_object
from relume.runtime.look import jpeg_at_a_glance, look
from relume.runtime.naming import Job
from relume.runtime.options import Decision, Options
from relume.runtime.pictures import Source, open_source
from relume.runtime.record import record_path
from relume.runtime.restore import restore_file
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.table import planned
from relume.runtime.working import Working


@pytest.fixture
def scene(make: ModuleType) -> Image.Image:
    spots = np.random.default_rng(4).integers(0, 256, (9, 10, 3)).repeat(15, 0).repeat(15, 1)
    return Image.fromarray((0.7 * make.smooth(135, 150) + 0.3 * spots).round().astype(np.uint8))


def made_by(source: Path, **asked: object) -> tuple[str, tuple[Decision, ...]]:
    """The model of ``source`` enlarged, and what was decided."""
    made = restore_file(source, source.with_name(f"{source.stem}_x2.png"), Options(scale=2, precision="f32", **asked))
    return made.model, made.decisions


def test_a_jpeg_whose_squares_show_gets_the_enlarger_for_found_pictures(scene: Image.Image, tmp_path: Path) -> None:
    scene.save(tmp_path / "poor.jpg", quality=12)
    model, (decision,) = made_by(tmp_path / "poor.jpg")
    assert (model, decision.step, decision.option) == ("cascade-real", "model", "--model cascade-psnr")
    assert decision.values["steps"] >= 1.25


def test_the_record_says_so_and_makes_it_again(scene: Image.Image, tmp_path: Path) -> None:
    scene.save(tmp_path / "poor.jpg", quality=12)
    job = Job(tmp_path / "poor.jpg", tmp_path / "new.png", tmp_path)
    outcome = batch.restore_one(batch.Order(job, Options(scale=2, precision="f32")), lambda _: None)
    assert outcome.error is None, outcome.error
    record = json.loads(record_path(tmp_path / "new.png").read_text())
    assert [decision["step"] for decision in record["decisions"]] == ["model"]
    assert list(record["models"]) == ["cascade-real"]
    again = redo.prepare(record_path(tmp_path / "new.png"), None, None)
    assert redo.repeat(again, lambda _: None).identical


def test_a_good_jpeg_another_format_and_whoever_names_a_model_do_not(scene: Image.Image, tmp_path: Path) -> None:
    scene.save(tmp_path / "good.jpg", quality=97)
    scene.save(tmp_path / "poor.jpg", quality=12)
    Image.open(tmp_path / "poor.jpg").save(tmp_path / "kept.png")
    for name in ("good.jpg", "kept.png"):
        assert made_by(tmp_path / name) == ("cascade-psnr", ())
    assert made_by(tmp_path / "poor.jpg", model="cascade-gan") == ("cascade-gan", ())


def test_without_that_model_the_usual_one_is_taken(
    scene: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.save(tmp_path / "poor.jpg", quality=12)
    monkeypatch.delitem(zoo.SHIPPED, "cascade-real")
    assert made_by(tmp_path / "poor.jpg") == ("cascade-psnr", ())


@pytest.mark.parametrize(("dry", "times"), [(True, 1), (False, 2)])
def test_an_estimate_does_not_look(scene: Image.Image, tmp_path: Path, dry: bool, times: int) -> None:
    scene.save(tmp_path / "poor.jpg", quality=12)
    opened = []

    def source() -> Source:
        opened.append(open_source(tmp_path / "poor.jpg", max_pixels=1 << 20, max_memory=1 << 28))
        return opened[-1]

    planned(Request(source, Options(scale=2), dry=dry))
    assert len(opened) == times


def test_a_glance_sees_what_a_look_sees(scene: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.save(tmp_path / "poor.jpg", quality=12)
    pixels = np.asarray(Image.open(tmp_path / "poor.jpg"))
    whole = look(from_object(pixels), Working(alpha=False)).jpeg
    assert jpeg_at_a_glance(from_object(pixels)) == pytest.approx(whole, rel=1e-4)
    monkeypatch.setattr("relume.runtime.look.GLANCE", 150 * 72)
    top = look(from_object(pixels[:72]), Working(alpha=False)).jpeg
    assert jpeg_at_a_glance(from_object(pixels)) == pytest.approx(top, rel=1e-4)
