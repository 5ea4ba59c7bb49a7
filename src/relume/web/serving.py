"""Page and workers as processes: they are started together, restarted when they die, and ended together."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

from relume.signal import OutputRefused, UsageError
from relume.web.app import create_app
from relume.web.intake import FORM_OVERHEAD
from relume.web.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")
GRACE_SECONDS = 10.0
CALM_SECONDS = 30.0
LONGEST_PAUSE = 15.0
PAGE_THREADS = 8

log = logging.getLogger("relume.serve")


class Workers:
    """``count`` worker processes over the store of ``settings``; a context manager that leaves none behind."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._environment = {**os.environ, **settings.to_environment()}
        house = f"{socket.gethostname()}-{secrets.token_hex(3)}"
        self._names = [f"{house}-{number}" for number in range(count)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="workers")

    def __enter__(self) -> Workers:
        for name in self._names:
            self._start(name)
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self._processes.values():
            process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "relume.web.worker", name, str(os.getpid())]
        self._processes[name] = subprocess.Popen(command, env=self._environment)

    def _keep(self) -> None:
        """Start a worker again when it dies: at once the first time, ever slower if it keeps dying."""
        pause, calm_since = 0.0, time.monotonic()
        while not self._ended.wait(0.2):
            for name, process in list(self._processes.items()):
                if process.poll() is None:
                    continue
                if time.monotonic() - calm_since > CALM_SECONDS:
                    pause = 0.0
                log.warning("a worker has died", extra={"worker": name, "code": process.returncode})
                if self._ended.wait(pause):
                    return
                self._start(name)
                pause, calm_since = min(LONGEST_PAUSE, 2 * pause + 0.5), time.monotonic()


def serve_page(settings: Settings, host: str, port: int) -> None:
    """Serve the page by waitress until SIGTERM or SIGINT; requests under way are finished first."""
    import waitress

    if host in LOOPBACK and not settings.hosts:
        settings = replace(settings, hosts="127.0.0.1,localhost,[::1]")
    threads = PAGE_THREADS + settings.streams + 1  # one for the eye, which is asked for one look at a time
    try:
        server = waitress.create_server(
            create_app(settings),
            host=host,
            port=port,
            threads=threads,
            ident=None,
            connection_limit=512,
            channel_timeout=60,
            max_request_body_size=settings.max_bytes + FORM_OVERHEAD,
            max_request_header_size=64 << 10,
            clear_untrusted_proxy_headers=not settings.proxies,
        )
    except OSError as error:
        raise OutputRefused(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    except ValueError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error}") from error
    print(f"relume is at http://{host}:{server.effective_port}; Ctrl-C ends it", file=sys.stderr, flush=True)
    _until_told(server.run)
    server.close()


def wait_for_the_end() -> None:
    """Sleep until SIGTERM or SIGINT."""
    _until_told(threading.Event().wait)


class _Told(SystemExit):
    """SIGTERM or SIGINT has arrived. A kind of SystemExit, because waitress's loop swallows every other exception."""


def _until_told(run) -> None:  # type: ignore[no-untyped-def]
    def stop(number: int, frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise _Told

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.suppress(_Told):
        run()
    log.info("ending")
