"""The queue: claimed once, kept by lease and ticket, ended once, whatever dies in between."""

from __future__ import annotations

import os
import threading
import time

import pytest
from conftest_web import POSTGRES, ThreadedWorker, picture
from sqlalchemy import update

from relume.web import catalogue, jobs
from relume.web.hand import Order
from relume.web.jobs import Limits, QueueFull, TooMany
from relume.web.tables import Job, connect, reading, writing

LIMITS = Limits(100, 100)


@pytest.fixture(params=["sqlite", *(["postgresql"] if os.environ.get(POSTGRES) else [])])
def engine(request, tmp_path):
    if request.param == "sqlite":
        yield connect(f"sqlite:///{tmp_path / 'db.sqlite'}")
        return
    engine = connect(request.getfixturevalue("postgres"))
    yield engine
    engine.dispose()


def put(engine, visitor: str = "v", **more) -> str:
    job = Job(
        **{
            "id": jobs.new_id(),
            "visitor": visitor,
            "name": "a.png",
            "kind": "png",
            "source": "0" * 64,
            "source_bytes": 10,
            "width": 8,
            "height": 8,
            "task": "upscale",
            "scale": 2,
            "model": "auto",
            **more,
        }
    )
    assert jobs.submit(engine, job, more.pop("limits", LIMITS), lambda: True)
    return job.id


