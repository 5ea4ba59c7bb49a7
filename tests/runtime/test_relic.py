import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile

pytest.importorskip("onnx")

from relume.evidence import folder
from relume.evidence.consistency import of_files
from relume.runtime import record as records
from relume.runtime import redo, zoo
from relume.runtime.batch import restore_and_record
from relume.runtime.colour_options import ColourOptions
from relume.runtime.lut import BadLut
from relume.runtime.naming import Job
from relume.runtime.options import Options
from relume.runtime.photo_options import PhotoOptions
from relume.runtime.pictures.colours import BadProfile
from relume.runtime.restore import estimate, restore, restore_file
from relume.signal import UsageError
from tests.relics import brighter, colour_network


@pytest.fixture(autouse=True)
def shipped(monkeypatch, tmp_path_factory) -> None:
    """``relic-colour`` is a table made by hand, and no model for detail ships."""
    path = tmp_path_factory.mktemp("weights") / "relic-colour.onnx"
    monkeypatch.setitem(zoo.SHIPPED, "relic-colour", (str(path), colour_network(path)))
    monkeypatch.delitem(zoo.SHIPPED, "relic-detail", raising=False)


def write(path: Path, make, array: np.ndarray, suffix: str = ".tif", **options: object) -> Path:
    path.write_bytes(make.encoded(array, suffix, **options))
    return path


def relic(**options) -> Options:
    return Options(task="relic", threads=1, **options)


def colour(**options) -> Options:
    return relic(relic=ColourOptions(**options))


def test_the_table_is_applied_in_16_bits_and_no_tile_has_a_colour_of_its_own(tmp_path, make) -> None:
    picture = make.smooth(300, 260, dtype=np.uint16)
    source = write(tmp_path / "a.tif", make, picture)
    whole = restore_file(source, tmp_path / "whole.tif", relic())
    tiled = restore_file(source, tmp_path / "tiled.tif", relic(max_memory=64 << 20))
    assert (whole.model, whole.scale, whole.depth) == ("relic-colour", 1, 16)
    assert whole.consistency_db is None
    result = make.decoded((tmp_path / "whole.tif").read_bytes())
    np.testing.assert_array_equal(make.decoded((tmp_path / "tiled.tif").read_bytes()), result)
    assert tiled.digital_source_type.endswith("algorithmicallyEnhanced")
    axis = np.linspace(0, 1, 5)
    expected = np.stack(
        [np.interp(picture[..., c] / 65535, axis, brighter(np.repeat(axis[:, None], 3, 1))[:, c]) for c in range(3)], 2
    )
    assert np.abs(result / 65535.0 - expected).max() < 2 / 65535


