"""Small pictures for the screen and pyramids: sRGB whatever the source's profile, and gray where it is gray."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from relume.runtime.pictures import views

GREEN, WIDE_GREEN = (60, 200, 60), 20
"""A green of Adobe RGB lies outside of sRGB: seen there, it has next to no red."""


def written(path, colour: tuple[int, int, int], profile: bytes | None) -> None:
    picture = pyvips.Image.new_from_array(np.full((48, 64, 3), colour, np.uint8)).copy(interpretation="srgb")
    if profile is not None:
        picture.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    picture.write_to_file(str(path))


def colour_of(path) -> np.ndarray:
    return pyvips.Image.new_from_file(str(path)).numpy()[8, 8].astype(int)


@pytest.mark.parametrize("suffix", [".tif", ".jpg"])
def test_adobe_rgb_is_shown_as_srgb(tmp_path, make, suffix: str) -> None:
    source = tmp_path / f"wide{suffix}"
    written(source, GREEN, make.rgb_profile())
    views.write_view(source, tmp_path / "view.jpg", 32)
    views.write_pyramid(source, tmp_path / "zoom")
    shown = [
        colour_of(tmp_path / "view.jpg"),
        colour_of(tmp_path / "zoom" / "0" / "0_0.jpg"),
        views.liveliest(source, 16)[8, 8].astype(int),
    ]
    assert all(seen[0] < WIDE_GREEN and abs(seen - shown[0]).max() <= 3 for seen in shown)


def test_a_telephone_s_heic_has_colours_of_its_own(tmp_path, make, monkeypatch) -> None:
    pi_heif = pytest.importorskip("pi_heif")

    class Opened(list):
        primary_index, size = 0, (64, 48)
        info = {"icc_profile": make.rgb_profile()}  # noqa: RUF012 (as pi_heif has it)

        def __getitem__(self, number):
            return self

        def __array__(self, dtype=None, copy=None) -> np.ndarray:
            return np.full((48, 64, 3), GREEN, np.uint8)

    monkeypatch.setattr(pi_heif, "open_heif", lambda *_, **__: Opened())
    source = tmp_path / "a.heic"
    source.write_bytes((Path(__file__).parent.parent / "data" / "small.heic").read_bytes())
    views.write_view(source, tmp_path / "view.jpg", 32)
    assert colour_of(tmp_path / "view.jpg")[0] < WIDE_GREEN


def test_a_bmp_is_shown_too(tmp_path, make) -> None:
    picture = make.smooth(48, 64)
    Image.fromarray(picture).save(tmp_path / "a.bmp")
    assert views.write_view(tmp_path / "a.bmp", tmp_path / "view.jpg", 32) == views.View(64, 48, False)
    assert views.write_pyramid(tmp_path / "a.bmp", tmp_path / "zoom") == (64, 48)
    assert np.array_equal(views.liveliest(tmp_path / "a.bmp", 64), picture)


@pytest.mark.parametrize("profiled", ["none", "srgb", "broken"])
def test_srgb_stays_as_it_is(tmp_path, make, profiled: str) -> None:
    source = tmp_path / f"{profiled}.tif"
    written(source, GREEN, {"none": None, "srgb": make.srgb_profile(), "broken": b"no profile" * 20}[profiled])
    views.write_view(source, tmp_path / "view.jpg", 32)
    views.write_pyramid(source, tmp_path / "zoom")
    for path in (tmp_path / "view.jpg", tmp_path / "zoom" / "0" / "0_0.jpg"):
        assert abs(colour_of(path) - GREEN).max() <= 2


@pytest.mark.parametrize(("colour", "gray"), [((90, 91, 90), True), ((90, 120, 90), False)])
def test_gray_is_told(tmp_path, colour: tuple[int, int, int], gray: bool) -> None:
    written(tmp_path / "a.png", colour, None)
    assert views.write_view(tmp_path / "a.png", tmp_path / "view.jpg", 32) == views.View(64, 48, gray)
