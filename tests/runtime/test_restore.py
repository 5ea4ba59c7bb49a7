import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tifffile
from PIL import Image

import relume
from relume.degrade.resample import resize
from relume.runtime import flow, tiling
from relume.runtime.arrays import from_object
from relume.runtime.options import Options, Progress
from relume.runtime.restore import estimate, output_suffix, restore, restore_bytes, restore_file
from relume.runtime.tasks import upscale
from relume.runtime.working import Working
from relume.signal import ModelError, OutputRefused, UsageError

BICUBIC = Options(scale=2, model="bicubic")


def in_tiles(array: np.ndarray, options: Options, tile: tuple[int, int]) -> np.ndarray:
    source, task = from_object(array), upscale.prepare(options, array.dtype)
    rows, columns = (tiling.spans(n, t, task.radius) for n, t in zip(array.shape, tile, strict=False))
    cut = tiling.Plan(tile, rows, columns)
    pieces = flow.strips(source, task, cut, Working(source.alpha), array.dtype, None)
    return np.concatenate([high.copy() for _, high in pieces])


@pytest.mark.parametrize("consistent", [False, True])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_tiled_equals_whole(make: ModuleType, tiny: str, scale: int, consistent: bool) -> None:
    picture = make.smooth(90, 113, 3, np.float32)
    options = Options(scale=scale, model=tiny, precision="f32", consistent=consistent)
    whole = restore(picture, scale=scale, model=tiny, precision="f32", consistent=consistent)
    assert np.abs(in_tiles(picture, options, (64, 58)) - whole).max() < 1e-6


def test_tiled_equals_whole_in_bf16_to_its_rounding(make: ModuleType, tiny: str) -> None:
    picture = make.smooth(90, 113, 3, np.uint8)
    options = Options(model=tiny, precision="bf16")
    whole = restore(picture, model=tiny, precision="bf16").astype(int)
    assert np.abs(in_tiles(picture, options, (64, 58)) - whole).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_bicubic_of_an_array_is_the_reference(make: ModuleType, bands: int, dtype: type) -> None:
    picture = make.smooth(31, 44, bands, dtype)
    found = restore(picture, scale=3, model="bicubic")
    assert found.dtype == dtype and found.shape == (93, 132, bands)
    white = 1 if dtype is np.float32 else np.iinfo(dtype).max
    if bands in (1, 3):
        expected = resize(picture / white, 3.0).clip(0, 1)
        assert np.abs(found / white - expected).max() <= 0.51 / white + 2e-6
    else:
        assert found.max() <= white


def test_kinds_of_images_come_back_as_they_went_in(make: ModuleType, tmp_path: Path) -> None:
    array = make.smooth(12, 10)
    assert restore(array[..., 0], scale=2, model="bicubic").shape == (24, 20)
    for mode in ("L", "LA", "RGB", "RGBA"):
        found = restore(Image.fromarray(array).convert(mode), scale=2, model="bicubic")
        assert isinstance(found, Image.Image) and (found.mode, found.size) == (mode, (20, 24))
    assert restore(Image.fromarray(array).convert("P"), scale=2, model="bicubic").mode == "RGB"
    path = tmp_path / "a.png"
    path.write_bytes(make.encoded(array, ".png"))
    assert np.array_equal(restore(path, scale=2, model="bicubic"), relume.restore(array, scale=2, model="bicubic"))
    with pytest.raises(UsageError, match="uint8, uint16 or float32"):
        restore(array.astype(np.int64))
    with pytest.raises(UsageError, match=r"\(H, W\)"):
        restore(array[None])
    with pytest.raises(UsageError, match="array, a PIL image or a path"):
        restore(7)


def test_flat_pictures_stay_flat(tiny: str) -> None:
    for value in (0, 77, 255):
        picture = np.full((20, 20, 4), value, np.uint8)
        picture[..., 3] = 255
        assert (restore(picture, model=tiny)[..., 3] == 255).all()


def test_colour_does_not_leak_from_transparent_pixels() -> None:
    """A red disc on transparent green: nowhere may green show."""
    y, x = np.mgrid[0:40, 0:40]
    inside = np.hypot(y - 20, x - 20) < 12
    picture = np.where(inside[..., None], [255, 0, 0, 255], [0, 255, 0, 0]).astype(np.uint8)
    found = restore(picture, scale=4, model="bicubic")
    seen = found[found[..., 3] > 0]
    assert 0.9 < len(seen) / (16 * inside.sum()) < 1.3
    assert (seen[:, 0] > 250).all() and (seen[:, 1] == 0).all()


