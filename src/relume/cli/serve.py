"""``relume serve``: the page, its API and the workers, on this machine unless told otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from relume.cli.output import say, statuses
from relume.signal import UsageError

SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
ONLY = ("all", "page", "worker")


def register(app: typer.Typer) -> None:
    """Add ``serve``."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 5000,
    workers: Annotated[int, typer.Option(min=1, help="Restoring processes.")] = 1,
    store: Annotated[
        Path | None, typer.Option(help="Folder that keeps the pictures. Else: $RELUME_STORE, or ~/relume.")
    ] = None,
    max_pixels: Annotated[str | None, typer.Option(help="Refuse larger pictures, such as 64M.")] = None,
    max_bytes: Annotated[str | None, typer.Option(help="Refuse larger files, such as 256M.")] = None,
    retain: Annotated[
        str | None, typer.Option(help="Delete pictures after this time, such as 30d. Else: never.")
    ] = None,
    quota: Annotated[str | None, typer.Option(help="Keep at most this many bytes, such as 50G.")] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Everybody sees the whole gallery.")] = False,
    only: Annotated[str, typer.Option(help="all, page or worker: what this process starts.")] = "all",
) -> None:
    """Open the page. What is not an option here is a RELUME_ variable: see docs/operations.md."""
    with statuses(False):
        import os
        from dataclasses import replace

        from relume.cli.restore import quantity
        from relume.web import logs
        from relume.web.serving import LOOPBACK, Workers, serve_page, wait_for_the_end
        from relume.web.settings import Settings

        if only not in ONLY:
            raise UsageError(f"--only must be one of {', '.join(ONLY)}, not '{only}'")
        place = store or Path(os.environ.get("RELUME_STORE") or Path.home() / "relume")
        settings = Settings.from_environment({**os.environ, "RELUME_STORE": str(place)})
        pixels = quantity(max_pixels, "--max-pixels")
        size, most = quantity(max_bytes, "--max-bytes"), quantity(quota, "--quota")
        settings = replace(
            settings,
            max_pixels=pixels or settings.max_pixels,
            max_bytes=size or settings.max_bytes,
            quota=most or settings.quota,
            retain=span(retain) if retain else settings.retain,
            shared=shared or settings.shared,
        )
        logs.configure()
        if only == "worker":
            with Workers(settings, workers):
                wait_for_the_end()
            return
        if host not in LOOPBACK:
            say(f"warning: other machines can reach {host}, and the page has no accounts: see docs/threat-model.md")
        say(f"the pictures are kept in {place}")
        if only == "page":
            serve_page(settings, host, port)
            return
        with Workers(settings, workers):
            serve_page(settings, host, port)


def span(text: str) -> float:
    """A length of time in seconds: ``30d`` is 2592000."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text.strip().lower())
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"--retain is {text!r}; give a time above 0, such as 12h, 30d or 8w")
    return float(found[1]) * SPANS[found[2]]
