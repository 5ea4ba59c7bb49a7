"""Which pictures a call names: files, folders and globs listed in one fixed order before anything runs."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from relume.runtime.pictures.errors import Unreadable
from relume.runtime.record import HEAT_SUFFIX, RECORD_SUFFIX, is_result, recorded_source
from relume.signal import InputRejected

EXTENSIONS = frozenset({"png", "jpg", "jpeg", "jpe", "webp", "tif", "tiff", "heic", "heif", "gif", "bmp"})


@dataclass(frozen=True)
class Found:
    """One listed picture: its path, the root that it came from (by number), and its path below that root.

    ``error`` is set where the entry cannot be taken at all (missing, a pipe, a folder that cannot be read).
    """

    path: Path
    root: int
    relative: Path
    error: InputRejected | None = None


@dataclass(frozen=True)
class Listing:
    """All that a call names: roots (folders and files), the pictures in order, and notes about what was left out."""

    roots: tuple[Path, ...]
    found: tuple[Found, ...]
    notes: tuple[str, ...] = ()

    @property
    def single_file(self) -> bool:
        """Whether the call names one file, which may be given an output name of its own."""
        return len(self.roots) == 1 and not is_folder(self.roots[0])


def is_candidate(name: str) -> bool:
    """Whether a file of this name is taken from a folder: by its extension alone, in any case."""
    return "." in name and name.rsplit(".", 1)[1].lower() in EXTENSIONS


def collect(arguments: Sequence[str], out: Path | None = None) -> Listing:
    """List what ``arguments`` name: files as they are, folders recursively, globs that the shell left unexpanded.

    In folders and globs, results of earlier runs (a file with a record beside it) are left out, and so is the folder
    ``out``. Links to folders are not followed inside a folder (they can form loops); a note says so.
    """
    roots: list[Path] = []
    found: list[Found] = []
    notes: list[str] = []
    seen: set[str] = set()
    place = Places()
    for root, error in _roots(arguments):
        if place(root) in seen:
            continue
        seen.add(place(root))
        number = len(roots)
        roots.append(root)
        if error is None and is_folder(root):
            found.extend(_walk(root, number, place(out) if out else None, notes, place))
        else:
            found.append(Found(root, number, Path(root.name), error or _unfit(root)))
    return Listing(tuple(roots), tuple(_without_own_results(_distinct(found, place), notes, place)), tuple(notes))


def _roots(arguments: Sequence[str]) -> Iterator[tuple[Path, InputRejected | None]]:
    for argument in arguments:
        if os.path.lexists(argument) or not glob.has_magic(argument):
            yield Path(argument), None
            continue
        matches = sorted(Path(match) for match in glob.glob(argument, recursive=True))  # noqa: PTH207
        if not matches:
            yield Path(argument), Unreadable(f"{argument}: nothing matches this pattern; check it")
        for match in matches:
            if is_folder(match) or (is_candidate(match.name) and not is_result(match)):
                yield match, None


def _walk(root: Path, number: int, out: str | None, notes: list[str], place: Places) -> Iterator[Found]:
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            reason = Unreadable(f"{folder}: a folder that cannot be read: {error.strerror}; check its permissions")
            yield Found(folder, number, folder.relative_to(root), reason)
            continue
        names = {entry.name for entry in entries}
        below: list[Path] = []
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if place(path) != out:
                    below.append(path)
            elif entry.is_symlink() and is_folder(path):
                notes.append(f"{path} is a link to a folder and was not followed; name it to restore what is in it")
            elif is_candidate(entry.name) and not _is_made(entry.name, names):
                yield Found(path, number, path.relative_to(root), _unfit(path))
        pending.extend(reversed(below))


def _is_made(name: str, names: set[str]) -> bool:
    return name + RECORD_SUFFIX in names or name.removesuffix(HEAT_SUFFIX) + RECORD_SUFFIX in names


def _unfit(path: Path) -> InputRejected | None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        kind = "a link to nothing" if path.is_symlink() else "no such file"
        return Unreadable(f"{path}: {kind}; check the name")
    except (OSError, ValueError) as error:
        return Unreadable(f"{path}: cannot be reached: {error}; check the name and the permissions")
    if not stat.S_ISREG(mode):
        return Unreadable(f"{path}: not a plain file; save it as one, or pass it on standard input with -")
    return None


def _distinct(found: Sequence[Found], place: Places) -> list[Found]:
    """Each path once, where a call names it twice (``in in/a.png``): the first naming counts."""
    first: dict[str, Found] = {}
    for item in found:
        first.setdefault(place(item.path), item)
    return list(first.values())


def _without_own_results(found: Sequence[Found], notes: list[str], place: Places) -> Iterator[Found]:
    """Leave out files that were made from another input of the same call, as ``*.png`` gives on a second run."""
    inputs = {place(item.path) for item in found}
    for item in found:
        source = recorded_source(item.path)
        if source is not None and place(source) != place(item.path) and place(source) in inputs:
            notes.append(f"{item.path} is a result of {source.name} and was left out")
        else:
            yield item


class Places:
    """What two namings of one place share: the real folder and the name, folded where the system folds case.

    Called with a path; remembers the folders that it has resolved, so one instance serves one listing.
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: Path) -> str:
        """Return the key of ``path``: equal for two paths exactly where they are one entry of one folder."""
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 (resolve would follow the last link)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.normcase(os.path.join(self._folders[folder], name))  # noqa: PTH118


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a folder or a link to one; a path that cannot be reached is none."""
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises where a parent cannot be read)
