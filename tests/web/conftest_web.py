"""A page over a fresh store, pictures to send to it, and a worker that runs when it is told to."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flask", reason="the page needs the [web] extra")

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import create_engine, make_url, text

from relume.web import hand, jobs
from relume.web.app import create_app
from relume.web.settings import Settings
from relume.web.site import KEY, Site
from relume.web.worker import Worker

Work = Callable[[], int]
POSTGRES = "RELUME_TEST_POSTGRES"
"""The variable with the URL of a PostgreSQL database to test with; each test has a schema of its own in it."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        store=tmp_path / "store", secret="a secret for tests", rate="10000 per minute", max_pixels=4_000_000
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    return make(settings)


def make(settings: Settings) -> Flask:
    app = create_app(settings)
    app.testing = False
    return app


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions[KEY]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def work(site: Site) -> Work:
    return lambda: work_off(site)


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty schema of a PostgreSQL server, which is dropped after the test."""
    given = os.environ.get(POSTGRES)
    if not given:
        pytest.skip(
            f"{POSTGRES} is not set: give it the URL of a database, postgresql+psycopg://user:password@host/name"
        )
    pytest.importorskip("psycopg", reason="PostgreSQL is reached by psycopg: pip install 'psycopg[binary]'")
    schema, server = f"relume_test_{secrets.token_hex(6)}", create_engine(given, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(given).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()


class ThreadedWorker(Worker):
    """A worker whose hand is a thread, so that its work can be seen through by a test."""

    def _give(self, job, desk):
        ours, theirs = Pipe()
        self._order(job, desk, ours)
        threading.Thread(target=self._serve, args=(theirs,), daemon=True).start()
        return ours

    def _order(self, job, desk, pipe: Connection) -> None:
        pipe.send(self.order(job, desk))

    @staticmethod
    def _serve(pipe: Connection) -> None:
        with contextlib.suppress(OSError):  # the worker hangs up on a job that it gives back
            hand.carry_out(pipe.recv(), pipe)
        pipe.close()


def work_off(site: Site) -> int:
    """Do all that waits; returns how many jobs were taken."""
    worker = ThreadedWorker("test", site.settings, site.engine, threading.Event())
    done = 0
    while (job := jobs.claim(site.engine, "test", site.settings.lease)) is not None:
        worker._do(job)
        done += 1
    return done


def picture(
    width: int = 40, height: int = 30, kind: str = "PNG", gray: bool = False, seed: int = 1, **more: object
) -> bytes:
    """A small picture of soft colours as the bytes of a file."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    planes = [np.sin((3 + k) * x + (5 - k) * y + rng.uniform(0, 6)) * 0.5 + 0.5 for k in range(1 if gray else 3)]
    array = (np.stack(planes, axis=2) * 255).round().astype(np.uint8)
    image = Image.fromarray(array[..., 0] if gray else array)
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def token(client: FlaskClient, address: str = "/") -> str:
    """The form's token that the page at ``address`` gives this visitor."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert found is not None
    return found[1]


def send(client: FlaskClient, data: bytes | None = None, name: str = "photo.png", **fields: str):
    """Upload as a browser without JavaScript does."""
    form = {"csrf_token": token(client), "model": "bicubic", "scale": "2", **fields}
    return client.post("/restore", data={**form, "image": (io.BytesIO(picture() if data is None else data), name)})


@pytest.fixture
def sent(client: FlaskClient, work: Work) -> Iterator[str]:
    """The address of a restored picture of ``client``'s."""
    address = send(client).headers["Location"]
    work()
    yield address
