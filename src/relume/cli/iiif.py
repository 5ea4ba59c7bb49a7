"""``relume iiif``: results and their originals as static IIIF files, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from relume.cli.output import emit, statuses, tell

URL = "http://localhost:8000"

Out = Annotated[list[str], typer.Argument(metavar="OUT...", help="Results, their records, or folders of them.")]
Dest = Annotated[Path, typer.Option(help="A folder for the files.")]
Url = Annotated[str, typer.Option(help="The address that the folder will be served at.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """Add ``iiif``."""
    app.command("iiif")(iiif)


def iiif(out: Out, dest: Dest = Path("iiif"), url: Url = URL, as_json: AsJson = False) -> None:
    """Write originals and results as IIIF image services (level 0) with manifests that open both side by side."""
    with statuses(as_json, {"manifests": []}):
        from relume.cli.records import records_of
        from relume.evidence.iiif import publish
        from relume.runtime.record import RECORD_SUFFIX

        found = list(records_of(out))
        names = unique([Path(path.name.removesuffix(RECORD_SUFFIX)).stem for path in found])
        made: list[dict[str, Any]] = []
        for path, name in zip(found, names, strict=True):
            published = publish(path, dest, url, name)
            made.append({"record": str(path), "folder": str(published.folder), "manifest": published.manifest})
            if not as_json:
                tell(f"{published.folder}: {published.manifest}")
        if as_json:
            emit({"manifests": made})


def unique(names: list[str]) -> list[str]:
    """``names`` with a number added where one comes again."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found
