"""Files that appear whole or not at all, and never in the place of another.

A file that is being written lies hidden beside its target and is locked. The lock goes with the process that holds it,
however that ends, so the next one to write the same target knows what is left over, and removes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from relume.runtime.pictures.errors import Exists, Unwritable

if sys.platform == "win32":  # no such locks: nothing is known to be left over, and nothing is removed

    def _lock(handle: int) -> None:
        raise OSError("this system has no file locks")

else:
    from fcntl import LOCK_EX, LOCK_NB, flock

    def _lock(handle: int) -> None:
        """Lock an open file for this process; OSError where another one holds it."""
        flock(handle, LOCK_EX | LOCK_NB)


@contextlib.contextmanager
def appearing(target: Path, *, replacing: bool = False) -> Iterator[Path]:
    """The path of an empty file beside ``target`` that takes its name when the block ends well, and vanishes if not.

    Raises Exists if there is a ``target`` before or after (unless ``replacing`` it), Unwritable if its folder cannot be
    written.
    """
    if not replacing and os.path.lexists(target):
        raise Exists(f"{target}: exists already; relume overwrites nothing")
    for old in left_over(target):
        with contextlib.suppress(OSError):
            old.unlink()
    partial = target.with_name(f"{_stem(target)}{secrets.token_hex(6)}.part")
    handle = -1
    try:
        handle = _create(partial)
        yield partial
        _publish(partial, target, replacing)
    finally:  # from before the file is there: an interruption may come between any two steps
        with contextlib.suppress(OSError, ValueError):
            partial.unlink()
        if handle >= 0:
            os.close(handle)


def left_over(target: Path) -> list[Path]:
    """What processes that have ended were writing for ``target``: hidden files beside it that nobody locks any more."""
    found = []
    with contextlib.suppress(OSError):
        for partial in sorted(target.parent.glob(f"{_stem(target)}*.part")):
            with contextlib.suppress(OSError), partial.open("rb") as file:
                _lock(file.fileno())
                found.append(partial)
    return found


def _stem(target: Path) -> str:
    """How the hidden names for ``target`` begin: short, whatever its own name is."""
    return f".relume-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}-"


def _create(partial: Path) -> int:
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unwritable(f"{partial.parent}: cannot write there: {reason}") from error
    with contextlib.suppress(OSError):  # a file system without locks
        _lock(handle)
    return handle


def _publish(partial: Path, target: Path, replacing: bool) -> None:
    """Flush ``partial`` to the disk and give it the name ``target``, unless something has that name by now."""
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        if replacing:
            partial.replace(target)
            return
        try:
            target.hardlink_to(partial)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links: claim the name, then move onto the claim
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            partial.replace(target)
    except FileExistsError as error:
        raise Exists(f"{target}: appeared meanwhile; relume overwrites nothing") from error
    except OSError as error:
        raise Unwritable(f"{target}: cannot be written: {error.strerror}") from error


def why(error: Exception) -> str:
    """Why a text file could not be read, in words for a message."""
    if isinstance(error, UnicodeDecodeError):
        return "not text"
    return getattr(error, "strerror", None) or str(error)


def sha256(path: Path) -> str:
    """The hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
