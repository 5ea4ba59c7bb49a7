"""Stopped half-way: nothing under the final name, nothing left behind, and a ledger to go on from."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from relume.runtime.ledger import LEDGER_NAME

BICUBIC = ("--model", "bicubic", "--scale", 4)
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> bytes:
    """A picture that takes long enough to be interrupted: noise, so that its result packs badly."""
    path = tmp_path_factory.mktemp("large") / "a.png"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (1500, 1500, 3), dtype=np.uint8)).save(path, compress_level=0)
    return path.read_bytes()


def wait_for(something: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not something():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def finish(started: subprocess.Popen) -> tuple[int, bytes, bytes]:
    out, err = started.communicate(timeout=PATIENCE_SECONDS)
    return started.returncode, out, err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_picture_interrupted_leaves_nothing(process, large, tmp_path: Path, number: int, status: int) -> None:
    (tmp_path / "a.png").write_bytes(large)
    started = process("restore", tmp_path / "a.png", *BICUBIC, "--json")
    wait_for(lambda: len(names(tmp_path)) > 1 or started.poll() is not None)
    started.send_signal(number)
    returned, out, err = finish(started)
    assert returned == status
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert b"Traceback" not in err
    assert names(tmp_path) == {"a.png"}


def test_one_picture_killed_is_not_there(process, large, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(large)
    started = process("restore", tmp_path / "a.png", *BICUBIC)
    wait_for(lambda: len(names(tmp_path)) > 1 or started.poll() is not None)
    started.kill()
    assert finish(started)[0] == -signal.SIGKILL
    assert not (tmp_path / "a_x4.png").exists()
    assert not (tmp_path / "a_x4.png.relume.json").exists()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def worker_of(pid: int) -> int | None:
    """The worker process among the children (the other is the resource tracker of the standard library)."""
    for child in children(pid):
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    return None


@pytest.fixture
def batch(large, picture, tmp_path: Path) -> Path:
    """A small picture, then a large one, then a small one."""
    picture(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_bytes(large)
    picture(tmp_path / "in" / "cc.png")
    return tmp_path


def in_the_second(folder: Path) -> bool:
    """Whether the first picture is done and the second has begun to be written."""
    return LEDGER_NAME in names(folder) and len(names(folder) - {"a.png", "a.png.relume.json", LEDGER_NAME}) > 0


def test_a_batch_interrupted_can_go_on(process, batch: Path) -> None:
    call = ("restore", batch / "in", "-o", batch / "out", *BICUBIC, "--json", "--resume")
    started = process(*call, start_new_session=True)
    wait_for(lambda: in_the_second(batch / "out") or started.poll() is not None)
    os.killpg(started.pid, signal.SIGINT)
    status, out, err = finish(started)
    told = json.loads(out)
    assert (status, told["error"]["code"]) == (130, "interrupted")
    assert [entry["status"] for entry in told["files"]] == ["ok"]
    assert b"Traceback" not in err
    assert names(batch / "out") == {"a.png", "a.png.relume.json", LEDGER_NAME}
    (batch / "in" / "b.png").unlink()
    status, out, _ = finish(process(*call))
    assert (status, [entry["status"] for entry in json.loads(out)["files"]]) == (0, ["skipped", "ok"])


def test_a_worker_that_dies_costs_one_picture(process, batch: Path) -> None:
    started = process("restore", batch / "in", "-o", batch / "out", *BICUBIC, "--json")
    wait_for(lambda: in_the_second(batch / "out") or started.poll() is not None)
    os.kill(worker_of(started.pid), signal.SIGSEGV)
    status, out, err = finish(started)
    entries = json.loads(out)["files"]
    assert (status, [entry["status"] for entry in entries]) == (3, ["ok", "failed", "ok"])
    assert entries[1]["error"]["code"] == "crashed"
    assert "SIGSEGV" in entries[1]["error"]["message"]
    assert b"Traceback" not in err
    made = {"a.png", "a.png.relume.json", "cc.png", "cc.png.relume.json", LEDGER_NAME}
    assert names(batch / "out") == made


def test_a_batch_killed_can_go_on(process, batch: Path) -> None:
    call = ("restore", batch / "in", "-o", batch / "out", *BICUBIC, "--json", "--resume")
    started = process(*call, start_new_session=True)
    wait_for(lambda: in_the_second(batch / "out") or started.poll() is not None)
    os.killpg(started.pid, signal.SIGKILL)
    finish(started)
    assert not (batch / "out" / "b.png").exists()
    (batch / "in" / "b.png").unlink()
    status, out, _ = finish(process(*call))
    assert (status, [entry["status"] for entry in json.loads(out)["files"]]) == (0, ["skipped", "ok"])
