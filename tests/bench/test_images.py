import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.bench.contenders import find
from relume.bench.images import Contender, compare, measure, score
from relume.bench.results import interval, provenance, read, write
from relume.bench.sets import Pair, Picture, load, pair, read_set
from relume.card import ModelCard
from relume.degrade.resample import resize
from relume.metrics import psnr_y
from relume.runtime.restore import restore
from relume.signal import InputRejected, ModelError, OutputRefused, UsageError

CARD = ModelCard(
    name="nearest",
    task="upscale",
    outputs={"x4": 4},
    radius=0,
    parameters=7,
    macs_per_pixel={"x4": 32},
    licence="",
    data=(),
    recipe={},
    commit="",
)


def nearest(low, scale):
    return np.repeat(np.repeat(low, scale, 0), scale, 1)


def bicubic(low, scale):
    return np.clip(np.rint(resize(low / 255.0, scale) * 255), 0, 255).astype(np.uint8)


def picture(seed, height=67, width=58, channels=3):
    rng = np.random.default_rng(seed)
    shade = resize(rng.random((6, 7, channels)), size=(height, width))
    return np.clip(np.rint(shade * 255), 0, 255).astype(np.uint8)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "sr-test" / "Set2"
    folder.mkdir(parents=True)
    Image.fromarray(picture(0)).save(folder / "colour.png")
    Image.fromarray(picture(1)[..., 0]).save(folder / "gray.png")
    (folder / "notes.txt").write_text("not a picture")
    return tmp_path


def test_sets_are_read_as_they_are_stored(data):
    colour, gray = read_set(data, "Set2")
    assert (colour.name, colour.pixels.shape) == ("colour", (67, 58, 3))
    assert (gray.name, gray.pixels.shape) == ("gray", (67, 58))
    (data / "Set3").mkdir()
    Image.fromarray(picture(2)).save(data / "Set3" / "a.bmp")
    assert [p.name for p in read_set(data, "Set3")] == ["a"]


def test_missing_and_empty_sets_are_clear(data):
    with pytest.raises(UsageError, match="no test set Set9: neither"):
        read_set(data, "Set9")
    (data / "Set8").mkdir()
    with pytest.raises(UsageError, match="no pictures in"):
        read_set(data, "Set8")
    (data / "broken.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(InputRejected, match=r"broken\.png: not a readable picture"):
        load(data / "broken.png")


def test_pairs_are_cut_and_shrunk(data):
    found = pair(Picture("a", picture(0)), 4)
    assert (found.high.shape, found.low.shape, found.low.dtype) == ((64, 56, 3), (16, 14, 3), np.uint8)


def test_a_row_has_every_column_of_the_protocol(data):
    pairs = [pair(p, 4) for p in read_set(data, "Set2")]
    row = measure(
        Contender("nearest", nearest, CARD, "abc"),
        pairs,
        "Set2",
        4,
        {"lpips_alex": lambda a, b: float(abs(a - b).mean())},
    )
    columns = "model set scale psnr_y ssim_y psnr_rgb lpips_alex lpips_vgg n parameters megapixels_per_second"
    assert set(columns.split()) <= set(row)
    assert (row["n"], row["parameters"], row["lpips_vgg"], row["weights_sha256"]) == (2, 7, None, "abc")
    expected = [psnr_y(p.high / 255, nearest(p.low, 4) / 255, 4) for p in pairs]
    assert row["psnr_y"] == pytest.approx(np.mean(expected))
    assert row["interval_95"]["psnr_y"][0] < row["psnr_y"] < row["interval_95"]["psnr_y"][1]
    assert row["macs_per_output_pixel"] == 2
    assert row["megapixels_per_second"] > 0


def test_gray_is_scored_on_gray_and_as_three_equal_channels():
    found = pair(Picture("g", picture(1)[..., 0]), 4)
    shapes = []
    scores = score(found, nearest(found.low, 4), 4, {"d": lambda a, b: shapes.append((a.shape, b.shape)) or 0.0})
    assert shapes == [((56, 48, 3), (56, 48, 3))]  # shaved, and on three channels
    # on three equal channels PSNR is that of the gray values; the protocol's is too
    assert scores["psnr_rgb"] == pytest.approx(scores["psnr_y"])


def test_results_of_another_shape_are_an_error():
    found = pair(Picture("a", picture(0)), 4)
    with pytest.raises(ModelError, match=r"a: the result is uint8 \(16, 14, 3\), not uint8 \(64, 56, 3\)"):
        score(found, found.low, 4, {})


def test_gain_over_bicubic_is_paired(data):
    pairs = [pair(p, 4) for p in read_set(data, "Set2")]
    rivals = [
        Contender("bicubic", bicubic, dataclasses.replace(CARD, name="bicubic"), None),
        Contender("nearest", nearest, CARD, "abc"),
    ]
    base, row = compare([measure(c, pairs, "Set2", 4, {}) for c in rivals])
    assert base["gain_psnr_y"] == 0
    assert base["time_over_bicubic"] == 1
    assert row["gain_psnr_y"] == pytest.approx(row["psnr_y"] - base["psnr_y"])
    assert row["gain_psnr_y"] < 0
    low, high = row["gain_interval_95"]
    assert low < row["gain_psnr_y"] < high


def test_interval_is_students():
    from scipy import stats

    values = [1.0, 2.0, 4.0, 8.0]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    np.testing.assert_allclose(interval(values), expected)
    assert interval([3.0]) == (3.0, 3.0)


def test_results_files_carry_their_origin_and_come_back(tmp_path):
    head = provenance(["bench", "images", "--data", "a b"], "by eye", seed=4)
    assert head["command"] == "relume bench images --data 'a b'"
    assert set(head) == {"command", "date", "commit", "seed", "protocol"}
    write(tmp_path / "r" / "x.json", head, [{"a": 1}])
    assert read(tmp_path / "r" / "x.json") == head | {"rows": [{"a": 1}]}
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["x.json"]


def test_bad_results_files_are_named(tmp_path):
    for text in ("", "[]", '{"rows": 3}', "{"):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(UsageError, match=r"x\.json: not a results file"):
            read(tmp_path / "x.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused):
        write(tmp_path / "file" / "x.json", {}, [])


def test_a_pair_without_pictures_to_shave_is_still_scored():
    tiny = Pair("t", np.zeros((5, 5, 3), np.uint8), np.zeros((20, 20, 3), np.uint8))
    with np.errstate(divide="ignore"):
        assert score(tiny, tiny.high, 4, {})["ssim_y"] == pytest.approx(1)


def test_a_plus_is_the_model_with_its_self_ensemble():
    path = str(Path(__file__).parent.parent / "data" / "tiny-cascade.onnx")
    _, plain, plus = find([path, path + "+"], 2, "f32")
    assert plus.name == plain.name + "+"
    assert plus.card.macs_per_pixel["x2"] == 8 * plain.card.macs_per_pixel["x2"]
    assert plus.sha256 == plain.sha256
    low = picture(3, 20, 24)
    expected = restore(low, scale=2, model=path, precision="f32", self_ensemble=True)
    np.testing.assert_array_equal(plus.upscale(low, 2), expected)
    assert (plain.upscale(low, 2) != expected).any()
