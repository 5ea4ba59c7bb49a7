"""Files that appear whole or not at all, and never in the place of another."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from relume.runtime.pictures.errors import Exists, Unwritable


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """The path of an empty file beside ``target`` that takes its name when the block ends well, and vanishes if not.

    Raises Exists if there is a ``target`` before or after, Unwritable if its folder cannot be written.
    """
    if os.path.lexists(target):
        raise Exists(f"{target}: exists already; relume overwrites nothing")
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        _create(partial)
        yield partial
        _publish(partial, target)
    finally:  # from before the file is there: an interruption may come between any two steps
        with contextlib.suppress(OSError, ValueError):
            partial.unlink()


def _create(partial: Path) -> None:
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unwritable(f"{partial.parent}: cannot write there: {reason}") from error
    os.close(handle)


def _publish(partial: Path, target: Path) -> None:
    """Flush ``partial`` to the disk and give it the name ``target``, unless something has that name by now."""
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
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


def sha256(path: Path) -> str:
    """The hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
