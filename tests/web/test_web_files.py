"""Heads, names, scrubbing and the store: what the page itself does with bytes that nobody has checked yet."""

from __future__ import annotations

import io
import os
import struct
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest_web import picture
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from relume.runtime.pictures.errors import Damaged
from relume.signal import InputRejected, UsageError
from relume.web import words
from relume.web.intake import clean_name
from relume.web.scrub import scrubbed
from relume.web.settings import Settings
from relume.web.sniff import Head, sniff
from relume.web.store import Store, StoreFull

KINDS = {"PNG": "png", "JPEG": "jpeg", "WEBP": "webp", "TIFF": "tiff", "GIF": "gif", "BMP": "bmp"}


@pytest.mark.parametrize(("pillow", "kind"), KINDS.items())
def test_heads_of_all_kinds(pillow: str, kind: str) -> None:
    assert sniff(io.BytesIO(picture(37, 21, pillow)), 10_000) == Head(kind, 37, 21)


def test_heads_of_unusual_kinds() -> None:
    assert sniff(io.BytesIO(picture(37, 21, "WEBP", lossless=True)), 10_000) == Head("webp", 37, 21)
    assert sniff(io.BytesIO(picture(37, 21, "TIFF", big_tiff=True)), 10_000) == Head("tiff", 37, 21)
    assert sniff(io.BytesIO(picture(37, 21, "JPEG", progressive=True, comment=b"x" * 60_000)), 10_000).width == 37
    alpha = io.BytesIO()
    Image.new("RGBA", (37, 21), (1, 2, 3, 100)).save(alpha, "WEBP")
    assert sniff(alpha, 10_000) == Head("webp", 37, 21)
    ispe = struct.pack(">I4sIII", 20, b"ispe", 0, 37, 21) + struct.pack(">I4sIII", 20, b"ispe", 0, 16, 16)
    heic = (
        struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1")
        + struct.pack(">I4sI", 12 + len(ispe), b"meta", 0)
        + ispe
    )
    assert sniff(io.BytesIO(heic), 10_000) == Head("heif", 37, 21)


@pytest.mark.parametrize("offset", [1 << 44, (1 << 62) - 1, (1 << 64) - 1])
def test_offsets_beyond_any_file_are_damage(tmp_path, offset: int) -> None:
    (tmp_path / "a.tif").write_bytes(struct.pack(">2sHHHQ", b"MM", 43, 8, 0, offset) + bytes(64))
    with (tmp_path / "a.tif").open("rb") as stream, pytest.raises(InputRejected, match="damaged"):
        sniff(stream, 10_000)


