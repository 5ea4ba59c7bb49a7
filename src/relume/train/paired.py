"""Paired folders, as the second paper's set has them: ``color/`` and ``gray/``, matched by name."""

from __future__ import annotations

import re
from pathlib import Path

from relume.signal import UsageError
from relume.train.data import SUFFIXES


def numerically(path: Path) -> tuple[object, ...]:
    """A key that sorts 2.jpg before 10.jpg: the digits of a name count as numbers."""
    parts = re.split(r"(\d+)", path.stem)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)


def find_pairs(root: Path, damaged: str = "gray", clean: str = "color") -> list[tuple[Path, Path]]:
    """(damaged, clean) pictures of ``root/gray`` and ``root/color`` with one stem, sorted numerically.

    Raises UsageError, once and with examples, if a folder is missing or empty, if two files of a folder share a stem,
    or if any picture lacks its partner.
    """
    sides: list[dict[str, Path]] = []
    for folder in (damaged, clean):
        paths = [p for p in (root / folder).glob("*") if p.suffix.lower() in SUFFIXES]
        if not paths:
            raise UsageError(f"no pictures in {root / folder}; a paired set has {damaged}/ and {clean}/")
        sides.append({path.stem: path for path in paths})
        if len(sides[-1]) < len(paths):
            raise UsageError(
                f"{root / folder}: some pictures share a name and differ only in their ending; keep one each"
            )
    lonely = sorted(sides[0].keys() ^ sides[1].keys())
    if lonely:
        shown = ", ".join(lonely[:5]) + (", ..." if len(lonely) > 5 else "")
        raise UsageError(f"{root}: {len(lonely)} pictures have no partner in the other folder: {shown}")
    return sorted(((path, sides[1][stem]) for stem, path in sides[0].items()), key=lambda pair: numerically(pair[0]))
