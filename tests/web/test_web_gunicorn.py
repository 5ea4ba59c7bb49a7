"""The page as a server runs it: gunicorn with threads, and a worker beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest_web import picture

pytest.importorskip("gunicorn", reason="a server test: pip install gunicorn")
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(url: str, data: bytes | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data, {"Content-Type": "image/png"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except OSError:
        return 0, b""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environment = os.environ | {"RELUME_STORE": str(tmp_path / "store"), "OMP_NUM_THREADS": "1"}
    page = ["-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "8"]
    page += ["--bind", f"127.0.0.1:{port}", "relume.web.app:wsgi()"]
    worker = ["-m", "relume", "serve", "--only", "worker", "--workers", "1", "--store", str(tmp_path / "store")]
    processes = [
        subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, stderr=log)
        for command, log in ((page, (tmp_path / "page.log").open("wb")), (worker, (tmp_path / "worker.log").open("wb")))
    ]
    yield f"http://127.0.0.1:{port}"
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(PATIENCE) for process in processes] == [0, 0], (tmp_path / "page.log").read_text()


def until(address: str, accepted) -> bytes:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        status, body = ask(address)
        if status == 200 and accepted(body):
            return body
        time.sleep(0.1)
    raise AssertionError(f"{address} did not come: {status} {body[:300]!r}")


def test_it_serves_and_restores(server: str) -> None:
    until(f"{server}/readyz", lambda _: True)
    assert "Bring it back to light" in ask(server)[1].decode()
    status, body = ask(f"{server}/api/v1/restorations?scale=2&model=bicubic", picture())
    assert status == 202
    links = json.loads(body)["links"]
    until(server + links["self"], lambda found: json.loads(found)["status"] == "done")
    status, result = ask(server + links["result"])
    assert (status, result[:4]) == (200, b"\x89PNG")
    status, metrics = ask(f"{server}/metrics")
    assert status == 200 and b"\nrelume_" in metrics
