"""``relume restore --task relic`` and what comes with it, from the command line, without trained weights."""

from pathlib import Path

import numpy as np
import pytest
import pyvips

from relume.runtime.lut import Lut, write_cube


@pytest.fixture
def mural(tmp_path) -> Path:
    x = np.linspace(0, 255, 64 * 48 * 3).reshape(48, 64, 3).astype(np.uint8)
    path = tmp_path / "mural.tif"
    pyvips.Image.new_from_array(x).copy(interpretation="srgb").write_to_file(str(path))
    return path


@pytest.fixture
def cube(tmp_path) -> Path:
    path = tmp_path / "warm.cube"
    path.touch()
    write_cube(Lut((Lut.identity(9).table ** np.array([0.6, 0.7, 0.8])).astype(np.float32)), path, "warm")
    return path


def test_restore_evidence_verify_redo_and_iiif(answer, tmp_path, mural, cube) -> None:
    out, evidence = tmp_path / "out", tmp_path / "evidence"
    call = ("restore", mural, "--task", "relic", "--lut", cube, "--color-strength", 0.5, "-o", out, "--threads", 1)
    half = tmp_path / "half.cube"
    status, said = answer(*call, "--lut-out", half, "--evidence", evidence)
    assert status == 0
    (file,) = said["files"]
    assert (file["task"], file["scale"], file["status"]) == ("relic", 1, "ok")
    assert sorted(p.name for p in out.iterdir()) == ["mural.tif", "mural.tif.relume.json"]
    assert Path(file["evidence"]) == evidence / "mural.tif"
    assert (evidence / "mural.tif" / "report.html").is_file()
    assert half.read_text().startswith("TITLE")
    assert answer("verify", out)[0] == 0
    status, said = answer("redo", out / "mural.tif", "-o", tmp_path / "again.tif")
    assert (status, said["identical"]) == (0, True)
    status, said = answer("iiif", out, "--dest", tmp_path / "iiif", "--url", "https://a.example/x")
    assert status == 0
    assert said["manifests"][0]["manifest"] == "https://a.example/x/mural/manifest.json"
    again = tmp_path / "out2"
    status, said = answer(*call[:-3], again, "--evidence", evidence)
    assert (status, said["files"][0]["error"]["code"]) == (5, "exists")
    assert not again.exists()


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (("--chart", "0,0,60,40"), 4, "chart"),
        (("--chart", "0,0,600,400"), 4, "chart"),
        (("--chart", "1,2,3"), 2, "usage"),
        (("--color-strength", "1.2"), 2, "usage"),
        (("--scale", "3"), 2, "usage"),
        (("--lut", "short.cube"), 4, "lut"),
        (("--lut", "none.cube"), 4, "lut"),
        (("--reference", "few.csv"), 4, "chart"),
        (("--reference", "none.csv"), 4, "chart"),
        (("--lut", "warm.cube", "--chart", "0,0,60,40"), 2, "usage"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(answer, tmp_path, mural, cube, options, status, code) -> None:
    (tmp_path / "short.cube").write_text("LUT_3D_SIZE 17\n0 0 0\n1 1 1\n")
    (tmp_path / "few.csv").write_text("x0,y0,x1,y1,L,a,b\n0,0,4,4,50,0,0\n")
    given = [str(tmp_path / o) if o.endswith((".cube", ".csv")) else o for o in options]
    out = tmp_path / "out"
    found, said = answer("restore", mural, "--task", "relic", *given, "-o", out)
    error = said.get("error") or said["files"][0]["error"]
    assert (found, error["code"]) == (status, code), error
    assert "\n" not in error["message"] and len(error["message"]) < 300
    assert not out.exists()


def test_a_change_of_colour_is_a_matter_of_relics(answer, tmp_path, mural, cube) -> None:
    for options in (("--lut", cube), ("--color-strength", 0.5), ("--lut-out", tmp_path / "b.cube")):
        assert answer("restore", mural, *options, "-o", tmp_path / "out")[0] == 2
    assert answer("restore", mural, "--task", "repair", "--evidence", tmp_path / "e")[0] == 2
    assert not (tmp_path / "out").exists()