def test_strength_0_keeps_every_sample_and_a_half_is_between(tmp_path, make) -> None:
    picture = make.smooth(64, 48)
    source = write(tmp_path / "a.png", make, picture, ".png")
    for strength in (0.0, 0.5, 1.0):
        restore_file(source, tmp_path / f"{strength}.png", colour(strength=strength))
    none, half, full = (make.decoded((tmp_path / f"{s}.png").read_bytes()).astype(int) for s in (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(none, picture)
    assert np.abs(half - (none + full) / 2).max() <= 1
    assert np.abs(full - none).max() > 20


def test_gray_stays_gray(tmp_path, make) -> None:
    one = make.smooth(60, 60, 1)
    for name, picture in (("one", one), ("three", one.repeat(3, axis=2)), ("alpha", make.smooth(60, 60, 2))):
        source = write(tmp_path / f"{name}.png", make, picture, ".png")
        restore_file(source, tmp_path / f"{name}-out.png", relic())
        result = make.decoded((tmp_path / f"{name}-out.png").read_bytes())
        assert result.shape == picture.shape
        if name == "three":
            assert np.ptp(result, axis=2).max() == 0
            assert result.mean() > picture.mean() + 5


def test_grays_are_kept_where_asked_and_where_much_of_the_picture_is_gray(tmp_path, make) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    found = {}
    for name, rows in (("little", 130), ("much", 30)):
        colourful = np.empty((rows, 256, 3), np.uint8)
        colourful[...] = (200, 30, 30)
        source = write(tmp_path / f"{name}.png", make, np.concatenate([ramp, colourful]), ".png")
        for kind, options in (("free", relic()), ("locked", colour(lock_neutral=True))):
            target = tmp_path / f"{name}-{kind}.png"
            result = restore_file(source, target, options)
            found[name, kind] = np.ptp(make.decoded(target.read_bytes())[:8], axis=2).max()
            assert ("no tint" in result.decisions[-2].reason) == (name == "much")
    assert found["little", "free"] > 10
    assert found["little", "locked"] == found["much", "free"] == found["much", "locked"] == 0


def test_the_change_is_given_away_and_applied_again_alike(tmp_path, make) -> None:
    source = write(tmp_path / "a.tif", make, make.smooth(80, 90, dtype=np.uint16))
    cube = tmp_path / "a.cube"
    first = restore_file(source, tmp_path / "b.tif", relic(lut_out=cube))
    again = restore_file(source, tmp_path / "c.tif", colour(lut=str(cube)))
    assert first.output_sha256 == again.output_sha256
    assert again.model == "none"
    with pytest.raises(BadLut, match="sha256 differs"):
        restore_file(source, tmp_path / "d.tif", colour(lut=str(cube), lut_sha256="0" * 64))
    cube.write_text(cube.read_text().rsplit("\n", 2)[0])
    with pytest.raises(BadLut, match="needs 125"):
        restore_file(source, tmp_path / "d.tif", relic(relic=ColourOptions(lut=str(cube)), lut_out=tmp_path / "e.cube"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.cube", "a.tif", "b.tif", "c.tif"]


def test_detail_follows_and_the_result_agrees_with_the_recoloured_original(tmp_path, make) -> None:
    source = write(tmp_path / "a.png", make, make.smooth(40, 50), ".png")
    result = restore_file(source, tmp_path / "b.png", relic(scale=2, model="bicubic"))
    assert (result.width, result.height, result.model) == (100, 80, "bicubic")
    assert result.consistency_db > 40
    assert of_files(source, tmp_path / "b.png").decibels < 25
    with pytest.raises(UsageError, match="enlarges by 1, 2, 4, not by 3"):
        restore_file(source, tmp_path / "c.png", relic(scale=3))
    assert estimate(source, relic(scale=2)).width == 100


def test_records_are_verified_and_redone(tmp_path, make) -> None:
    source = write(tmp_path / "a.png", make, make.smooth(40, 50), ".png")
    cube = tmp_path / "sub" / "my.cube"
    cube.parent.mkdir()
    restore_file(source, tmp_path / "first.png", relic(lut_out=cube))
    for number, options in enumerate((relic(scale=2, model="bicubic"), colour(lut=str(cube), strength=0.7))):
        target = tmp_path / "out" / f"{number}.png"
        made = restore_and_record(Job(source, target, target.parent), options, lambda _: None)[1]
        assert made.decisions[0]["step"] == "colour"
        path = records.record_path(target)
        checks = records.check(path, zoo.installed)
        assert {check.state for check in checks} == {"ok"}, checks
        again = redo.repeat(redo.prepare(path, None, None), lambda _: None)
        assert again.identical
    assert json.loads(path.read_text())["applied"]["relic"]["lut"] == "../sub/my.cube"
    assert (
        json.loads(path.read_text())["applied"]["relic"]["lut_sha256"] == hashlib.sha256(cube.read_bytes()).hexdigest()
    )
    cube.write_text(cube.read_text() + "\n")
    with pytest.raises(BadLut):
        redo.repeat(redo.prepare(path, None, tmp_path / "third.png"), lambda _: None)


def test_a_chart_in_the_picture_takes_the_place_of_the_network(tmp_path, make) -> None:
    pytest.importorskip("colour")
    from relume.runtime import chart
    from relume.runtime.chart import ChartRejected
    from relume.runtime.pictures import colours

    box = (10, 10, 130, 90)
    patches = colours.from_lab(chart.checker(box)[0], b"").reshape(4, 6, 3).repeat(20, axis=0).repeat(20, axis=1)
    picture = np.full((100, 140, 3), 0.5)
    picture[10:90, 10:130] = patches
    faded = np.rint((0.1 + 0.6 * picture) * 255).astype(np.uint8)
    source = write(tmp_path / "a.png", make, faded, ".png")
    made = restore_file(source, tmp_path / "b.png", colour(chart=box))
    values = made.decisions[0].values
    assert values["delta_e_before"] > 8 > 3 > values["delta_e_after"]
    assert np.abs(make.decoded((tmp_path / "b.png").read_bytes())[5, 5] / 255 - 0.5).max() < 0.03
    patch = tuple((12.0 + 20 * i, 12.0, 28.0 + 20 * i, 28.0, *chart.checker(box)[0][i]) for i in range(6))
    assert restore_file(source, tmp_path / "c.png", colour(patches=patch)).decisions[0].values["patches"] == 6
    for bad in (colour(chart=(0, 0, 600, 400)), colour(chart=(10, 10, 130, 60)), colour(chart=(0, 0, 9, 9))):
        with pytest.raises(ChartRejected):
            restore_file(source, tmp_path / "d.png", bad)
    singular = bytearray(make.rgb_profile())
    start = singular.index(b"XYZ ", 200)
    singular[start + 8 : start + 20] = singular[start + 28 : start + 40]  # two of its primaries are one
    image = pyvips.Image.new_from_array(faded).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", bytes(singular))
    image.write_to_file(str(tmp_path / "s.png"))
    with pytest.raises(BadProfile, match="cannot be inverted"):
        restore_file(tmp_path / "s.png", tmp_path / "d.png", colour(chart=box))
    gray = write(tmp_path / "g.png", make, faded[..., :1], ".png")
    with pytest.raises(UsageError, match="gray picture"):
        restore_file(gray, tmp_path / "d.png", colour(chart=box))
    assert not (tmp_path / "d.png").exists()


def test_losses_are_filled_inside_the_mask_and_marked(tmp_path, make, monkeypatch) -> None:
    for name in ("damage-mask", "repair"):
        path = Path(__file__).parent.parent / "data" / f"tiny-{name}.onnx"
        monkeypatch.setitem(zoo.SHIPPED, name, (str(path), hashlib.sha256(path.read_bytes()).hexdigest()))
    picture = make.smooth(70, 90)
    mask = np.zeros((70, 90, 1), np.uint8)
    mask[20:24, 10:80] = 255
    source = write(tmp_path / "a.png", make, picture, ".png")
    given = write(tmp_path / "m.png", make, mask, ".png")
    plain = restore_file(source, tmp_path / "plain.png", relic())
    photo = PhotoOptions(mask=str(given))
    target = tmp_path / "out" / "filled.png"
    options = relic(relic=ColourOptions(fill=True), photo=photo, mask_out=tmp_path / "n.png")
    result, made = restore_and_record(Job(source, target, target.parent), options, lambda _: None)
    changed = make.decoded(target.read_bytes()) != make.decoded((tmp_path / "plain.png").read_bytes())
    assert changed[20:24, 10:80].any(axis=2).mean() > 0.9
    changed[20:24, 10:80] = False
    assert not changed.any()
    np.testing.assert_array_equal(make.decoded((tmp_path / "n.png").read_bytes())[..., :1], mask)
    assert plain.digital_source_type.endswith("algorithmicallyEnhanced")
    assert result.digital_source_type.endswith("compositeWithTrainedAlgorithmicMedia")
    assert set(made.models) == {"repair", "relic-colour"}
    folder.make(records.record_path(target), tmp_path / "evidence")
    np.testing.assert_array_equal(make.decoded((tmp_path / "evidence" / "invented.png").read_bytes()), mask)
    assert redo.repeat(redo.prepare(records.record_path(target), None, None), lambda _: None).identical
    with pytest.raises(UsageError, match="--fill"):
        relic(photo=photo)


def test_arrays_are_restored_alike(make) -> None:
    picture = make.smooth(40, 50)
    full = restore(picture, task="relic", threads=1)
    assert full.shape == picture.shape and full.dtype == np.uint8
    np.testing.assert_array_equal(restore(picture, task="relic", colour_strength=0.0, threads=1), picture)
    assert restore(picture, task="relic", scale=2, model="bicubic", lock_neutral=True, threads=1).shape == (80, 100, 3)


def test_options_that_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="one of them"):
        ColourOptions(chart=(0, 0, 9, 9), lut="a.cube")
    with pytest.raises(UsageError, match="color-strength"):
        ColourOptions(strength=2.0)
    with pytest.raises(UsageError, match="task relic"):
        Options(task="upscale", relic=ColourOptions(strength=0.5))
    with pytest.raises(UsageError, match="X0,Y0,X1,Y1"):
        ColourOptions(chart=(5, 5, 5, 9))


def test_a_master_comes_back_as_it_was(tmp_path, make) -> None:
    profile = make.rgb_profile()
    picture = make.smooth(50, 70, dtype=np.uint16)
    image = pyvips.Image.new_from_array(picture).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    image.tiffsave(str(tmp_path / "master.tif"), compression="none", xres=11.811, yres=11.811)
    options = relic(model="none", relic=ColourOptions(strength=0.0))
    restore_file(tmp_path / "master.tif", tmp_path / "a.tif", options)
    restore_file(tmp_path / "master.tif", tmp_path / "b.tif", relic())
    for name in ("a.tif", "b.tif"):
        with tifffile.TiffFile(tmp_path / name) as file:
            page = file.pages[0]
            assert page.dtype == np.uint16 and page.compression == 1
            assert bytes(page.tags["InterColorProfile"].value) == profile
            assert page.asarray().shape == picture.shape
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), picture)
