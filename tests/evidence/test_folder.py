import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image

pytest.importorskip("onnx")

from relume.evidence import folder, residual, uncertainty
from relume.runtime import zoo
from relume.runtime.arrays import from_object
from relume.runtime.batch import restore_and_record
from relume.runtime.colour_options import ColourOptions
from relume.runtime.lut import read_cube
from relume.runtime.naming import Job
from relume.runtime.options import Options
from relume.runtime.pictures.errors import Exists
from relume.runtime.record import record_path
from relume.signal import InputRejected
from tests.relics import colour_network


@pytest.fixture
def shipped(monkeypatch, tmp_path_factory):
    """Ships a ``relic-colour`` that follows one pixel of the picture as far as it is told to."""

    def ship(follow: float = 0.0) -> None:
        path = tmp_path_factory.mktemp("weights") / "relic-colour.onnx"
        monkeypatch.setitem(zoo.SHIPPED, "relic-colour", (str(path), colour_network(path, follow=follow)))
        monkeypatch.delitem(zoo.SHIPPED, "relic-detail", raising=False)

    return ship


def restored(tmp_path: Path, make, dtype: type, options: Options) -> Path:
    source, target = tmp_path / "wall <1>.tif", tmp_path / "out" / "wall <1>.tif"
    source.write_bytes(make.encoded(make.smooth(90, 120, dtype=dtype), ".tif"))
    restore_and_record(Job(source, target, target.parent), options, lambda _: None)
    return target


@pytest.mark.parametrize(("dtype", "scale"), [(np.uint16, 1), (np.uint8, 2)])
def test_the_folder_holds_what_it_takes_to_check_and_undo(tmp_path, make, shipped, dtype, scale) -> None:
    shipped()
    model = "bicubic" if scale > 1 else None
    target = restored(tmp_path, make, dtype, Options(task="relic", scale=scale, model=model, threads=1))
    before = {path.name for path in target.parent.iterdir()}
    place = tmp_path / "evidence"
    found = folder.make(record_path(target), place)
    assert {path.name for path in target.parent.iterdir()} == before
    said = json.loads((place / "evidence.json").read_text())
    for name, digest in said["files"].items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest
    original = tmp_path / "wall <1>.tif"
    assert (place / "original.sha256").read_text().split()[0] == hashlib.sha256(original.read_bytes()).hexdigest()
    residual.rebuild(original, place / "residual.tif", tmp_path / "again.tif", 8 * np.dtype(dtype).itemsize)
    again, result = (pyvips.Image.new_from_file(str(p)).numpy() for p in (tmp_path / "again.tif", target))
    np.testing.assert_array_equal(again, result)
    assert (place / "restored.tif").read_bytes() == target.read_bytes()
    assert read_cube(place / "colour.cube").size == 5
    assert pyvips.Image.new_from_file(str(place / "invented.png")).max() == 0
    assert found.consistency_db > (90 if scale == 1 else 30)
    assert found.uncertainty_mean < 1e-6 and found.uncertainty_views == 8
    assert found.colour_moved_delta_e > 3
    page = (place / "report.html").read_text()
    assert "wall &lt;1&gt;.tif" in page and "wall <1>" not in page
    assert len(re.findall("data:image/jpeg", page)) == 6
    assert "to the bit" in page and "relic-colour" in page
    sheet = (place / "report.pdf").read_bytes()
    assert sheet.startswith(b"%PDF-1.4") and sheet.count(b"/DCTDecode") == 9
    assert b"wall <1>.tif" in sheet and b"/Count 1" in sheet
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", sheet), 1):
        assert sheet[int(offset) :].startswith(b"%d 0 obj" % number)
    for name in re.findall(r'src="([\w.]+)"', page):
        assert (place / name).is_file()
    with pytest.raises(Exists):
        folder.make(record_path(target), place)


@pytest.mark.parametrize("name", ["float.tif", "small.bmp", "tiny.png", "small.heic"])
def test_every_kind_of_picture_has_its_evidence(tmp_path, make, shipped, name) -> None:
    shipped()
    source = tmp_path / name
    if name == "float.tif":
        tifffile.imwrite(source, make.smooth(30, 40, dtype=np.float32), photometric="rgb")
    elif name == "small.heic":
        source.write_bytes((Path(__file__).parent.parent / "data" / name).read_bytes())
    else:
        side = 1 if name == "tiny.png" else 20
        Image.fromarray(make.smooth(side, side)).save(source)
    target = (tmp_path / "out" / name).with_suffix(".tif" if name == "float.tif" else ".png")
    restore_and_record(Job(source, target, target.parent), Options(task="relic", threads=1), lambda _: None)
    found = folder.make(record_path(target), tmp_path / "evidence")
    assert (found.residual_changed is None) == (name == "float.tif")
    assert (tmp_path / "evidence" / "residual.tif").exists() == (name != "float.tif")
    assert "Residual" in (tmp_path / "evidence" / "report.html").read_text()


def test_a_network_that_looks_at_a_corner_is_told(shipped) -> None:
    x = np.full((40, 60, 3), 0.4, np.float32)
    x[:8, :8] = 0.9
    options = Options(task="relic", threads=1)
    shipped(follow=0.0)
    assert uncertainty.of_options(lambda: from_object(x), options).mean < 1e-6
    shipped(follow=0.4)
    assert uncertainty.of_options(lambda: from_object(x), options).mean > 0.02


def test_what_is_given_is_sure_and_what_changed_is_refused(tmp_path, make, shipped) -> None:
    shipped(follow=0.4)
    first = restored(tmp_path, make, np.uint8, Options(task="relic", lut_out=tmp_path / "a.cube", threads=1))
    options = Options(task="relic", relic=ColourOptions(lut=str(tmp_path / "a.cube")), threads=1)
    source = tmp_path / "wall <1>.tif"
    target = tmp_path / "out" / "second.tif"
    restore_and_record(Job(source, target, target.parent), options, lambda _: None)
    found = folder.make(record_path(target), tmp_path / "sure")
    assert found.uncertainty_mean == 0
    with first.open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputRejected, match="changed since"):
        folder.make(record_path(first), tmp_path / "not")
    assert not (tmp_path / "not").exists()
