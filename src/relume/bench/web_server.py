"""A page to be measured: ``relume serve`` as a process of its own, and a client that times every answer."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from relume.signal import RelumeError

PATIENCE = 120.0
API = "/api/v1/restorations"
Headers = Mapping[str, str]
NONE: Headers = {}


class NotServed(RelumeError):
    """The page did not come up, or does not answer."""

    code = "not-served"


@dataclass(frozen=True)
class Answer:
    """One answer: its status (0: broken off), body, the seconds it took, after how many to come back, and cookie."""

    status: int
    body: bytes
    seconds: float
    retry_after: float = 0.0
    cookie: str = ""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Page:
    """``relume serve`` over ``store`` on a free port; a context manager that ends it."""

    def __init__(self, store: Path, environment: Mapping[str, str]) -> None:
        self._store = store
        self._environment = {**os.environ, "RELUME_RATE": "1000000 per minute", **environment}
        self._visitor: Headers = {}
        self._log = Path(tempfile.mkdtemp(prefix="relume-log-")) / "log"
        self.process, self.port = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        shutil.rmtree(self._log.parent)

    def _start(self, port: int = 0) -> tuple[subprocess.Popen[bytes], int]:
        with self._log.open("w") as log:
            command = [sys.executable, "-m", "relume", "serve", "--store", str(self._store), "--port", str(port)]
            process = subprocess.Popen(command, stderr=log, env=self._environment)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            found = re.search(r"relume is at http://[^ ]*:(\d+)", self._log.read_text())
            if found:
                return process, int(found[1])
            time.sleep(0.02)
        raise NotServed(f"the page did not start: {self._log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill the page as a power cut would, and start it again on the same port."""
        self.process.kill()
        self.process.wait()
        self.process, self.port = self._start(self.port)

    def kill_worker(self) -> None:
        """Kill one worker process; the page starts another."""
        found = family(self.process.pid)
        if found:
            os.kill(found[0], signal.SIGKILL)

    def memory(self) -> int:
        """Resident bytes of the page's own process."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return int(found[1]) << 10 if found else 0

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "image/png", more: Headers = NONE) -> Answer:
        """One request on a connection of its own, with ``more`` headers."""
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {**({"Content-Type": kind} if body else {}), **more})
            answer = connection.getresponse()
            data = answer.read()
            later = float(answer.getheader("Retry-After") or 0)
            cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
            return Answer(answer.status, data, time.perf_counter() - started, later, cookie)
        except (OSError, http.client.HTTPException):
            return Answer(0, b"", time.perf_counter() - started)
        finally:
            connection.close()

    def as_visitor(self, path: str, body: bytes) -> Answer:
        """Bytes posted to the page as its own script posts them: with the cookie and the token of a visitor."""
        if not self._visitor:
            home = self.ask("GET", "/")
            token = re.search(rb'name="csrf_token" value="([^"]+)"', home.body)
            self._visitor = {"Cookie": home.cookie, "X-CSRFToken": token[1].decode() if token else ""}
        return self.ask("POST", path, body, "application/octet-stream", self._visitor)

    def eye_seconds(self) -> float:
        """Seconds of processor time that the page's eye has used so far."""
        for child in family(self.process.pid):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def until_ended(self, path: str, pause: float = 0.02, patience: float = 3600.0) -> Any:
        """Ask until the restoration at ``path`` has ended; returns its last state."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            answer = self.ask("GET", path)
            if answer.status == 200 and answer.json()["status"] not in ("queued", "running"):
                return answer.json()
            time.sleep(pause)
        raise NotServed(f"{path} did not end in {patience:.0f} s")


def family(pid: int) -> list[int]:
    """The children of a process (Linux)."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]