def test_at_the_edge_of_alpha_no_network_leaves_specks(make: ModuleType, tiny: str) -> None:
    picture = make.smooth(60, 90, 4)
    picture[..., 3] = 255
    picture[20:40, 30:60, 3] = 0
    plain, found = (restore(picture, scale=2, model=model).astype(int) for model in ("bicubic", tiny))
    assert np.array_equal(found[..., 3], plain[..., 3])
    near = np.s_[2 * 17 : 2 * 43, 2 * 27 : 2 * 63]
    assert np.abs(found[near] - plain[near]).max() <= 1
    assert np.abs(found[:10] - plain[:10]).max() > 3
    whole = restore(picture, scale=2, model=tiny, precision="f32").astype(int)
    options = Options(scale=2, model=tiny, precision="f32")
    assert np.abs(in_tiles(picture, options, (50, 48)) - whole).max() <= 1


def test_a_16_bit_ramp_stays_monotone(tiny: str) -> None:
    ramp = np.linspace(2000, 60000, 256).round().astype(np.uint16)[None, :].repeat(24, 0)
    found = restore(ramp, scale=4, model="bicubic").astype(int)
    assert (np.diff(found[40, 16:-16]) >= 0).all()
    expected = resize(ramp / 65535, 4.0) * 65535
    assert np.abs(found - expected)[:, 16:-16].max() <= 1
    assert upscale.prepare(Options(model=tiny), np.dtype(np.uint16)).network.precision == "f32"


class Broken:
    """A network that fails in one way or another."""

    engine, precision, footprint = "none", "f32", 100

    def __init__(self, fault: float | None) -> None:
        self._fault = fault

    def __call__(self, x: np.ndarray) -> np.ndarray:
        y = np.repeat(np.repeat(x, 2, 0), 2, 1).copy()
        if self._fault is None:
            return y[1:]
        y[3, 3] = self._fault
        return y


@pytest.mark.parametrize("fault", [float("nan"), float("inf"), None])
def test_a_failed_tile_fails_the_picture(
    make: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: float | None
) -> None:
    monkeypatch.setattr(upscale, "Bicubic", lambda scale: Broken(fault))
    with pytest.raises(ModelError):
        restore_file(make.encoded(make.smooth(20, 20), ".png"), tmp_path / "out.png", BICUBIC)
    assert not list(tmp_path.iterdir())


