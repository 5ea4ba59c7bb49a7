"""The API: uploads in both forms, states, refusals, no cookies, and its own description held by schemathesis."""

from __future__ import annotations

import dataclasses
import io
import json
import threading

import pytest
from conftest_web import make, picture, send, work_off
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from PIL import Image

from relume.web.operations import LOCAL
from relume.web.site import KEY

BASE = "/api/v1/restorations"


def post(client: FlaskClient, data: bytes | None = None, **fields: str):
    form = {
        "model": "bicubic",
        "scale": "2",
        **fields,
        "image": (io.BytesIO(picture() if data is None else data), "a.png"),
    }
    return client.post(BASE, data=form)


def test_form_upload_to_result(client: FlaskClient, work) -> None:
    answer = post(client, strip="true", consistent="1")
    assert answer.status_code == 202 and answer.json["status"] == "queued"
    assert answer.headers["Location"] == answer.json["links"]["self"] and len(answer.json["id"]) == 32
    assert client.get(answer.json["links"]["result"]).status_code == 409
    work()
    state = client.get(answer.json["links"]["self"]).json
    assert state["status"] == "done" and state["strip"] and state["consistent"] and state["progress"]["fraction"] == 1
    assert (state["result"]["width"], state["result"]["height"]) == (80, 60)
    assert set(state["views"]) >= {"before", "after", "thumb", "heat"}
    file = client.get(state["links"]["result"]).data
    assert Image.open(io.BytesIO(file)).size == (80, 60)
    assert client.get(state["links"]["record"]).json["output"]["sha256"] == state["result"]["sha256"]


def test_raw_upload(client: FlaskClient) -> None:
    answer = client.post(
        f"{BASE}?scale=3&model=bicubic&name=x.jpg", data=picture(kind="JPEG"), content_type="image/png"
    )
    assert answer.status_code == 202
    assert (answer.json["scale"], answer.json["source"]["format"], answer.json["source"]["name"]) == (
        3,
        "jpeg",
        "x.jpg",
    )


