"""Where each result goes: decided over the whole batch before anything runs, the same for the same listing.

Two outputs are never the same path, none is a folder that another needs, and none is an input.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from relume.runtime.inputs import Listing, Places, is_folder
from relume.runtime.pictures.errors import Exists, Unwritable
from relume.runtime.record import RECORD_SUFFIX, heat_path
from relume.signal import InputRejected, OutputRefused, RelumeError

NAME_BYTES = 255


@dataclass(frozen=True)
class Job:
    """One picture to restore: ``source`` to ``target``, told in the ledger of ``base``.

    ``error`` says why it cannot be begun; ``data`` are the bytes of a source that is no file (``source`` is ``-``);
    ``report``: where its heat map goes, if one is wanted.
    """

    source: Path
    target: Path | None
    base: Path
    error: RelumeError | None = None
    data: bytes | None = None
    report: Path | None = None


def plan(listing: Listing, out: Path | None, tag: str, suffix_of: Callable[[Path], str]) -> tuple[Job, ...]:
    """Give each picture its output; ``tag`` (``_x4``) goes before the extension where there is no ``out`` folder.

    With ``out``, a single folder is mirrored without its own name and several each under theirs. Where two results
    would have one name, those whose format changes keep their source extension (``a.gif.png``); a number is added
    where that is not enough. A result that would fall on an input is refused. ``suffix_of`` gives the extension of a
    source's result and raises InputRejected for what is no picture.
    """
    place = Places()
    folders = _root_folders(listing, out, place)
    wishes: list[_Wish | None] = []
    errors: list[RelumeError | None] = []
    for item in listing.found:
        parent = item.path.parent if out is None else folders[item.root] / item.relative.parent
        wish: _Wish | None = None
        error: RelumeError | None = item.error
        if error is None:
            try:
                wish = _wish(item.path.name, parent, "" if out else tag, suffix_of(item.path))
            except InputRejected as rejection:
                error = rejection
        wishes.append(wish)
        errors.append(error)
    sources = {place(item.path) for item in listing.found}
    jobs = []
    for item, target, error in zip(listing.found, _assign(wishes, place), errors, strict=True):
        root = listing.roots[item.root]
        base = out or (root if is_folder(root) else root.parent)
        reason = error or (_refusal(target, sources, place) if target else None)
        jobs.append(Job(item.path, None if reason else target, base, reason))
    return tuple(jobs)


def one(listing: Listing, target: Path) -> Job:
    """The job of a call that names one file and the file to write; an error if that is its own input."""
    item = listing.found[0]
    place = Places()
    error = item.error or _refusal(target, {place(item.path)}, place)
    return Job(item.path, None if error else target, target.parent, error)


def with_heat_maps(jobs: Sequence[Job], wanted: bool) -> tuple[Job, ...]:
    """``jobs``, each with a heat map beside its output if they are ``wanted``."""
    return tuple(replace(job, report=heat_path(job.target)) if wanted and job.target else job for job in jobs)


def _root_folders(listing: Listing, out: Path | None, place: Places) -> list[Path]:
    """Where below ``out`` each root goes: a lone folder and plain files directly, several folders under their names."""
    if out is None:
        return [Path()] * len(listing.roots)
    if len(listing.roots) == 1:
        return [out]
    taken = {place(out / root.name) for root in listing.roots if not is_folder(root)}
    folders = []
    for root in listing.roots:
        if not is_folder(root):
            folders.append(out)
            continue
        name = Path(os.path.abspath(root)).name or "root"  # noqa: PTH100 (resolve would follow the link that was named)
        choice = next(c for c in _numbered(out / name) if place(c) not in taken)
        taken.add(place(choice))
        folders.append(choice)
    return folders


@dataclass(frozen=True)
class _Wish:
    """The name that a result would like (``plain``), what it takes if that is contested, and if it is its source's."""

    plain: Path
    full: Path
    kept: bool


def _wish(name: str, parent: Path, tag: str, suffix: str) -> _Wish:
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    kept = (dot + extension).lower() == suffix.lower()
    ending = dot + extension if kept else suffix
    return _Wish(parent / f"{stem}{tag}{ending}", parent / f"{name}{tag}{suffix}", kept)


def _assign(wishes: Sequence[_Wish | None], place: Places) -> list[Path | None]:
    """Distinct paths for all wishes, none of them a folder that another needs; kept names are served first."""
    wanted = Counter(place(wish.plain) for wish in wishes if wish)
    kept = {place(wish.plain) for wish in wishes if wish and wish.kept}
    holders = {wish.plain.parent for wish in wishes if wish}
    folders = {place(folder) for holder in holders for folder in (holder, *holder.parents)}
    taken: set[str] = set()
    targets: list[Path | None] = [None] * len(wishes)
    for serve_kept in (True, False):
        for position, wish in enumerate(wishes):
            if wish is None or wish.kept != serve_kept:
                continue
            contested = not wish.kept and (wanted[place(wish.plain)] > 1 or place(wish.plain) in kept)
            first = wish.full if contested else wish.plain
            choice = next(c for c in _numbered(first) if place(c) not in taken and place(c) not in folders)
            taken.add(place(choice))
            targets[position] = choice
    return targets


def _refusal(target: Path, sources: set[str], place: Places) -> OutputRefused | None:
    if place(target) in sources:
        return Exists(f"{target}: one of the inputs, and originals are never overwritten; choose another -o")
    if len(os.fsencode(target.name + RECORD_SUFFIX)) > NAME_BYTES:
        return Unwritable(f"{target}: the name is too long for its record beside it; choose another with -o")
    return None


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")