def test_the_result_says_what_was_done(make: ModuleType, tiny: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    source.write_bytes(make.encoded(make.smooth(70, 50), ".png"))
    seen: list[Progress] = []
    result = restore_file(source, target, Options(scale=3, model=tiny, max_memory=330 << 20), seen.append)
    assert (result.width, result.height, result.bands, result.depth) == (150, 210, 3, 8)
    assert result.pixels_out == 150 * 210 and 0 < result.network_seconds < result.seconds
    assert result.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert result.output_sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert result.model_sha256 == hashlib.sha256(Path(tiny).read_bytes()).hexdigest()
    assert result.digital_source_type.endswith("/algorithmicallyEnhanced")
    assert seen[-1].done == seen[-1].total >= 1 and [p.done for p in seen] == list(range(1, seen[-1].total + 1))
    again = tmp_path / "again.png"
    restore_file(source, again, Options(**result.parameters))
    assert again.read_bytes() == target.read_bytes()


def test_bytes_in_bytes_out(make: ModuleType) -> None:
    data = make.encoded(make.smooth(20, 30), ".png")
    out, result = restore_bytes(data, ".tif", BICUBIC)
    assert make.decoded(out).shape == (40, 60, 3)
    assert result.output_sha256 == hashlib.sha256(out).hexdigest()
    with pytest.raises(UsageError, match=r"\.gif"):
        restore_bytes(data, ".gif", BICUBIC)


def test_consistency_rises_with_back_projection(make: ModuleType, tiny: str) -> None:
    data = make.encoded(make.smooth(40, 40), ".png")
    plain = restore_bytes(data, ".png", Options(model=tiny))[1].consistency_db
    better = restore_bytes(data, ".png", Options(model=tiny, consistent=True))[1].consistency_db
    assert plain is not None and better is not None and better > plain + 10


def test_the_heat_map_is_a_small_picture(make: ModuleType, tmp_path: Path) -> None:
    data = make.encoded(make.smooth(30, 2100, 1), ".png")
    report = tmp_path / "heat.png"
    restore_file(data, tmp_path / "out.png", Options(scale=2, model="bicubic", report=report))
    assert make.decoded(report.read_bytes()).shape == (10, 700, 3)
    with pytest.raises(OutputRefused, match="exists"):
        restore_file(data, tmp_path / "other.png", Options(scale=2, model="bicubic", report=report))
    assert not (tmp_path / "other.png").exists()


def test_nothing_is_overwritten(make: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(make.encoded(make.smooth(9, 9), ".png"))
    before = source.read_bytes()
    with pytest.raises(OutputRefused, match="exists") as caught:
        restore_file(source, source, BICUBIC)
    assert caught.value.code == "exists" and source.read_bytes() == before
    dangling = tmp_path / "link.png"
    dangling.symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(OutputRefused, match="exists"):
        restore_file(source, dangling, BICUBIC)


def test_a_target_that_appears_meanwhile_is_left_alone(make: ModuleType, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    with pytest.raises(OutputRefused, match="meanwhile"):
        restore_file(make.encoded(make.smooth(9, 9), ".png"), target, BICUBIC, lambda _: target.write_text("mine"))
    assert target.read_text() == "mine" and list(tmp_path.iterdir()) == [target]


def test_an_interruption_leaves_nothing(make: ModuleType, tmp_path: Path) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    for suffix in (".png", ".tif"):
        with pytest.raises(KeyboardInterrupt):
            restore_file(make.encoded(make.smooth(9, 9), ".png"), tmp_path / f"out{suffix}", BICUBIC, interrupt)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(make: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(OutputRefused, match="cannot write there"):
        restore_file(make.encoded(make.smooth(9, 9), ".png"), tmp_path / "no" / "out.png", BICUBIC)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from relume.runtime.restore import Options, restore_file
from relume.signal import OutputRefused
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    restore_file(Path(sys.argv[1]), Path(sys.argv[2]), Options(scale=4, model="bicubic"))
except OutputRefused as error:
    print(error.code)
"""


@pytest.mark.parametrize("name", ["out.png", "out.tif", "out.jpg", "out.webp", "float.tif"])
def test_a_file_that_cannot_grow_is_refused_and_removed(make: ModuleType, tmp_path: Path, name: str) -> None:
    """A limit on the size of files stands in for a full disk."""
    source = tmp_path / "in"
    noise = np.random.default_rng(0).random((90, 90, 3), dtype=np.float32)
    if name == "float.tif":
        tifffile.imwrite(source, noise, photometric="rgb")
    else:
        source.write_bytes(make.encoded((noise * 255).astype(np.uint8), ".png"))
    command = [sys.executable, "-c", LIMITED, str(source), str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "unwritable", done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_file_systems_without_hard_links_are_served(
    make: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    restore_file(make.encoded(make.smooth(9, 9), ".png"), tmp_path / "out.png", BICUBIC)
    assert [f.name for f in tmp_path.iterdir()] == ["out.png"]


def test_an_estimate_is_near(make: ModuleType, tiny: str, tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    source.write_bytes(make.encoded(make.smooth(60, 80), ".png"))
    found = estimate(source, Options(scale=3, model=tiny))
    assert (found.width, found.height, found.pixels_out) == (240, 180, 43200)
    assert found.seconds > 0 and found.disk < 3 * 43200 and found.memory > 1 << 20


def test_int8_is_for_those_that_know_it_and_is_recorded(tmp_path: Path) -> None:
    shades = resize(np.random.default_rng(0).random((10, 12, 3)), size=(40, 48))
    picture = np.rint(255 * np.clip(shades, 0, 1)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    found = {}
    for name, model in (("b.png", "cascade-psnr"), ("c.png", "cascade-gan")):
        options = Options(scale=2, precision="int8", model=model)
        found[model] = restore_file(tmp_path / "a.png", tmp_path / name, options).precision
    assert found["cascade-psnr"] == "int8" != found["cascade-gan"]
    taken, exact = (restore(picture, scale=2, precision=p) for p in ("int8", "f32"))
    assert 0 < np.abs(np.asarray(taken).astype(int) - np.asarray(exact)).mean() < 1


def test_options_are_checked_when_they_are_made(tiny: str) -> None:
    for wrong in (
        {"scale": 0},
        {"engine": "x"},
        {"precision": "int4"},
        {"max_memory": 1},
        {"threads": 0},
        {"max_pixels": 0},
    ):
        with pytest.raises(UsageError):
            Options(**wrong)
    with pytest.raises(UsageError, match="f32"):
        Options(engine="onnxruntime", precision="bf16")
    with pytest.raises(UsageError, match="no task"):
        restore(np.zeros((4, 4), np.uint8), task="nonsense")
    with pytest.raises(ModelError, match="enlarges by 2, 3, 4, not by 5"):
        restore(np.zeros((4, 4), np.uint8), scale=5, model=tiny)


def test_output_suffixes_follow_the_content(make: ModuleType, tmp_path: Path) -> None:
    jpeg, png = make.encoded(make.smooth(4, 4), ".jpg"), make.encoded(make.smooth(4, 4), ".png")
    cases = {"a.JPE": (jpeg, ".JPE"), "b.png": (jpeg, ".jpg"), "c": (png, ".png"), "d.tif": (png, ".png")}
    gif = make.by_pillow(make.smooth(4, 4), "GIF")
    cases |= {"e.gif": (gif, ".png"), "f.bmp": (make.by_pillow(make.smooth(4, 4), "BMP"), ".png")}
    for name, (data, expected) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert output_suffix(tmp_path / name) == expected
    assert output_suffix(io.BytesIO(jpeg).read()) == ".jpg"
