"""``relume bench images --task relic``: aged relics restored by every rival, and fresh pictures left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SETS = ("relics", "Set14")
FRESH = "Set14"
SEED = 0


def relics(
    data: Path,
    scale: int,
    sets: Sequence[str],
    models: Sequence[str],
    out: Path | None,
    progress: Callable[[str], None],
) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Head, rows and table of the comparison, which is also written to ``out``."""
    import sys

    from relume.bench import lpips, relic, results
    from relume.bench.sets import Pair

    distance = lpips.load(lpips.ALEX)
    found = relic.chosen(models, scale)
    rows = []
    for name in sets or SETS:
        pairs = [relic.aged(picture, scale, SEED) for picture in relic.pictures(data, name)]
        rows += [relic.measure(rival, pairs, f"{name} aged", scale, distance, progress) for rival in found]
    if FRESH in (sets or SETS):
        whole = [relic.colour(picture.pixels) for picture in relic.pictures(data, FRESH)]
        names = [picture.name for picture in relic.pictures(data, FRESH)]
        fresh = [Pair(name, pixels, pixels) for name, pixels in zip(names, whole, strict=True)]
        rows += [relic.measure(rival, fresh, f"{FRESH} fresh", 1, distance, progress) for rival in found]
    rows = relic.compared(rows)
    head = results.provenance(sys.argv[1:], relic.PROTOCOL, SEED)
    results.write(out or Path("results") / f"relic-x{scale}.json", head, rows)
    return head, rows, relic.table(rows)
