"""``relume serve`` as processes: what it prints, what a bad picture or a kill does to it, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest_web import picture

from relume.cli.serve import span
from relume.signal import UsageError

PATIENCE = 90.0


class Served:
    """One running ``relume serve`` and what it has said."""

    def __init__(self, store: Path, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "relume", "serve", "--store", str(store), "--port", "0", *options]
        self.log = (store.parent / f"log-{time.monotonic_ns()}").open("w+")
        quick = {"RELUME_LEASE": "2", "RELUME_RATE": "10000 per minute", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(command, stderr=self.log, env={**os.environ, **quick, **environment})
        self.port = int(self.wait_for(r"is at http://[^ ]*:(\d+)"))

    def wait_for(self, pattern: str) -> str:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.findall(pattern, self.text())
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"{pattern} was not said:\n{self.text()}")

    def text(self) -> str:
        return Path(self.log.name).read_text()

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"Content-Type": "image/png"} if body else {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if answer.headers["Content-Type"] == "application/json" else {}

    def send(self, body: bytes, scale: int = 2) -> str:
        status, answer = self.ask("POST", f"/api/v1/restorations?model=bicubic&scale={scale}", body)
        assert status == 202, answer
        return answer["links"]["self"]

    def wait_until(self, path: str, *statuses: str) -> dict:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            _, answer = self.ask("GET", path)
            if answer["status"] in statuses:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{path} stayed {answer['status']}:\n{self.text()}")

    def workers(self) -> list[int]:
        """The worker processes, by the kernel's own list."""
        return children(self.process.pid)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in begun_by(task)]


def begun_by(task: Path) -> list[str]:
    """The children of one thread; a thread that has ended since it was listed has none."""
    try:
        return (task / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    direct = children(pid)
    return direct + [deeper for child in direct for deeper in descendants(child)]


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return "Z"


def test_a_worker_whose_page_was_killed_before_it_began_ends_by_itself(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "store").mkdir()
    environment = os.environ | {"RELUME_STORE": str(tmp_path / "store")}
    worker = subprocess.Popen([sys.executable, "-m", "relume.web.worker", "late", str(gone.pid)], env=environment)
    assert worker.wait(PATIENCE) == 0


@contextmanager
def served(store: Path, *options: str, **environment: str) -> Iterator[Served]:
    page = Served(store, *options, **environment)
    try:
        yield page
    finally:
        if page.process.poll() is None:
            page.end()
        page.log.close()


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
def test_killing_the_worker_and_its_hand_loses_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "store") as page:
        slow = page.send(picture(600, 450), scale=4)
        page.wait_until(slow, "running")
        (worker,) = page.workers()
        hand = children(worker)
        os.kill(worker, signal.SIGKILL)
        assert gone([worker, *hand])
        assert page.ask("GET", "/healthz")[0] == 200
        page.wait_for(r'"given_back": 1')
        page.wait_until(slow, "running")
        other = page.send(picture())
        os.kill(children(page.workers()[0])[-1], signal.SIGKILL)  # the hand alone: begun once more by the same worker
        assert page.wait_until(slow, "done", "failed")["status"] == "done"
        assert page.wait_until(other, "done")["result"]["width"] == 80
        ended = re.findall(r'"event": "job ends".*"job": 1,.*"status": "(\w+)"', page.text())
        assert ended.count("done") == 1
        everything = [page.process.pid, *descendants(page.process.pid)]
        assert page.end() == 0 and gone(everything)
        assert list((tmp_path / "store" / "work").iterdir()) == []


@linux
def test_killing_the_page_mid_job_loses_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "store") as page:
        slow = page.send(picture(600, 450), scale=4)
        page.wait_until(slow, "running")
        everything = [page.process.pid, *descendants(page.process.pid)]
        page.end(signal.SIGKILL)
        assert gone(everything)
    with served(tmp_path / "store") as page:
        assert page.wait_until(slow, "done")["result"]["width"] == 2400


@linux
@pytest.mark.parametrize(
    ("bound", "codes"),
    [({"RELUME_SECONDS": "0.01"}, {"too-long"}), ({"RELUME_MEMORY": "300000000"}, {"memory", "crashed", "internal"})],
)
def test_pictures_beyond_the_bounds_fail_alone(tmp_path: Path, bound: dict[str, str], codes: set[str]) -> None:
    """The hand may take so much time or memory: the picture fails, and neither page nor worker notices."""
    with served(tmp_path / "store", **bound) as page:
        before = page.workers()
        failed = page.wait_until(page.send(picture(600, 450), scale=4), "failed")
        assert failed["error"]["code"] in codes
        assert page.workers() == before and page.ask("GET", "/readyz")[0] == 200


def test_it_warns_when_others_can_reach_it(tmp_path: Path) -> None:
    with served(tmp_path / "store", "--host", "0.0.0.0", "--only", "page") as page:
        assert "warning: other machines can reach 0.0.0.0" in page.text()


def test_times_are_read() -> None:
    assert [span(text) for text in ("90s", "12h", "30d", "1.5w")] == [90, 43_200, 2_592_000, 907_200]
    for wrong in ("", "30", "0d", "-1d", "1y"):
        with pytest.raises(UsageError):
            span(wrong)
