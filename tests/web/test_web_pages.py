"""The page without JavaScript: every way of a picture, who may see it, and what the browser is told."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from conftest_web import make, picture, send, token, work_off
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

DATA = Path(__file__).parent.parent / "data"


def test_upload_restore_and_download(client: FlaskClient, work) -> None:
    answer = send(client, picture(40, 30), "a photo.png", scale="3")
    assert answer.status_code == 303
    address = answer.headers["Location"]
    waiting = client.get(address).text
    assert "Next in line" in waiting and '<meta http-equiv="refresh"' in waiting
    assert work() == 1
    done = client.get(address).text
    assert "120 × 90" in done and "http-equiv" not in done
    file = client.get(f"{address}/result")
    assert Image.open(io.BytesIO(file.data)).size == (120, 90)
    assert (
        "a photo_x3.png" in file.headers["Content-Disposition"]
        or "a%20photo_x3.png" in file.headers["Content-Disposition"]
    )
    assert client.get(f"{address}/original").data == picture(40, 30)
    record = client.get(f"{address}/record").json
    assert record["source"]["name"] == "a photo.png" and record["model"] == "bicubic"
    assert "/" not in record["output"]["path"] and str(record["parameters"].get("report")) == "None"


@pytest.mark.parametrize(("kind", "suffix"), [("BMP", ".png"), ("GIF", ".png"), ("heic", ".png"), ("TIFF", ".tif")])
def test_every_kind_that_is_taken_is_restored_and_shown(client: FlaskClient, work, kind: str, suffix: str) -> None:
    data = (DATA / "small.heic").read_bytes() if kind == "heic" else picture(40, 30, kind)
    address = send(client, data, "a").headers["Location"]
    assert work() == 1
    assert client.get(f"{address}/status").json["result"]["name"] == f"a_x2{suffix}"
    assert client.get(f"{address}/view/before.jpg").status_code == 200
    assert client.get(f"{address}/zoom/before/0/0_0.jpg").status_code == 200


def test_the_last_pair_is_linked_once_there_is_one(client: FlaskClient, sent: str) -> None:
    home = client.get("/").text
    assert 'href="/uploadedimage"' in home and 'href="/restoredimage"' in home
    assert "/restoredimage" not in client.application.test_client().get("/").text


def test_views_have_no_metadata_and_zoom_has_tiles(client: FlaskClient, sent: str) -> None:
    for name in ("before.jpg", "after.jpg", "thumb.jpg"):
        answer = client.get(f"{sent}/view/{name}")
        assert answer.status_code == 200, name
        assert not Image.open(io.BytesIO(answer.data)).getexif()
    assert client.get(f"{sent}/view/heat.png").mimetype == "image/png"
    assert client.get(f"{sent}/zoom/after/0/0_0.jpg").status_code == 200
    for wrong in (
        "view/../../secret",
        "view/result.png",
        "view/heat.jpg",
        "zoom/after/9/9_9.jpg",
        "zoom/secret/0/0_0.jpg",
    ):
        assert client.get(f"{sent}/{wrong}").status_code == 404, wrong


def test_several_pictures_lead_to_the_gallery_and_bad_ones_are_named(client: FlaskClient, work) -> None:
    files = [(io.BytesIO(picture(seed=k)), f"{k}.png") for k in range(3)] + [(io.BytesIO(b"no picture"), "note.txt")]
    answer = client.post("/restore", data={"csrf_token": token(client), "model": "bicubic", "image": files})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/gallery")
    text = client.get("/gallery").text
    assert "3 pictures" in text and "note.txt: this is no picture" in text
    assert work() == 3


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/restore", data={"image": (io.BytesIO(picture()), "a.png")})
    assert answer.status_code == 400 and "stale-form" in answer.text


def test_a_form_of_another_site_is_refused(client: FlaskClient) -> None:
    data = {"csrf_token": token(client), "image": (io.BytesIO(picture()), "a.png")}
    assert client.post("/restore", data=data, headers={"Origin": "http://evil.example"}).status_code == 403


def test_another_visitor_sees_nothing_of_it(app: Flask, client: FlaskClient, sent: str) -> None:
    stranger = app.test_client()
    for part in ("", "/status", "/result", "/original", "/record", "/view/after.jpg", "/zoom/after/0/0_0.jpg"):
        assert stranger.get(sent + part).status_code == 404, part
    form = {"csrf_token": token(stranger)}
    for act in ("cancel", "delete", "again", "share"):
        assert stranger.post(f"{sent}/{act}", data=form).status_code == 404, act
    assert "0 pictures" in stranger.get("/gallery").text
    assert client.get(f"{sent}/result").status_code == 200


def test_a_forged_session_is_no_session(app: Flask, client: FlaskClient, sent: str) -> None:
    cookie = client.get_cookie("relume")
    assert cookie is not None
    forger = app.test_client()
    forger.set_cookie("relume", cookie.value[:-3] + "AAA")
    assert forger.get(sent).status_code == 404


def test_the_owner_may_open_the_gallery_to_all(settings) -> None:
    import dataclasses

    open_app = make(dataclasses.replace(settings, shared=True))
    one, other = open_app.test_client(), open_app.test_client()
    address = send(one).headers["Location"]
    assert other.get(address).status_code == 200 and "photo.png" in other.get("/gallery").text
    assert other.post(f"{address}/delete", data={"csrf_token": token(other)}).status_code == 404
    assert other.get(f"{address}/original").status_code == 404


def test_in_a_shared_gallery_ids_are_no_keys_and_places_stay_with_the_sender(settings) -> None:
    import dataclasses

    app = make(dataclasses.replace(settings, shared=True))
    one, other = app.test_client(), app.test_client()
    exif = Image.Exif()
    exif[271] = "Leica"
    address = send(one, picture(kind="JPEG", exif=exif)).headers["Location"]
    by_api = other.post("/api/v1/restorations?model=bicubic", data=picture(), content_type="image/png").json["id"]
    work_off(app.extensions["relume"])
    key = address.replace("/pictures", "/api/v1/restorations")
    assert [other.get(key).status_code, other.get(f"{key}/result").status_code, other.delete(key).status_code] == [
        404
    ] * 3
    assert Image.open(io.BytesIO(one.get(f"{address}/result").data)).getexif()[271] == "Leica"
    assert not Image.open(io.BytesIO(other.get(f"{address}/result").data)).getexif()
    assert by_api not in one.get("/gallery").text and one.get(f"/pictures/{by_api}").status_code == 404
    links = one.get(address, headers={"Accept": "application/json"}).json["links"]
    assert all(one.get(link).status_code == 200 for link in links.values())


def test_last_pair_as_in_the_paper(client: FlaskClient, work) -> None:
    assert client.get("/uploadedimage").status_code == 404 == client.get("/restoredimage").status_code
    send(client, picture(24, 20, seed=1))
    send(client, picture(32, 20, seed=2))
    work()
    assert Image.open(io.BytesIO(client.get("/uploadedimage").data)).size == (32, 20)
    assert Image.open(io.BytesIO(client.get("/restoredimage").data)).size == (64, 40)


def test_gallery_search(client: FlaskClient, work) -> None:
    send(client, picture(seed=1), "grandmother.png")
    send(client, picture(seed=2), "harbour 100%.png")
    work()
    assert "1 picture " in client.get("/gallery?q=GRAND").text
    assert "1 picture " in client.get("/gallery?q=100%25+bicubic").text
    assert "Nothing found" in client.get("/gallery?q=_%").text
    assert "2 pictures" in client.get("/gallery?page=99").text


def test_again_delete_and_shared_bytes(client: FlaskClient, work, site, sent: str) -> None:
    again = client.post(f"{sent}/again", data={"csrf_token": token(client), "scale": "3", "model": "bicubic"})
    other = again.headers["Location"]
    assert other != sent
    work()
    source = next(iter(re.findall(r"[0-9a-f]{64}", " ".join(str(p) for p in site.store.objects.rglob("*")))))
    assert source
    files = lambda: sorted(p.name for p in site.store.objects.rglob("*") if p.is_file())  # noqa: E731
    assert len(files()) == 3  # one original, two results
    client.post(f"{sent}/delete", data={"csrf_token": token(client)})
    assert client.get(sent).status_code == 404 and client.get(f"{other}/original").status_code == 200
    client.post(f"{other}/delete", data={"csrf_token": token(client)})
    assert files() == [] and list(site.store.views.iterdir()) == []


def test_cancel_and_restore_after_all(client: FlaskClient, work) -> None:
    address = send(client).headers["Location"]
    client.post(f"{address}/cancel", data={"csrf_token": token(client)})
    assert "Cancelled" in client.get(address).text
    assert work() == 0
    again = client.post(f"{address}/again", data={"csrf_token": token(client), "scale": "2", "model": "bicubic"})
    assert work() == 1 and "Download the result" in client.get(again.headers["Location"]).text


def test_a_damaged_picture_says_so_and_leaves_nothing(client: FlaskClient, work, site) -> None:
    address = send(client, picture(200, 200)[:900]).headers["Location"]
    work()
    text = client.get(address).text
    assert "did not come back" in text and "[damaged]" in text
    assert str(site.store.root) not in text and not re.search(r"[0-9a-f]{64}", text)
    assert [p for p in site.store.objects.rglob("*") if p.is_file()] == []


def test_names_are_not_trusted(client: FlaskClient, work) -> None:
    send(client, picture(), "../../etc/<i>passwd<script>.svg")
    text = client.get("/gallery").text
    assert "ipasswdscript.png" in text and "/etc" not in text and "<i>" not in text


def test_sharing_shows_one_picture_without_its_place(app: Flask, client: FlaskClient, work) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    exif[0x010F] = "A Camera Maker"
    address = send(client, picture(kind="JPEG", exif=exif), "at home.jpg").headers["Location"]
    work()
    assert b"A Camera Maker" in client.get(f"{address}/result").data
    client.post(f"{address}/share", data={"csrf_token": token(client), "wanted": "1"})
    found = re.search(r"/shared/[0-9a-f]{32}", client.get(address).text)
    assert found is not None
    link, guest = found[0], app.test_client()
    page = guest.get(link)
    assert page.status_code == 200 and "Set-Cookie" not in page.headers and "Delete it" not in page.text
    assert "at home" not in page.text + guest.get(f"{link}/result").headers["Content-Disposition"]
    shared = guest.get(f"{link}/result").data
    exif_there = Image.open(io.BytesIO(shared)).getexif()
    assert not exif_there and b"A Camera Maker" not in shared and b"xpacket" not in shared
    mine = Image.open(io.BytesIO(client.get(f"{address}/result").data))
    assert mine.tobytes() == Image.open(io.BytesIO(shared)).tobytes()
    assert not Image.open(io.BytesIO(guest.get(f"{link}/view/before.jpg").data)).getexif()
    assert guest.get(f"{link}/original").status_code == 404 == guest.get(f"{link}/record").status_code
    client.post(f"{address}/share", data={"csrf_token": token(client), "wanted": "0"})
    assert guest.get(link).status_code == 404


def test_headers_of_pages_and_files(client: FlaskClient, sent: str) -> None:
    page = client.get(sent)
    policy = page.headers["Content-Security-Policy"]
    nonces = set(re.findall(r"'nonce-([^']+)'", policy))
    assert len(nonces) == 1 and "unsafe" not in policy and "default-src 'none'" in policy
    assert set(re.findall(r'nonce="([^"]+)"', page.text)) == nonces
    assert not re.search(r"<script(?![^>]*nonce)|\son\w+=|style=\"|https?://(?!localhost)", page.text)
    assert nonces != set(re.findall(r"'nonce-([^']+)'", client.get(sent).headers["Content-Security-Policy"]))
    for address in (sent, f"{sent}/result", f"{sent}/view/after.jpg", "/healthz", "/nowhere"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    assert "sandbox" in client.get(f"{sent}/result").headers["Content-Security-Policy"]
    cookie = client.get("/").headers.get("Set-Cookie", "") or str(client.get_cookie("relume"))
    assert "relume=" in cookie


def test_first_page_is_light(client: FlaskClient) -> None:
    page = client.get("/")
    assets = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    total = len(page.data) + sum(len(client.get(asset).data) for asset in assets)
    assert len(assets) >= 3 and total < 150_000


@pytest.mark.parametrize("scale", ["5", "x", ""])
def test_wishes_are_checked(client: FlaskClient, scale: str) -> None:
    assert send(client, scale=scale).status_code == 400


def test_nothing_chosen(client: FlaskClient) -> None:
    answer = client.post("/restore", data={"csrf_token": token(client)})
    assert answer.status_code == 400 and "Choose a picture first" in answer.text
