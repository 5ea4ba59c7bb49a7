"""The same queue over PostgreSQL, for whoever has its server programs: ``-m slow``."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_web_jobs import put

from relume.web import catalogue, jobs
from relume.web.tables import connect

pytest.importorskip("psycopg", reason="PostgreSQL is reached by psycopg: pip install 'psycopg[binary]'")
FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FOUND, reason="needs the programs of a PostgreSQL server")]


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    programs, place = FOUND[-1].parent, tmp_path_factory.mktemp("pg")
    user: dict = {}
    if os.geteuid() == 0:
        shutil.chown(place, "postgres")
        for parent in place.parents[:2]:
            parent.chmod(0o755)
        user = {"user": "postgres", "cwd": "/"}
    data = place / "data"
    subprocess.run([programs / "initdb", "-A", "trust", "-U", "relume", data], check=True, capture_output=True, **user)
    options = f"-c listen_addresses='' -c unix_socket_directories={place}"
    start = [programs / "pg_ctl", "-D", data, "-w", "-l", place / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, **user)
    yield f"postgresql+psycopg://relume@/postgres?host={place}"
    subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **user)


def test_each_job_is_claimed_once_and_ends_once(url: str) -> None:
    engines = [connect(url) for _ in range(4)]
    wanted = {put(engines[0]) for _ in range(20)}
    found: list[str] = []

    def worker(number: int) -> None:
        while True:
            job = jobs.claim(engines[number], str(number), 60)
            if job is None:
                if not jobs.totals(engines[number])[0]["queued"]:
                    return
                continue
            found.append(job.id)
            assert jobs.beat(engines[number], job, 60, stage="restoring") == "running"
            assert jobs.finish(engines[number], job, result_width=2, result_height=3)
            assert not jobs.finish(engines[number], job, result_width=2, result_height=3)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20 and set(found) == wanted
    counts, tallies = jobs.totals(engines[0])
    assert counts["done"] == 20
    assert {(t.name, t.value) for t in tallies if t.name != "seconds"} == {("jobs", 20.0), ("pixels", 120.0)}
    assert catalogue.gallery(engines[0], "v", "A.PNG").total == 20
    for engine in engines:
        engine.dispose()
