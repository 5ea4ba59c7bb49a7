"""The tasks for photographs, with small networks of random weights under the shipped names."""

import hashlib
import io
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

import relume
from relume.colour import rgb_to_lab
from relume.degrade.pixels import block_means
from relume.runtime import batch, flow, masks, redo, tiling, zoo
from relume.runtime.arrays import from_object
from relume.runtime.naming import Job
from relume.runtime.options import Options
from relume.runtime.photo_options import BadHint, PhotoOptions
from relume.runtime.record import check, record_path
from relume.runtime.restore import restore, restore_file
from relume.runtime.self_ensemble import EIGHT, ONE, Side
from relume.runtime.tasks import photo, repair
from relume.runtime.tasks.colorize import NotGray, shown
from relume.runtime.tasks.depixelate import NotPixelated
from relume.runtime.tasks.photo import careful
from relume.runtime.tasks.plan import Request
from relume.runtime.tasks.repair import likely
from relume.runtime.tasks.table import planned
from relume.runtime.working import Working
from relume.signal import InputRejected, UsageError

DATA = Path(__file__).parent.parent / "data"
NAMES = ("damage-mask", "repair", "denoise", "denoise-light", "depixelate", "colorize")
COMPOSITE, ENHANCED = "compositeWithTrainedAlgorithmicMedia", "algorithmicallyEnhanced"


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {}
    for name in NAMES:
        path = DATA / f"tiny-{name}.onnx"
        small[name] = (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(zoo, "SHIPPED", zoo.SHIPPED | small)


def scratched(make: ModuleType, bands: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    picture = make.smooth(70, 90, bands, dtype)
    mask = np.zeros((70, 90), bool)
    mask[20:24, 10:80] = mask[50:60, 40:43] = True
    return picture, mask


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_repair_changes_the_masked_pixels_alone(make: ModuleType, bands: int, dtype: type) -> None:
    picture, mask = scratched(make, bands, dtype)
    found = restore(picture, "repair", mask=mask)
    assert found.shape == picture.shape and found.dtype == dtype
    assert np.array_equal(found[~mask], picture[~mask])
    assert (found[mask] != picture[mask]).mean() > 0.2
    assert np.array_equal(restore(picture, "repair", mask=mask, strength=0.0), picture)


def test_a_detected_mask_is_written_and_is_where_pixels_changed(
    make: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "EIGHT", ONE)  # a detector that has learned nothing does not agree with itself
    source, target, mask_out = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "mask.png"
    source.write_bytes(make.encoded(make.smooth(61, 90), ".png"))
    result = restore_file(source, target, Options(task="repair", mask_out=mask_out))
    mask = np.asarray(Image.open(mask_out)) == 255
    before, after = (np.asarray(Image.open(path)) for path in (source, target))
    assert 0.01 < mask.mean() < 1, "the small detector should find something"
    assert np.array_equal(before[~mask], after[~mask]) and not np.array_equal(before, after)
    assert result.digital_source_type.endswith(COMPOSITE) and any("no evidence" in note for note in result.notes)
    assert set(result.models) == {"damage-mask", "repair"}


def in_tiles(picture: np.ndarray, options: Options, mask: np.ndarray | None, side: int) -> np.ndarray:
    task = planned(Request(lambda: from_object(picture), options, mask=mask))
    rows, columns = (tiling.spans(n, side, task.step.radius, task.step.multiple) for n in picture.shape[:2])
    cut = tiling.Plan((rows[0].stop, columns[0].stop), rows, columns)
    assert cut.tiles >= 4
    made = flow.strips(task.source, task.step, cut, Working(False), picture.dtype, None)
    return np.concatenate([high.copy() for _, high in made])


@pytest.mark.parametrize(
    ("task", "bands"), [("repair", 1), ("repair", 3), ("denoise", 3), ("colorize", 1), ("photo", 1)]
)
def test_tiles_join_without_a_seam(make: ModuleType, task: str, bands: int) -> None:
    picture, mask = make.smooth(220, 240, bands, np.float32), np.zeros((220, 240), bool)
    mask[90:110, 20:220] = True
    repairs, dials = task in ("repair", "photo"), {"sigma": 12.0} if task in ("denoise", "photo") else {}
    dials |= {"colour": True} if task == "photo" else {}
    scale = 2 if task == "photo" else 1
    whole = restore(picture, task, scale, precision="f32", mask=mask if repairs else None, **dials)
    options = Options(task=task, scale=scale, precision="f32", photo=PhotoOptions(**dials))
    tiled = in_tiles(picture, options, mask if repairs else None, 160 if task == "photo" else 100)
    assert whole.shape == tiled.shape and np.abs(tiled - whole).max() < 2e-5


def test_denoise_takes_its_sigma_from_the_picture(make: ModuleType, tmp_path: Path) -> None:
    noisy = make.smooth(160, 160, 3, np.float32) * 0.5 + 0.25
    noisy += np.random.default_rng(0).normal(0, 20 / 255, noisy.shape).astype(np.float32)
    eight = (noisy.clip(0, 1) * 255).round().astype(np.uint8)
    (tmp_path / "a.png").write_bytes(make.encoded(eight, ".png"))
    result = restore_file(tmp_path / "a.png", tmp_path / "b.png", Options(task="denoise"))
    assert result.decisions[0].values["sigma"] == pytest.approx(20, rel=0.1)
    assert result.digital_source_type.endswith(ENHANCED)


@pytest.mark.parametrize(("block", "top", "left"), [(4, 0, 0), (4, 3, 1), (8, 0, 5), (7, 2, 0)])
def test_squares_are_found_wherever_they_begin(make: ModuleType, block: int, top: int, left: int) -> None:
    rng = np.random.default_rng(1)
    squares = block_means(make.smooth(160, 192, 3, np.float32) + 0.2 * rng.random((160, 192, 3)), block)
    picture = (squares[(block - top) % block :, (block - left) % block :] * 200).round().astype(np.uint8)
    plan = relume.restore(picture, "depixelate")
    assert plan.shape == picture.shape and np.array_equal(plan, relume.restore(picture, "depixelate", block=block))
    assert np.array_equal(relume.restore(picture, "depixelate", strength=0.0), picture)
    with pytest.raises(NotPixelated):
        relume.restore(make.smooth(90, 90), "depixelate")


def test_colour_leaves_lightness_alone_and_follows_hints(make: ModuleType) -> None:
    gray = make.smooth(300, 420, 1, np.float32)
    found = restore(gray, "colorize")
    assert found.shape == (300, 420, 3)
    lightness = rgb_to_lab(np.repeat(gray, 3, 2))[..., 0]
    lab = rgb_to_lab(found)
    assert np.abs(lab[..., 0] - lightness).max() < 0.2
    assert np.hypot(lab[..., 1], lab[..., 2]).max() > 3
    hinted = restore(gray, "colorize", hints=["200,100=#d02020", (10, 20, "#2040e0")])
    assert not np.array_equal(hinted, found)
    wanted, got = rgb_to_lab(np.array([0x20, 0x40, 0xE0]) / 255), rgb_to_lab(hinted[20, 10])
    assert np.linalg.norm(got[1:] - wanted[1:]) < 0.6 * np.linalg.norm(lab[20, 10, 1:] - wanted[1:])
    assert np.array_equal(restore(gray[..., 0], "colorize"), found)
    plain = restore(gray, "colorize", strength=0.0)
    assert np.abs(plain - gray).max() < 1e-3


def test_colours_beyond_the_screen_are_made_paler_not_lighter() -> None:
    lightness = np.linspace(0, 100, 101, dtype=np.float32)[None]
    chroma = np.stack([np.full_like(lightness, 90), np.full_like(lightness, -70)], -1)
    lab = rgb_to_lab(shown(lightness, chroma))
    assert np.abs(lab[..., 0] - lightness).max() < 0.2


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_gray_file_with_a_gray_profile_becomes_colour(make: ModuleType, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"a{suffix}"
    source.write_bytes(make.encoded(make.smooth(60, 50, 1, np.uint16), suffix))
    result = restore_file(source, tmp_path / f"b{suffix}", Options(task="colorize"))
    assert (result.bands, result.depth) == (3, 16)
    assert result.digital_source_type.endswith(COMPOSITE) and any("colours were invented" in n for n in result.notes)


@pytest.mark.parametrize(("task", "sides"), [("repair", EIGHT), ("photo", ONE)])
def test_repair_looks_for_damage_from_eight_sides_and_photo_from_one(
    make: ModuleType, task: str, sides: tuple[Side, ...]
) -> None:
    request = Request(lambda: from_object(make.smooth(64, 64, 3, np.uint8)), Options(task=task))
    (detector,) = {"repair": repair, "photo": photo}[task].plan(request).before
    assert (detector.model.name, detector.sides) == ("damage-mask", sides)
    assert detector.macs == len(sides) * next(iter(detector.model.card.macs_per_pixel.values()))


def test_what_would_have_it_otherwise_is_told_beside_the_reason(make: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "gray.png"
    source.write_bytes(make.encoded((make.smooth(64, 64, 1, np.float32) * 255).astype(np.uint8), ".png"))
    decisions = restore_file(source, tmp_path / "new.png", Options(task="photo")).decisions
    told = {decision.step: decision for decision in decisions}["colorize"]
    assert (told.done, told.option) == (False, "--colour")
    assert "--" not in told.reason


def test_photo_decides_and_says_why(make: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "old.png"
    rng = np.random.default_rng(2)
    noisy = make.smooth(150, 150, 1, np.float32) * 0.5 + 0.25 + rng.normal(0, 15 / 255, (150, 150, 1))
    source.write_bytes(make.encoded((noisy.clip(0, 1) * 255).round().astype(np.uint8), ".png"))
    options = Options(task="photo", photo=PhotoOptions(colour=True), scale=2)
    outcome = batch.restore_one(batch.Order(Job(source, tmp_path / "new.png", tmp_path), options), lambda _: None)
    assert outcome.error is None, outcome.error
    record = json.loads(record_path(tmp_path / "new.png").read_text())
    told = {decision["step"]: decision for decision in record["decisions"]}
    assert set(told) == {"depixelate", "repair", "denoise", "colorize", "upscale"}
    assert told["denoise"]["done"] and "sigma" in told["denoise"]["reason"] and not told["depixelate"]["done"]
    assert told["colorize"]["done"] and record["bands"] == 3 and record["width"] == 300
    assert {"denoise-light", "colorize", "cascade-psnr"} <= set(record["models"])
    states = {c.detail: c.state for c in check(record_path(tmp_path / "new.png"), zoo.installed) if c.what == "model"}
    assert states == dict.fromkeys(record["models"], "ok")
    again = redo.prepare(record_path(tmp_path / "new.png"), None, None)
    assert redo.repeat(again, lambda _: None).identical


@pytest.mark.parametrize(("quality", "model"), [(12, "cascade-real"), (97, "cascade-psnr")])
def test_where_squares_of_jpeg_show_the_enlarger_for_found_pictures_is_taken(
    make: ModuleType, quality: int, model: str
) -> None:
    rng = np.random.default_rng(4)
    spots = rng.integers(0, 256, (9, 10, 3)).repeat(15, 0).repeat(15, 1)
    picture = (0.7 * make.smooth(135, 150) + 0.3 * spots).round()
    packed = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(packed, "JPEG", quality=quality)
    options = Options(task="photo", scale=2)
    plan = planned(Request(lambda: from_object(Image.open(packed)), options))
    told = next(decision for decision in plan.decisions if decision.step == "upscale")
    assert (model in told.reason) == (model == "cascade-real")
    assert model in [net.model.name for net in plan.step.nets]


@pytest.mark.parametrize(("bands", "dtype"), [(1, np.uint8), (2, np.uint16), (1, np.float32)])
def test_what_was_made_for_the_colours_is_what_would_be_made_again(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, bands: int, dtype: type
) -> None:
    picture, mask = scratched(make, bands, dtype)
    dials = {"mask": mask, "sigma": 20.0, "colour": True}
    kept = restore(picture, "photo", **dials)
    monkeypatch.setattr("relume.runtime.tasks.photo.KEPT", 0)
    np.testing.assert_array_equal(kept, restore(picture, "photo", **dials))


def test_nothing_wrong_means_nothing_changed(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relume.runtime.tasks.photo.CERTAIN", 1.1)
    picture = make.smooth(120, 120)
    assert np.array_equal(restore(picture, "photo"), picture)


def test_a_repair_with_a_mask_is_repeated_from_its_record(make: ModuleType, tmp_path: Path) -> None:
    picture, mask = scratched(make, 3, np.uint8)
    source, mask_file = tmp_path / "a.png", tmp_path / "sub" / "mask.png"
    mask_file.parent.mkdir()
    source.write_bytes(make.encoded(picture, ".png"))
    Image.fromarray(mask).save(mask_file)
    options = Options(task="repair", photo=PhotoOptions(mask=str(mask_file)))
    batch.restore_and_record(Job(source, tmp_path / "b.png", tmp_path), options, lambda _: None)
    record = json.loads(record_path(tmp_path / "b.png").read_text())
    assert record["applied"]["photo"]["mask"] == "sub/mask.png"
    assert redo.repeat(redo.prepare(record_path(tmp_path / "b.png"), None, None), lambda _: None).identical
    Image.fromarray(~mask).save(mask_file)
    with pytest.raises(masks.BadMask, match="not the mask"):
        redo.repeat(redo.prepare(record_path(tmp_path / "b.png"), None, tmp_path / "c.png"), lambda _: None)
    assert not (tmp_path / "c.png").exists()


@pytest.mark.parametrize(
    ("options", "error", "code", "match"),
    [
        (Options(task="repair", photo=PhotoOptions(mask="small.png")), masks.BadMask, "mask", "is 8x9 pixels"),
        (Options(task="repair", photo=PhotoOptions(mask="none.png")), InputRejected, "unreadable", "none.png"),
        (Options(task="colorize"), NotGray, "not-gray", "has colours"),
        (Options(task="colorize", photo=PhotoOptions(hints=((90, 3, "#000000"),))), BadHint, "hint", "outside"),
        (Options(task="photo", photo=PhotoOptions(hints=((3, 70, "#000000"),))), BadHint, "hint", "outside"),
        (Options(task="photo", model="repair"), UsageError, "usage", "chooses its models"),
        (Options(task="denoise", model="repair"), UsageError, "usage", "for the task repair"),
        (Options(task="repaint"), UsageError, "usage", "no task is called"),
    ],
)
def test_what_does_not_suit_is_one_error_and_no_file(
    make: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: Options,
    error: type,
    code: str,
    match: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.png").write_bytes(make.encoded(make.smooth(9, 8, 1), ".png"))
    Path("a.png").write_bytes(make.encoded(make.smooth(70, 90), ".png"))
    with pytest.raises(error, match=match) as caught:
        restore_file(Path("a.png"), Path("b.png"), options)
    assert caught.value.code == code and "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "small.png"]


@pytest.mark.parametrize(
    "asked",
    [
        {"task": "repair", "scale": 2},
        {"task": "upscale", "photo": PhotoOptions(strength=0.5)},
        {"task": "colorize", "mask_out": Path("m.png")},
        {"task": "denoise", "photo": PhotoOptions(hints=((1, 1, "#ffffff"),))},
    ],
)
def test_a_dial_of_another_task_is_refused(asked: dict) -> None:
    with pytest.raises(UsageError):
        Options(**asked)


def test_less_sure_damage_is_believed_in_a_picture_that_is_surely_damaged() -> None:
    found = np.zeros((100, 100), np.uint8)
    found[10, 10:60], found[10, 20] = 200, 250
    assert not careful(found).any()
    found[50, 10:60], found[50, 20:27] = 200, 255
    assert not careful(found).any()
    found[50, 27] = 255
    assert careful(found).sum() == 100
    found[70, 10:60] = 240
    assert careful(found).sum() == 100 and likely(found).sum() == 150


def test_a_frame_is_no_damage_but_a_scratch_is() -> None:
    mask = np.zeros((100, 80), bool)
    mask[2:5, 5:75] = mask[5:95, 74:77] = True
    mask[50, 10:66] = mask[0:9, 20:24] = True
    kept = masks.without_frame(mask)
    assert not kept[2:5, 30:].any() and not kept[60:, 74:77].any()
    assert kept[50, 10:66].all()
