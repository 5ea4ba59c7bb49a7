"""The tasks of the page: offered by what ships, with their dials, a mask and colour hints; small random networks."""

import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest_web import picture, send, token
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text

from relume.runtime import zoo
from relume.runtime.tasks.table import TASKS
from relume.web import offers, tables
from relume.web.offers import Wish

DATA = Path(__file__).parent.parent / "data"
NAMES = ("damage-mask", "repair", "denoise", "denoise-light", "depixelate", "colorize")
BASE = "/api/v1/restorations"


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch):
    small = {name: DATA / f"tiny-{name}.onnx" for name in NAMES} | {"cascade-gan": DATA / "tiny-cascade.onnx"}
    found = {name: (str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in small.items()}
    cascade = {"cascade-psnr": found["cascade-gan"]}
    monkeypatch.setattr(zoo, "SHIPPED", found | cascade)
    offers.offers.cache_clear()
    yield
    offers.offers.cache_clear()


def mask(width: int = 20, height: int = 15) -> bytes:
    """A mask at half the size of the picture: its left half is damaged."""
    array = np.zeros((height, width), np.uint8)
    array[:, : width // 2] = 255
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def post(client: FlaskClient, data: bytes, **fields: object):
    return client.post(BASE, data={"image": (io.BytesIO(data), "a.png"), **fields})


def test_offers_are_the_runtimes_tasks_and_follow_what_ships(client: FlaskClient, monkeypatch) -> None:
    known = [offer["task"] for offer in client.get("/api/v1/offers").json["tasks"]]
    assert known == ["upscale", "photo", "repair", "colorize", "denoise", "depixelate"]
    assert set(known) | {"relic"} == set(TASKS)
    monkeypatch.setattr(zoo, "SHIPPED", {"cascade-psnr": zoo.SHIPPED["cascade-psnr"]})
    offers.offers.cache_clear()
    (only,) = client.get("/api/v1/offers").json["tasks"]
    assert (only["task"], "realism" in only["dials"]) == ("upscale", False)
    assert 'name="task" value="repair"' not in client.get("/").text


def test_a_mask_is_brought_to_the_pictures_size_and_nothing_else_changes(client: FlaskClient, work) -> None:
    data = picture()
    sent = post(client, data, task="repair", mask=(io.BytesIO(mask()), "mask.png"))
    assert (sent.status_code, sent.json["scale"]) == (202, 1)
    assert work() == 1
    told = client.get(sent.json["links"]["self"]).json
    assert (told["status"], told["result"]["name"]) == ("done", "a_repair.png")
    assert {"before", "after", "mask"} <= set(told["views"])
    before, after = (np.asarray(Image.open(io.BytesIO(d))) for d in (data, client.get(told["links"]["result"]).data))
    assert np.array_equal(before[:, 22:], after[:, 22:])
    assert (before[:, :20] != after[:, :20]).mean() > 0.2


def test_hints_strength_and_realism_reach_the_record(client: FlaskClient, work) -> None:
    gray = picture(gray=True)
    hinted = post(client, gray, task="colorize", hints="3,4=#AA3322 20,9=#112233", strength="0.5").json
    dialled = post(client, picture(), scale=2, realism="0.25").json
    assert hinted["hints"] == [{"x": 3, "y": 4, "colour": "#aa3322"}, {"x": 20, "y": 9, "colour": "#112233"}]
    assert (dialled["realism"], work()) == (0.25, 2)
    record = client.get(hinted["links"]["record"]).json
    assert record["parameters"]["photo"]["hints"] == [[3, 4, "#aa3322"], [20, 9, "#112233"]]
    assert (record["parameters"]["photo"]["strength"], record["decisions"][0]["step"]) == (0.5, "colorize")
    assert client.get(dialled["links"]["record"]).json["realism"]["realism"] == 0.25
    restored = Image.open(io.BytesIO(client.get(hinted["links"]["result"]).data))
    assert restored.mode == "RGB"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"task": "repair", "scale": "4"}, "usage"),
        ({"task": "denoise", "hints": "1,1=#aabbcc"}, "usage"),
        ({"task": "colorize", "hints": "1,1=red"}, "hint"),
        ({"realism": "1.5"}, "usage"),
        ({"realism": "0.5", "model": "bicubic"}, "usage"),
        ({"task": "repair", "mask": (io.BytesIO(b"no picture"), "m.png")}, "not-a-picture"),
        ({"task": "repair", "mask": (io.BytesIO(picture(kind="JPEG")), "m.png")}, "not-a-picture"),
        ({"task": "repair", "mask": (io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(1 << 20)), "m.png")}, "too-large"),
    ],
)
def test_wishes_that_do_not_fit_are_refused(client: FlaskClient, site, fields: dict, code: str) -> None:
    answer = post(client, picture(), **fields)
    assert (400 <= answer.status_code < 500, answer.json["error"]["code"]) == (True, code)
    assert not any(path.is_file() for path in site.store.objects.rglob("*"))


