"""A look at a picture before it is sent: told in words, bounded, never waited for, and nothing of it is kept."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest_web import make, token
from flask.testing import FlaskClient

from relume.runtime.tasks.findings import Findings
from relume.web import eye
from relume.web.eye import Eye
from relume.web.looks import COPY, DETAIL
from relume.web.settings import Settings
from relume.web.sight import Sight, in_words
from relume.web.site import Site

WIDTH, HEIGHT = 40, 30
SAMPLES = bytes(3 * WIDTH * HEIGHT)


class Watched:
    """An eye that remembers what it is shown, and says what it is told to."""

    def __init__(self, says: Sight | None) -> None:
        self.says, self.shown, self.woken = says, [], 0

    def look(self, whole: np.ndarray, detail: np.ndarray | None = None) -> Sight | None:
        self.shown.append((whole.shape, None if detail is None else detail.shape))
        return self.says

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def watched(site: Site) -> Watched:
    found = Watched(Sight(("grainy",), "photo"))
    object.__setattr__(site, "eye", found)
    return found


def ask(client: FlaskClient, query: str, body: bytes = SAMPLES, **headers: str):
    given = {"X-CSRFToken": token(client), "Accept": "application/json", **headers}
    return client.post(f"/look{query}", data=body, headers=given, content_type="application/octet-stream")


def kept(settings: Settings) -> list[Path]:
    return [path for path in settings.store.rglob("*") if path.is_file() and path.parent != settings.store]


def test_it_is_told_and_nothing_is_kept(client: FlaskClient, watched: Watched, settings: Settings) -> None:
    answer = ask(client, f"?whole={WIDTH}x{HEIGHT}")
    assert (answer.status_code, answer.json) == (200, {"words": ["grainy"], "task": "photo"})
    detail = ask(client, f"?whole={WIDTH}x{HEIGHT}&detail=8x16", SAMPLES + bytes(3 * 8 * 16))
    assert detail.status_code == 200
    assert watched.shown == [((HEIGHT, WIDTH, 3), None), ((HEIGHT, WIDTH, 3), (16, 8, 3))]
    assert kept(settings) == []


def test_a_busy_eye_says_nothing_and_one_may_be_woken(client: FlaskClient, watched: Watched) -> None:
    watched.says = None
    busy = ask(client, f"?whole={WIDTH}x{HEIGHT}")
    assert (busy.status_code, busy.data) == (204, b"")
    assert (ask(client, "", b"").status_code, watched.woken) == (204, 1)


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?whole=40x30", SAMPLES[1:], 400),
        ("?whole=40x30", SAMPLES + b"x", 400),
        ("?whole=40x30&detail=8x8", SAMPLES, 400),
        (f"?whole={COPY + 1}x1", bytes(3 * COPY + 3), 400),
        (f"?whole=1x1&detail=1x{DETAIL + 1}", bytes(3 * DETAIL + 6), 400),
        ("?whole=0x30", b"", 400),
        ("?whole=-1x-1", b"abc", 400),
        ("?whole=1e3x2", SAMPLES, 400),
        ("?whole=", SAMPLES, 400),
        ("?whole=٤x٤", bytes(48), 400),
        ("?whole=1024x1024", bytes(5 << 20), 413),
        ("", bytes(5 << 20), 413),
    ],
)
def test_what_is_no_picture_of_its_size_is_refused(client, watched, query: str, body: bytes, status: int) -> None:
    answer = ask(client, query, body)
    assert answer.status_code == status and answer.json["error"]["code"] and watched.shown == []


def test_only_the_page_itself_may_ask(client: FlaskClient, watched: Watched, app) -> None:
    query = f"?whole={WIDTH}x{HEIGHT}"
    assert ask(client, query, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ask(client, query, **{"X-CSRFToken": "x"}).status_code == 400
    assert app.test_client().post(f"/look{query}", data=SAMPLES).status_code == 400
    assert watched.shown == []


def test_looks_are_limited_apart_from_uploads(settings: Settings) -> None:
    from dataclasses import replace

    app = make(replace(settings, rate="3 per minute"))
    object.__setattr__(app.extensions["relume"], "eye", Watched(None))
    client = app.test_client()
    statuses = [ask(client, f"?whole={WIDTH}x{HEIGHT}").status_code for _ in range(4)]
    assert statuses == [204, 204, 204, 429]
    assert client.post("/api/v1/restorations", data=b"x", content_type="image/png").status_code == 415


@pytest.mark.parametrize(
    ("found", "words", "task"),
    [
        (Findings(0.0, 1.0, 1.0, 0), ["looks sound"], ""),
        (Findings(0.043, 1.0, 1.0, 0), ["looks scratched or folded on about 4 % of the picture"], "photo"),
        (Findings(0.003, 1.0, 1.0, 0), ["looks sound"], ""),
        (Findings(0.006, 9.0, 1.4, 0), ["looks scratched or folded on about 0.6 % of the picture", "grainy",
                                        "JPEG’s squares can be seen"], "photo"),
        (Findings(0.008, 1.0, 1.0, 0), ["looks scratched or folded on about 0.8 % of the picture"], ""),
        (Findings(0.0, 20.0, 1.0, 0), ["very grainy"], "photo"),
        (Findings(0.0, 1.0, 1.4, 0), ["JPEG’s squares can be seen"], ""),
        (Findings(0.6, 1.0, 1.0, 0), ["so much looks damaged that it cannot be told apart: mark it"], ""),
        (Findings(0.0, 20.0, 3.0, 8), ["pixelated, in squares of 8 pixels"], "depixelate"),
    ],
)  # fmt: skip
def test_words_are_plain_and_nothing_surprising_is_suggested(found: Findings, words: list[str], task: str) -> None:
    assert in_words(found) == Sight(tuple(words), task)
    assert Sight.read(in_words(found).tell()) == in_words(found)


def test_the_eye_looks_at_one_picture_in_a_process_with_bounds_and_survives_its_end(monkeypatch) -> None:
    monkeypatch.setattr(eye, "PATIENCE_SECONDS", 120.0)
    monkeypatch.setattr(eye, "HUNG_SECONDS", 600.0)
    noise = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    memory = 8 << 30
    mine = Eye(memory)
    told: list[Sight | None] = []
    first = threading.Thread(target=lambda: told.append(mine.look(noise)))
    first.start()
    while not mine._turn.locked() and first.is_alive():
        pass
    assert mine.look(noise) is None  # at once: the other look is under way
    first.join()
    assert told == [Sight(("very grainy",), "photo")]
    assert mine._held is not None
    pid = mine._held[0].pid
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(rf"Max address space +{memory} ", limits) and not re.search("Max cpu time +unlimited", limits)
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(pid, signal.SIGKILL)
    mine._held[0].join()
    assert mine.look(noise, noise[:64, :64]) == told[0]
    mine._drop()


def test_an_eye_that_does_not_answer_is_not_waited_for_and_ended(monkeypatch) -> None:
    monkeypatch.setattr(eye, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(eye, "serve", _sleep)
    mine, dot = Eye(8 << 30), np.zeros((1, 1, 3), np.uint8)
    assert mine.look(dot) is None
    process = mine._held[0]
    assert mine.look(dot) is None and mine._held[0] is process
    monkeypatch.setattr(eye, "HUNG_SECONDS", 0.0)
    assert mine.look(dot) is None and mine._held is None


def _sleep(*_: object) -> None:
    signal.pause()