@given(st.sampled_from(sorted(KINDS)), st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_no_head_breaks_the_page(pillow: str, data: st.DataObject) -> None:
    whole = bytearray(picture(12, 9, pillow))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, min(len(whole), 200) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        head = sniff(io.BytesIO(cut), 10_000)
    except InputRejected as error:
        assert error.code in {"damaged", "not-a-picture", "too-large"} and "\n" not in str(error)
    else:
        assert 1 <= head.width * head.height <= 10_000


@given(st.binary(max_size=400))
@hypothesis_settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_page(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"II*\0", b"MM\0+\0\x08\0\0", b"\0\0\0\x18ftypheic", b"RIFF\0\0\0\0WEBP"):
        with pytest.raises(InputRejected) if not start else _any():
            sniff(io.BytesIO(start + data), 1)


class _any:
    def __enter__(self) -> None: ...

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> bool:
        return kind is None or issubclass(kind, InputRejected)


@pytest.mark.parametrize(
    ("given_name", "kind", "wanted"),
    [
        ("photo.png", "png", "photo.png"),
        ("photo.JPEG", "jpeg", "photo.jpeg"),
        ("photo.png", "jpeg", "photo.jpg"),
        ("C:\\Users\\me\\scan.tiff", "tiff", "scan.tiff"),
        ("../../x", "png", "x.png"),
        ("", "heif", "picture.heic"),
        ("...", "gif", "picture.gif"),
        ("a\x00b\nc.png", "png", "abc.png"),
        ("Großmutter 1923.webp", "webp", "Großmutter 1923.webp"),
        ("x" * 500 + ".bmp", "bmp", "x" * 120 + ".bmp"),
        ("shell.php.png", "png", "shell.php.png"),
        (".htaccess", "png", "htaccess.png"),
    ],
)
def test_names(given_name: str, kind: str, wanted: str) -> None:
    assert clean_name(given_name, Head(kind, 1, 1)) == wanted


@given(st.text(max_size=300))
@hypothesis_settings(max_examples=200, deadline=None)
def test_no_name_is_a_path(text: str) -> None:
    name = clean_name(text, Head("png", 1, 1))
    assert name.endswith(".png") and len(name) > 4 and name == Path(name).name and name.isprintable()


def located(kind: str) -> tuple[bytes, bytes]:
    """A picture that says where it was taken, and words of it that must be gone afterwards."""
    exif = Image.Exif()
    exif[0x010F] = "Some Maker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[29] = "1923:05:17"
    more = {"exif": exif.tobytes()}
    if kind == "TIFF":
        from PIL.TiffImagePlugin import ImageFileDirectory_v2

        info = ImageFileDirectory_v2()
        info[0x010F], info[0x8825] = "Some Maker", {1: "N", 29: "1923:05:17"}
        more = {"tiffinfo": info}
    if kind in ("JPEG", "WEBP"):
        more["xmp"] = b"<x:xmpmeta>Some Maker</x:xmpmeta>"
    profile = Image.open(io.BytesIO(picture())).info.get("icc_profile") or _profile()
    return picture(30, 20, kind, icc_profile=profile, **more), profile


@cache
def _profile() -> bytes:
    """One profile for all: it holds the second it was made in."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_scrubbing_is_lossless_and_leaves_no_place(kind: str) -> None:
    data, profile = located(kind)
    assert b"Some Maker" in data and b"1923:05:17" in data
    clean = scrubbed(data, KINDS[kind])
    assert b"Some Maker" not in clean and b"1923:05:17" not in clean
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(clean))
    assert np.array_equal(np.asarray(before), np.asarray(after)) and after.info["icc_profile"] == profile
    gps = after.getexif().get_ifd(0x8825)
    assert not gps


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]), st.data())
@hypothesis_settings(max_examples=80, deadline=None)
def test_scrubbing_never_breaks(kind: str, data: st.DataObject) -> None:
    whole = bytearray(located(kind)[0])
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        clean = scrubbed(bytes(whole[: data.draw(st.integers(8, len(whole)))]), KINDS[kind])
    except Damaged:
        return
    assert len(clean) <= len(whole)


def test_store_keeps_each_content_once(tmp_path) -> None:
    store = Store(tmp_path / "s")
    digest, size = store.keep(io.BytesIO(b"hello"))
    assert store.keep(io.BytesIO(b"hello")) == (digest, size) and size == 5
    assert store.path(digest).read_bytes() == b"hello" and list(store.incoming.iterdir()) == []
    assert (store.root.stat().st_mode | store.path(digest).stat().st_mode) & 0o077 == 0
    store.drop(digest)
    assert not store.has(digest)
    with pytest.raises(ValueError, match="no sha256"):
        store.path("../../etc/passwd")


def test_store_sweeps_only_what_is_old_and_unnamed(tmp_path) -> None:
    store = Store(tmp_path / "s")
    kept, lost = store.keep(io.BytesIO(b"kept"))[0], store.keep(io.BytesIO(b"lost"))[0]
    (store.work / "dead").mkdir()
    (store.work / "dead" / "x").touch()
    store.views_of("gone").mkdir()
    store.views_of("here").mkdir()
    (store.incoming / "half").touch()
    assert store.sweep({kept}, {"here"}) == 0
    old = time.time() - 9999
    for path in (
        store.path(kept),
        store.path(lost),
        store.work / "dead",
        store.incoming / "half",
        *store.views.iterdir(),
    ):
        os.utime(path, (old, old))
    assert store.sweep({kept}, {"here"}) == 4
    assert store.has(kept) and not store.has(lost) and [p.name for p in store.views.iterdir()] == ["here"]


def test_store_secret_is_private_and_stays(tmp_path) -> None:
    store = Store(tmp_path / "s")
    secret = store.secret()
    assert len(secret) == 64 and Store(tmp_path / "s").secret() == secret
    assert (store.root / "secret").stat().st_mode & 0o777 == 0o600


def test_store_full(tmp_path) -> None:
    with pytest.raises(StoreFull):
        Store(tmp_path / "s", quota=100).check_room(90, 11)
    with pytest.raises(StoreFull):
        Store(tmp_path / "s").check_room(0, 1 << 60)


def test_settings_from_environment_and_back(tmp_path) -> None:
    one = Settings(tmp_path, retain=60.5, shared=True, hosts="a,b", max_pixels=5)
    assert Settings.from_environment(one.to_environment()) == one
    for wrong in ({}, {"RELUME_STORE": "x", "RELUME_QUEUE": "many"}, {"RELUME_STORE": "x", "RELUME_SHARED": "yes"}):
        with pytest.raises(UsageError):
            Settings.from_environment(wrong)
    with pytest.raises(UsageError, match="max_pixels must be above 0, not 0"):
        Settings(tmp_path, max_pixels=0)


def test_words() -> None:
    sizes = ["0 B", "999 B", "1.0 KB", "93 KB", "268 MB", "10 TB"]
    assert [words.size(n) for n in (0, 999, 1000, 93_140, 268_435_456, 10**13)] == sizes
    assert [words.duration(n) for n in (0.04, 12.3, 600)] == ["0.0 s", "12 s", "10 min"]
    assert words.ago(None) == "" and words.ago(time.time() - 61) == "1 minute ago"
    assert words.ago(time.time() - 7300) == "2 hours ago"
    assert words.span(30 * 86_400) == "30 days" and words.span(0) == ""
