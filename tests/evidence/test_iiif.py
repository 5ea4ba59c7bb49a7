"""The required properties are those of the Image API 3.0 (5.1 to 5.3, 6) and the Presentation API 3.0 (A, 5)."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import pyvips

from relume.evidence import iiif
from relume.runtime.batch import restore_and_record
from relume.runtime.naming import Job
from relume.runtime.options import Options
from relume.runtime.pictures import iiif_tiles
from relume.runtime.record import record_path
from relume.signal import InputRejected, UsageError

URL = "https://museum.example/iiif"


@pytest.fixture
def result(tmp_path, make) -> Path:
    """A restored picture of 1200 x 900, from one of 600 x 450."""
    source, target = tmp_path / "mural 1.png", tmp_path / "out" / "mural 1.png"
    source.write_bytes(make.encoded(make.smooth(450, 600), ".png"))
    target.parent.mkdir()
    restore_and_record(Job(source, target, target.parent), Options(scale=2, model="bicubic"), lambda _: None)
    return record_path(target)


def parts(folder: Path) -> list[tuple[str, tuple[int, int]]]:
    """Every request that the files answer: (region, size) and the true (width, height)."""
    found = []
    for path in folder.rglob("default.jpg"):
        region, size, rotation, _ = path.relative_to(folder).parts
        assert rotation == "0"
        image = pyvips.Image.new_from_file(str(path))
        if size != "max":
            assert (image.width, image.height) == tuple(map(int, size.split(",")))
        found.append((region, (image.width, image.height)))
    return found


def test_services_are_complete_at_level_0(result, tmp_path) -> None:
    made = iiif.publish(result, tmp_path / "iiif", URL, "mural 1")
    for kind, width, height in (("original", 600, 450), ("restored", 1200, 900)):
        folder = made.folder / kind
        info = json.loads((folder / "info.json").read_text())
        assert info["@context"] == "http://iiif.io/api/image/3/context.json"
        assert info["id"] == f"{URL}/mural%201/{kind}"
        assert (info["type"], info["protocol"], info["profile"]) == (
            "ImageService3",
            "http://iiif.io/api/image",
            "level0",
        )
        assert (info["width"], info["height"]) == (width, height)
        for size in info["sizes"]:
            assert (folder / "full" / f"{size['width']},{size['height']}" / "0" / "default.jpg").is_file()
        answered = parts(folder)
        assert ("full", (width, height)) in answered
        for factor in info["tiles"][0]["scaleFactors"]:
            step = info["tiles"][0]["width"] * factor
            for y in range(0, height, step):
                for x in range(0, width, step):
                    w, h = min(step, width - x), min(step, height - y)
                    region = "full" if (w, h) == (width, height) else f"{x},{y},{w},{h}"
                    assert (region, (-(-w // factor), -(-h // factor))) in answered


def test_a_large_picture_says_what_is_the_most_it_gives(monkeypatch, tmp_path, make) -> None:
    monkeypatch.setattr(iiif_tiles, "LARGEST", 500)
    source = tmp_path / "a.tif"
    source.write_bytes(make.encoded(make.smooth(700, 900, dtype=np.uint16), ".tif"))
    service = iiif_tiles.write(source, tmp_path / "a", URL)
    info = json.loads((tmp_path / "a" / "info.json").read_text())
    assert service.most == (info["maxWidth"], info["maxHeight"]) == (450, 350)
    assert pyvips.Image.new_from_file(str(tmp_path / "a" / "full" / "max" / "0" / "default.jpg")).width == 450


def test_colours_are_those_of_srgb(tmp_path, make) -> None:
    wide = make.rgb_profile()
    picture = pyvips.Image.new_from_array(np.full((40, 40, 3), (60, 200, 60), np.uint8)).copy(interpretation="srgb")
    picture.set_type(pyvips.GValue.blob_type, "icc-profile-data", wide)
    picture.write_to_file(str(tmp_path / "a.tif"))
    iiif_tiles.write(tmp_path / "a.tif", tmp_path / "a", URL)
    shown = pyvips.Image.new_from_file(str(tmp_path / "a" / "full" / "max" / "0" / "default.jpg")).numpy()[20, 20]
    assert shown[0] < 20  # Adobe RGB's green lies outside of sRGB


def test_the_manifest_has_what_the_standard_requires(result, tmp_path) -> None:
    made = iiif.publish(result, tmp_path / "iiif", URL, "mural 1")
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert (manifest["id"], manifest["type"]) == (made.manifest, "Manifest")
    ids = [manifest["id"]]
    for words in (manifest["label"], *(pair[key] for pair in manifest["metadata"] for key in ("label", "value"))):
        assert all(re.fullmatch("[a-z-]+", language) for language in words)
        assert all(isinstance(line, str) for lines in words.values() for line in lines)
    both, original, restored = manifest["items"]
    assert len(both["items"][0]["items"]) == 2
    for canvas in manifest["items"]:
        assert canvas["type"] == "Canvas" and canvas["width"] > 0 and canvas["height"] > 0
        (page,) = canvas["items"]
        assert page["type"] == "AnnotationPage"
        ids += [canvas["id"], page["id"]]
        for annotation in page["items"]:
            ids.append(annotation["id"])
            assert (annotation["type"], annotation["motivation"]) == ("Annotation", "painting")
            target, _, place = annotation["target"].partition("#xywh=")
            assert target == canvas["id"]
            if place:
                x, y, w, h = map(int, place.split(","))
                assert x + w <= canvas["width"] and y + h <= canvas["height"]
            body = annotation["body"]
            assert body["type"] == "Image" and body["format"] == "image/jpeg"
            (service,) = body["service"]
            assert (service["type"], service["profile"]) == ("ImageService3", "level0")
            local = made.folder.parent / "mural 1" / service["id"].rpartition("/")[2]
            info = json.loads((local / "info.json").read_text())
            assert info["id"] == service["id"]
            assert body["id"] == f"{service['id']}/full/max/0/default.jpg"
    assert len(set(ids)) == len(ids) and all(name.startswith("https://") and "#" not in name for name in ids)
    assert (original["width"], restored["width"]) == (600, 1200)


def test_what_has_changed_is_not_shown(result, tmp_path) -> None:
    with pytest.raises(UsageError, match="--url"):
        iiif.publish(result, tmp_path / "iiif", "ftp://x", "a")
    (tmp_path / "mural 1.png").write_bytes(b"other")
    with pytest.raises(InputRejected, match="changed since"):
        iiif.publish(result, tmp_path / "iiif", URL, "a")
    assert not (tmp_path / "iiif").exists()


def test_the_published_schema_takes_the_manifest(result, tmp_path) -> None:
    prezi = pytest.importorskip("iiif_prezi3", reason="models made from the Presentation API's published schema")
    made = iiif.publish(result, tmp_path / "iiif", URL, "mural 1")
    assert len(prezi.Manifest(**json.loads((made.folder / "manifest.json").read_text())).items) == 3