def test_unchanged_states_are_not_sent_again(client: FlaskClient, work) -> None:
    address = post(client).json["links"]["self"]
    tag = client.get(address).headers["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.data
    work()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_cancel_and_delete(client: FlaskClient, work, site) -> None:
    address = post(client).json["links"]["self"]
    assert client.delete(address).json["status"] == "cancelled"
    assert work() == 0 and client.get(address).json["status"] == "cancelled"
    assert client.delete(address).status_code == 204 and client.get(address).status_code == 404
    assert [p for p in site.store.objects.rglob("*") if p.is_file()] == []


def test_events_tell_to_the_end_and_are_bounded(settings, work) -> None:
    app = make(dataclasses.replace(settings, streams=1))
    client = app.test_client()
    links = post(client).json["links"]
    stream = client.get(links["events"], buffered=False)
    first = iter(stream.response)
    assert next(first).startswith(b"retry") and b"event: queued" in next(first)
    refused = app.test_client().get(links["events"])
    assert (
        refused.status_code == 503
        and refused.headers["Retry-After"]
        and refused.json["error"]["code"] == "streams-full"
    )
    work_off(app.extensions[KEY])
    assert b"event: done" in next(first)
    assert list(first) == []
    stream.close()
    assert b"event: done" in app.test_client().get(links["events"]).data


REFUSED = [
    (b"", {}, 400, "no-picture"),
    (b"%PDF-1.7 and more of it", {}, 415, "not-a-picture"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 415, "not-a-picture"),
    (b"%!PS-Adobe-3.0 EPSF-3.0", {}, 415, "not-a-picture"),
    (b"\x89PNG\r\n\x1a\n", {}, 415, "damaged"),
    (picture(), {"scale": "7"}, 400, "usage"),
    (picture(), {"scale": "two"}, 400, "usage"),
    (picture(), {"task": "explode"}, 400, "usage"),
    (picture(), {"model": "../../etc/passwd"}, 400, "usage"),
    (picture(), {"model": "/tmp/evil.onnx"}, 400, "usage"),
    (picture(), {"consistent": "perhaps"}, 400, "usage"),
]


@pytest.mark.parametrize(("data", "fields", "status", "code"), REFUSED)
def test_refusals_have_stable_codes(client: FlaskClient, site, data, fields, status, code) -> None:
    answer = post(client, data, **fields)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert "\n" not in answer.json["error"]["message"] and str(site.store.root) not in answer.text
    assert [p for p in site.store.objects.rglob("*") if p.is_file()] == [] == list(site.store.incoming.iterdir())


def test_no_file_in_the_form(client: FlaskClient) -> None:
    assert client.post(BASE, data={"scale": "2"}).json["error"]["code"] == "no-picture"
    assert client.post(BASE, data={"image": "text"}).status_code == 400


def test_a_bomb_is_refused_by_its_head(client: FlaskClient) -> None:
    bomb = picture(8, 8)
    bomb = bomb[:16] + (60_000).to_bytes(4, "big") * 2 + bomb[24:]
    answer = post(client, bomb)
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too-large")


def test_large_files_are_refused(settings) -> None:
    client = make(dataclasses.replace(settings, max_bytes=2000)).test_client()
    assert post(client, picture(200, 200)).json["error"]["code"] == "too-large"
    raw = client.post(BASE, data=b"\x89PNG\r\n\x1a\n" + bytes(5000), content_type="image/png")
    assert (raw.status_code, raw.json["error"]["code"]) == (413, "too-large")
    assert client.post(BASE, data=bytes(3 << 20), content_type="image/png").status_code == 413


def test_no_cookies_and_no_foreign_pages(client: FlaskClient) -> None:
    answer = post(client)
    assert "Set-Cookie" not in answer.headers and "Vary" not in answer.headers
    data = {"image": (io.BytesIO(picture()), "a.png")}
    assert client.post(BASE, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert "Access-Control-Allow-Origin" not in client.get(answer.json["links"]["self"]).headers


def test_the_page_of_a_visitor_does_not_know_it(client: FlaskClient) -> None:
    answer = post(client)
    assert client.get(f"/pictures/{answer.json['id']}").status_code == 404
    assert client.get(f"{BASE}/{'0' * 32}").status_code == 404


def test_rate_limit(settings) -> None:
    client = make(dataclasses.replace(settings, rate="3 per minute")).test_client()
    answers = [post(client) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert answers[-1].json["error"]["code"] == "too-many" and answers[-1].headers["Retry-After"]


def test_pending_and_queue_limits_are_honest(settings) -> None:
    app = make(dataclasses.replace(settings, pending=2, queue=3))
    client, visitor = app.test_client(), app.test_client()
    assert [post(client).status_code for _ in range(3)] == [202, 202, 429]
    assert send(visitor).status_code == 303
    full = send(visitor)
    assert full.status_code == 503 and full.headers["Retry-After"] and "queue-full" in full.text
    assert app.test_client().get("/readyz", headers={"Accept": "application/json"}).status_code == 503
    work_off(app.extensions[KEY])
    assert post(client).status_code == 202


def test_quota(settings) -> None:
    app = make(dataclasses.replace(settings, quota=len(picture()) + 10))
    client = app.test_client()
    assert post(client).status_code == 202
    full = post(client, picture(seed=2))
    assert (full.status_code, full.json["error"]["code"]) == (503, "store-full")


def test_position_in_the_queue(client: FlaskClient) -> None:
    addresses = [post(client, picture(seed=k)).json["links"]["self"] for k in range(3)]
    assert [client.get(address).json["position"] for address in addresses] == [0, 1, 2]


def test_strange_hosts_are_refused(settings) -> None:
    client = make(dataclasses.replace(settings, hosts="127.0.0.1,localhost")).test_client()
    assert client.get("/", headers={"Host": "localhost:5000"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_health_readiness_and_metrics(client: FlaskClient, work) -> None:
    assert client.get("/healthz").json == {"status": "ok"} and client.get("/readyz").json["status"] == "ok"
    post(client)
    post(client, picture(90, 90)[:500])
    work()
    text = client.get("/metrics").text
    assert 'relume_jobs_now{status="done"} 1.0' in text
    assert 'relume_jobs_ended_total{code="damaged",status="failed"} 1.0' in text
    assert "relume_pixels_total 4800.0" in text and 'rule="/api/v1/restorations"' in text
    assert "/api/v1/restorations/" + "0" not in text


def test_metrics_are_not_for_everybody(settings) -> None:
    assert "127.0.0.1" in LOCAL
    client = make(settings).test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.7"}).status_code == 403
    guarded = make(dataclasses.replace(settings, token="s3cret")).test_client()
    assert guarded.get("/metrics").status_code == 403
    assert guarded.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_logs_name_no_picture(client: FlaskClient, caplog) -> None:
    with caplog.at_level("INFO", logger="relume.page"):
        identity = post(client).json["id"]
        client.get(f"{BASE}/{identity}")
    lines = [vars(record) for record in caplog.records]
    assert any(line.get("rule") == f"{BASE}/<id>" for line in lines)
    assert identity not in json.dumps(lines, default=str)


def test_document_names_every_rule(app: Flask, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    rules = {rule.rule.replace("<id>", "{id}") for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert rules - {"/api/v1/openapi.json"} == set(document["paths"])
    assert "OpenAPI 3.1" in client.get("/api").text


def test_schemathesis_finds_nothing(settings) -> None:
    """All of its checks but one: that all valid data is accepted, for no schema can say which bytes are a picture."""
    schemathesis = pytest.importorskip("schemathesis")
    app = make(dataclasses.replace(settings, queue=100_000, pending=100_000))
    done = post(app.test_client()).json["id"]
    work_off(app.extensions[KEY])
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    tried: list[str] = []

    def check(case) -> None:
        tried.append(case.operation.label)
        if case.path_parameters and len(tried) % 2 and case.operation.method.upper() == "GET":
            case.path_parameters["id"] = done
        case.call_and_validate(excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")])

    bounded = hypothesis_settings(
        max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    for result in schema.get_all_operations():
        given(case=result.ok().as_strategy())(bounded(lambda case: check(case)))()
    assert len(set(tried)) == 7 and len(tried) > 40


def test_two_uploads_at_once_are_two_jobs(app: Flask, site) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(post(app.test_client()).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [202] * 8 and work_off(site) == 8
    assert len([p for p in site.store.objects.rglob("*") if p.is_file()]) == 2
