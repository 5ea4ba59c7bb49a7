"""The user's cache: what was compiled or measured once. Nothing depends on it; broken, it is passed over."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

KEPT = 32
_DIGEST = 32


def folder() -> Path:
    """``$RELUME_CACHE``, else ``$XDG_CACHE_HOME/relume``, else ``~/.cache/relume``; not created here."""
    if chosen := os.environ.get("RELUME_CACHE"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "relume"
    return Path(os.path.expanduser("~")) / ".cache" / "relume"  # noqa: PTH111 - Path.home() raises without a home


def key(*parts: object) -> str:
    """A file name that changes with any of ``parts``."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def get(name: str) -> bytes | None:
    """What :func:`put` stored under ``name``, or None if it is not there, not readable or not what was stored.

    What was asked for last is kept longest.
    """
    try:
        data = (folder() / name).read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):  # of a cache that can only be read
        os.utime(folder() / name)
    digest, content = data[:_DIGEST], data[_DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def put(name: str, content: bytes) -> None:
    """Store ``content`` under ``name`` for later processes, if the cache can be written; keep the newest ``KEPT``."""
    home = folder()
    partial = None
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=home, prefix=".partial-")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        Path(partial).replace(home / name)
        entries = sorted((f for f in home.iterdir() if f.is_file()), key=lambda f: f.stat().st_mtime, reverse=True)
        for old in entries[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def get_json(name: str) -> Any:
    """The JSON value stored under ``name``, or None."""
    content = get(name)
    return None if content is None else json.loads(content)


def put_json(name: str, value: Any) -> None:
    """Store a JSON value under ``name``."""
    put(name, json.dumps(value).encode())