def test_hints_outside_the_picture_fail_alone(client: FlaskClient, work) -> None:
    sent = post(client, picture(gray=True), task="colorize", hints="300,4=#aa3322").json
    work()
    told = client.get(sent["links"]["self"]).json
    assert (told["status"], told["error"]["code"]) == ("failed", "hint")


def test_a_broken_mask_fails_alone(client: FlaskClient, work) -> None:
    sent = post(client, picture(), task="repair", mask=(io.BytesIO(mask()[:-30]), "m.png")).json
    work()
    assert client.get(sent["links"]["self"]).json["error"]["code"] in ("damaged", "mask")


def test_the_form_leaves_out_what_the_task_does_not_have(client: FlaskClient, work) -> None:
    address = send(client, task="denoise", model="bicubic", scale="4", realism="0.5", hints="").headers["Location"]
    work()
    shown = client.get(address).text
    assert "photo_denoise.png" in shown and "Remove noise" in shown


def test_again_with_a_mask(client: FlaskClient, work, sent: str) -> None:
    form = {"csrf_token": token(client, sent), "task": "repair", "mask": (io.BytesIO(mask()), "mask.png")}
    other = client.post(f"{sent}/again", data=form).headers["Location"]
    work()
    page = client.get(other).text
    assert re.search(r"5\d\.\d\d % of the pixels are damaged \(given\)", page)
    assert client.get(f"{other}/view/mask.png").status_code == 200


def test_marks_belong_to_one_picture(client: FlaskClient) -> None:
    images = [(io.BytesIO(picture(seed=s)), f"{s}.png") for s in (1, 2)]
    form = {"csrf_token": token(client), "task": "repair", "image": images, "mask": (io.BytesIO(mask()), "m.png")}
    assert client.post("/restore", data=form).status_code == 400


def test_a_store_of_an_earlier_version_gets_the_new_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    new = ("realism", "strength", "colour", "hints", "mask")
    engine = tables.connect(url)
    with engine.begin() as connection:
        for name in new:
            connection.execute(text(f"ALTER TABLE jobs DROP COLUMN {name}"))
        names = "id, visitor, address, status, version, created, name, kind, source, source_bytes, width, height, task"
        names += ", scale, model, consistent, strip, worker, ticket, lease, takes, crashes, stage, tiles_done, tiles"
        names += ", views, result_bytes, result_name, used_model, notes, error_code, error_message"
        values = "'i', 'v', '', 'queued', 1, 0.0, 'n', 'png', 's', 1, 1, 1, 'upscale', 4, 'auto', 0, 0"
        values += ", '', '', 0, 0, 0, '', 0, 0, '', 0, '', '', '', '', ''"
        connection.execute(text(f"INSERT INTO jobs ({names}) VALUES ({values})"))
    engine.dispose()
    with tables.reading(tables.connect(url)) as session:
        job = session.query(tables.Job).one()
    assert (job.realism, job.strength, job.colour, job.hints) == (0.0, None, False, "")


def test_a_wish_without_a_scale_has_the_tasks_own() -> None:
    assert (Wish().scale, Wish("repair").scale, Wish("photo").scale) == (4, 1, 1)
    assert json.dumps(Wish("colorize", hints=((1, 2, "#aabbcc"),)).hints) == '[[1, 2, "#aabbcc"]]'
