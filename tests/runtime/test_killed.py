"""Killed at the worst moments: a result gets its record back, and --resume sees what has changed."""

import multiprocessing
import os
from pathlib import Path

import pytest

from relume.runtime import batch, files, record, zoo
from relume.runtime.naming import Job
from relume.runtime.options import Options

OPTIONS = Options(scale=2, model="bicubic", engine="auto")


@pytest.fixture
def job(tmp_path: Path, make) -> Job:
    (tmp_path / "a.png").write_bytes(make.encoded(make.smooth(12, 10), ".png"))
    target = tmp_path / "b.png"
    return Job(tmp_path / "a.png", target, tmp_path, report=record.heat_path(target))


def once(job: Job, resume: bool = True, options: Options = OPTIONS) -> batch.Outcome:
    found: list[batch.Outcome] = []
    batch.run([job], options, workers=None, resume=resume, watch=lambda *_: None, done=lambda _, one: found.append(one))
    return found[0]


def names(job: Job) -> set[str]:
    return {path.name for path in job.base.iterdir()} - {"a.png", "relume.ledger.jsonl"}


def run_until(job: Job, name: str) -> None:
    """Run ``job`` until the file called ``name`` would get its name, and stop there as SIGKILL does."""
    publish = files._publish

    def killed(partial: Path, target: Path, replacing: bool) -> None:
        if target.name == name:
            os._exit(9)
        publish(partial, target, replacing)

    files._publish = killed
    once(job)


def kill_before_naming(job: Job, name: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=run_until, args=(job, name))
    process.start()
    process.join(60)
    assert process.exitcode == 9


ALL = {"b.png", "b.png.relume.json", "b.png.consistency.png"}


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_next_run_finishes_or_begins_anew(job: Job, name: str) -> None:
    kill_before_naming(job, name)
    assert any(entry.endswith(".part") for entry in names(job))
    again = once(job)
    assert (again.status, again.error) == ("skipped" if name.endswith(".json") else "ok", None)
    assert names(job) == ALL
    assert [check.state for check in record.check(record.record_path(job.target), zoo.installed)] == ["ok"] * 3
    assert once(job).status == "skipped"


def test_a_result_that_has_its_record_back_is_still_not_overwritten(job: Job) -> None:
    kill_before_naming(job, "b.png.relume.json")
    assert once(job, resume=False).error.code == "exists"
    assert names(job) == ALL


def with_weights(folder: Path, extra: bytes) -> Options:
    """Options with a model whose weights file ends in ``extra`` (an unknown field, which changes its hash alone)."""
    tiny = Path(__file__).parent.parent / "data" / "tiny-cascade.onnx"
    (folder / "m.onnx").write_bytes(tiny.read_bytes() + extra)
    return Options(scale=2, model=str(folder / "m.onnx"), precision="f32")


def test_changed_weights_are_done_again(job: Job, tmp_path: Path) -> None:
    options = with_weights(tmp_path, b"")
    assert once(job, options=options).status == "ok"
    assert once(job, options=options).status == "skipped"
    first = record.read(record.record_path(job.target))
    options = with_weights(tmp_path, b"\xfa\x3e\x01x")
    assert once(job, options=options).status == "ok"
    second = record.read(record.record_path(job.target))
    assert (first.model_sha256 != second.model_sha256, first.output.sha256 == second.output.sha256) == (True, True)
    assert once(job, options=options).status == "skipped"


def test_a_changed_source_is_done_again_and_another_one_is_not(job: Job, tmp_path: Path, make) -> None:
    assert once(job).status == "ok"
    before = job.target.read_bytes()
    job.source.write_bytes(make.encoded(make.smooth(9, 10), ".png"))
    assert once(job).status == "ok"
    assert job.target.read_bytes() != before
    other = job.source.with_name("other.png")
    other.write_bytes(make.encoded(make.smooth(8, 10), ".png"))
    assert once(Job(other, job.target, job.base)).error.code == "exists"
    job.target.write_bytes(before)
    assert once(job).error.code == "exists"  # changed by hand
