"""The page over PostgreSQL; ``RELUME_TEST_POSTGRES`` gives the URL of a database, without it these are skipped."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from conftest_web import picture
from test_web_jobs import put
from test_web_serve import Served

from relume.web import catalogue, jobs
from relume.web.tables import connect


def test_each_job_is_claimed_once_and_ends_once(postgres: str) -> None:
    engines = [connect(postgres) for _ in range(4)]
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


def test_two_workers_of_which_one_is_killed_end_each_picture_once(postgres: str, tmp_path: Path) -> None:
    page = Served(tmp_path / "store", "--workers", "2", RELUME_DATABASE=postgres)
    sent = [page.send(picture(64, 48, seed=number)) for number in range(8)]
    page.wait_until(sent[0], "running", "done")
    os.kill(page.workers()[0], signal.SIGKILL)
    assert {page.wait_until(address, "done", "failed")["status"] for address in sent} == {"done"}
    assert page.end() == 0
    engine = connect(postgres)
    counts, tallies = jobs.totals(engine)
    engine.dispose()
    assert counts["done"] == 8 and {t.value for t in tallies if t.name == "jobs"} == {8.0}