def test_each_job_is_claimed_once_by_many_workers(engine) -> None:
    wanted = {put(engine) for _ in range(24)}
    found: list[str] = []

    def worker(name: str) -> None:
        while (job := jobs.claim(engine, name, 60)) is not None:
            found.append(job.id)

    threads = [threading.Thread(target=worker, args=(str(k),)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 24 and set(found) == wanted


def test_oldest_first_and_positions(engine) -> None:
    first, second = put(engine), put(engine)
    assert jobs.position(engine, catalogue.find(engine, second)) == 1
    assert jobs.claim(engine, "w", 60).id == first
    assert jobs.position(engine, catalogue.find(engine, second)) == 1
    assert jobs.position(engine, catalogue.find(engine, first)) == 0


def test_a_silent_workers_job_is_taken_up_and_ends_once(engine) -> None:
    put(engine)
    lost = jobs.claim(engine, "one", 60)
    assert jobs.claim(engine, "two", 60) is None
    with writing(engine) as session:
        session.execute(update(Job).values(lease=time.time() - 1))
    taken = jobs.claim(engine, "two", 60)
    assert taken is not None and taken.takes == 2 and taken.ticket != lost.ticket
    assert jobs.beat(engine, lost, 60, stage="restoring") == "lost"
    assert not jobs.finish(engine, lost, result_width=1, result_height=1)
    assert not jobs.fail(engine, lost, "x", "x")
    jobs.release(engine, lost)
    assert catalogue.find(engine, taken.id).status == "running"
    assert jobs.finish(engine, taken, result_width=4, result_height=5)
    assert not jobs.finish(engine, taken, result_width=4, result_height=5)
    counts, tallies = jobs.totals(engine)
    assert counts["done"] == 1 and {t.label: t.value for t in tallies if t.name == "jobs"} == {"done:": 1}


def test_a_beat_keeps_the_lease(engine) -> None:
    put(engine)
    job = jobs.claim(engine, "one", -1)
    assert jobs.beat(engine, job, 60) == "running"
    assert jobs.claim(engine, "two", 60) is None


def test_a_successor_gives_back_what_its_namesake_held(engine) -> None:
    put(engine)
    jobs.claim(engine, "one", 600)
    assert jobs.release_all(engine, "other") == 0
    assert jobs.release_all(engine, "one") == 1
    assert jobs.claim(engine, "one", 60) is not None


def test_cancelling_wins_over_finishing(engine) -> None:
    number = catalogue.find(engine, put(engine)).number
    job = jobs.claim(engine, "one", 60)
    assert jobs.cancel(engine, number) and not jobs.cancel(engine, number)
    assert jobs.beat(engine, job, 60) == "cancelled"
    assert not jobs.finish(engine, job, result_width=1, result_height=1)
    assert catalogue.find(engine, job.id).status == "cancelled"


def test_what_crashes_twice_has_failed(engine) -> None:
    put(engine)
    assert jobs.crashed(engine, jobs.claim(engine, "one", 60), "signal 11") == "queued"
    job = jobs.claim(engine, "one", 60)
    assert jobs.crashed(engine, job, "signal 11") == "failed"
    found = catalogue.find(engine, job.id)
    assert (found.status, found.error_code) == ("failed", "crashed")


def test_what_is_begun_for_ever_fails(engine) -> None:
    put(engine, takes=jobs.MOST_TAKES)
    assert jobs.claim(engine, "one", 60) is None
    assert jobs.totals(engine)[0]["failed"] == 1


def test_release_does_not_count(engine) -> None:
    put(engine)
    jobs.release(engine, jobs.claim(engine, "one", 60))
    assert jobs.claim(engine, "one", 60).takes == 1


def test_limits(engine) -> None:
    put(engine, "me"), put(engine, "me")
    job = lambda who: Job(  # noqa: E731
        id=jobs.new_id(), visitor=who, name="", kind="png", source="0" * 64, source_bytes=1, width=1, height=1,
        task="upscale", scale=2, model="auto",
    )  # fmt: skip
    with pytest.raises(TooMany):
        jobs.submit(engine, job("me"), Limits(10, 2), lambda: True)
    with pytest.raises(QueueFull):
        jobs.submit(engine, job("you"), Limits(2, 2), lambda: True)
    assert not jobs.submit(engine, job("you"), Limits(10, 2), lambda: False)
    assert jobs.submit(engine, job("you"), Limits(10, 2), lambda: True)


def test_versions_grow_with_what_is_seen(engine) -> None:
    identity = put(engine)
    job = jobs.claim(engine, "one", 60)
    seen = catalogue.find(engine, identity).version
    jobs.beat(engine, job, 60)
    assert catalogue.find(engine, identity).version == seen
    jobs.beat(engine, job, 60, stage="restoring")
    assert catalogue.find(engine, identity).version == seen + 1


def test_retention_takes_rows_and_files(site, client, work) -> None:
    from conftest_web import send

    address = send(client).headers["Location"]
    work()
    assert catalogue.expire(site.engine, site.store, 3600) == 0
    with writing(site.engine) as session:
        session.execute(update(Job).values(ended=time.time() - 4000))
    assert catalogue.expire(site.engine, site.store, 0) == 0
    assert catalogue.expire(site.engine, site.store, 3600) == 1
    assert client.get(address).status_code == 404 and catalogue.used(site.engine) == 0
    assert [p for p in site.store.objects.rglob("*") if p.is_file()] == [] == list(site.store.views.iterdir())


def test_result_of_a_cancelled_take_is_dropped(site, client) -> None:
    """The job is cancelled at the very moment when its result arrives: no row names it, so no file is left."""
    from conftest_web import send

    send(client, picture())

    class Late(ThreadedWorker):
        def _keep(self, job, desk, made, seen):
            jobs.cancel(self.engine, job.number)
            return super()._keep(job, desk, made, seen)

    worker = Late("late", site.settings, site.engine, threading.Event())
    worker._do(jobs.claim(site.engine, "late", 60))
    assert len([p for p in site.store.objects.rglob("*") if p.is_file()]) == 1  # the original
    assert list(site.store.work.iterdir()) == []


def test_a_worker_told_to_stop_gives_its_job_back(site, client) -> None:
    from conftest_web import send

    send(client, picture())
    stop = threading.Event()

    class Stopped(ThreadedWorker):
        def order(self, job, desk) -> Order:
            stop.set()
            return super().order(job, desk)

    Stopped("s", site.settings, site.engine, stop)._do(jobs.claim(site.engine, "s", 60))
    with reading(site.engine) as session:
        job = session.query(Job).one()
    assert (job.status, job.takes) in {("queued", 0), ("done", 1)}
