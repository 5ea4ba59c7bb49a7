"""The files: pictures by the hash of their bytes, the views of each job, and a place for what is not yet either.

A file enters by rename, so that it is there whole or not at all. Two jobs with the same bytes share one file; it goes
when the last row that names it goes. Whatever a killed process left behind is rubbish that :meth:`Store.sweep` finds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from relume.signal import OutputRefused

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
STALE_SECONDS = 3600.0
LEAST_FREE = 256 << 20


class StoreFull(OutputRefused):
    """There is no room for another picture: the quota is reached, or the disk is nearly full."""

    code = "store-full"


class Store:
    """The folder ``root``: ``objects/`` (by sha256), ``views/`` (by job), ``incoming/``, ``work/`` and ``secret``."""

    def __init__(self, root: Path, quota: int = 0) -> None:
        self.root = root
        self.quota = quota
        self.objects, self.views = root / "objects", root / "views"
        self.incoming, self.work = root / "incoming", root / "work"
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.objects, self.views, self.incoming, self.work):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise OutputRefused(f"cannot use {root} as the store: {error.strerror}; choose another --store") from error

    def secret(self) -> str:
        """The key that signs cookies, made at the first call: 64 hexadecimal digits in a file that only we can read."""
        path = self.root / "secret"
        if not path.exists():
            fresh = self.incoming / f"secret-{secrets.token_hex(8)}"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32), encoding="ascii")
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text(encoding="ascii")

    def temporary(self) -> IO[bytes]:
        """A file in ``incoming`` for an upload that is being received; it vanishes when it is closed."""
        return tempfile.TemporaryFile(dir=self.incoming)

    def check_room(self, used: int, more: int) -> None:
        """Raise StoreFull where ``more`` bytes on top of ``used`` pass the quota, or leave too little of the disk."""
        if self.quota and used + more > self.quota:
            raise StoreFull("the archive has reached its quota: delete pictures that you no longer need")
        if shutil.disk_usage(self.root).free < more + LEAST_FREE:
            raise StoreFull("the disk of the archive is nearly full: delete pictures that you no longer need")

    def keep(self, stream: IO[bytes]) -> tuple[str, int]:
        """Put the bytes of ``stream`` (from its start) into ``objects``; returns their sha256 and how many they are."""
        size = stream.seek(0, 2)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # IO is one in all but name
        if self.has(digest):
            self.path(digest).touch()
            return digest, size
        stream.seek(0)
        handle, name = tempfile.mkstemp(dir=self.incoming)
        try:
            with os.fdopen(handle, "wb") as out:
                shutil.copyfileobj(stream, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            self._enter(Path(name), digest)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest, size

    def take(self, path: Path, digest: str) -> None:
        """Move a finished file of ours into ``objects`` under its sha256."""
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        self._enter(path, digest)

    def _enter(self, path: Path, digest: str) -> None:
        target = self.path(digest)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        path.replace(target)

    def has(self, digest: str) -> bool:
        """Whether the bytes with that sha256 are there."""
        return self.path(digest).exists()

    def path(self, digest: str) -> Path:
        """Where the bytes with that sha256 lie, whether they are there or not."""
        if not SHA256.match(digest):
            raise ValueError(f"{digest!r} is no sha256")
        return self.objects / digest[:2] / digest

    def drop(self, digest: str) -> None:
        """Remove the bytes with that sha256."""
        self.path(digest).unlink(missing_ok=True)

    def views_of(self, job: str) -> Path:
        """The folder of a job's views; it need not exist."""
        return self.views / job

    def desk(self, job: str, ticket: str) -> Path:
        """A fresh folder in ``work`` for one take of a job."""
        path = self.work / f"{job}-{ticket}"
        path.mkdir(mode=0o700)
        return path

    def desks(self, job: str) -> list[Path]:
        """All folders in ``work`` of takes of a job."""
        return list(self.work.glob(f"{job}-*"))

    def clear(self, path: Path) -> None:
        """Remove a folder of ours with all that is in it."""
        shutil.rmtree(path, ignore_errors=True)

    def sweep(self, named: Iterable[str], jobs: Iterable[str], age: float = STALE_SECONDS) -> int:
        """Remove what no row names and nobody has touched for ``age`` seconds; returns how many entries went.

        ``named``: the sha256 of all sources and results; ``jobs``: the ids of all jobs.
        """
        before = time.time() - age
        keep, known = set(named), set(jobs)
        gone = 0
        for folder in [*self.objects.iterdir(), self.incoming, self.work, self.views]:
            for entry in folder.iterdir():
                if entry.name in keep or (folder == self.views and entry.name in known):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat().st_mtime > before:
                        continue
                    if entry.is_dir():
                        self.clear(entry)
                    else:
                        entry.unlink()
                    gone += 1
        return gone
