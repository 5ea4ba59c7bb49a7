"""How an upload becomes a job: its bytes are looked at and counted before they are kept, and kept before it is told."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from typing import IO

from flask import Request, current_app

from relume.runtime.photo_options import Hint
from relume.runtime.pictures.errors import NotAPicture, TooLarge
from relume.signal import InputRejected
from relume.web import catalogue, jobs
from relume.web.offers import Wish
from relume.web.site import KEY, Site, site
from relume.web.sniff import Head, sniff
from relume.web.tables import Job

LONGEST_NAME = 120
FORM_MEMORY = 512 << 10
FORM_PARTS = 64
CHUNK = 1 << 18
FORM_OVERHEAD = 2 << 20
MASK_BYTES = 1 << 20
MASK_PIXELS = 1 << 24


class NoPicture(InputRejected):
    """There is no picture in the request."""

    code = "no-picture"


class Upload(Request):
    """A request whose files are received straight into the store's own folder, and whose forms stay small."""

    max_form_memory_size = FORM_MEMORY
    max_form_parts = FORM_PARTS

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        found: Site = current_app.extensions[KEY]
        return found.store.temporary()


def receive(stream: IO[bytes], most: int) -> IO[bytes]:
    """Read a raw body of at most ``most`` bytes into a temporary file; raises TooLarge."""
    out = site().store.temporary()
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > most:
            out.close()
            raise TooLarge(f"this file is larger than the {most >> 20} MiB that are taken")
        out.write(chunk)
    return out


def read_mask(stream: IO[bytes]) -> bytes | None:
    """The bytes of a mask that came with a form, a PNG of at most a megabyte; None for an empty one; a RelumeError."""
    data = stream.read(MASK_BYTES + 1)
    if len(data) > MASK_BYTES:
        raise TooLarge(f"this mask is larger than the {MASK_BYTES >> 20} MiB that are taken")
    if not data:
        return None
    if sniff(io.BytesIO(data), MASK_PIXELS).kind != "png":
        raise NotAPicture("a mask is a PNG, white where the picture is damaged")
    return data


def spelled(hints: tuple[Hint, ...]) -> str:
    """Hints as one line of text."""
    return " ".join(f"{x},{y}={colour}" for x, y, colour in hints)


def accept(stream: IO[bytes], name: str, wish: Wish, visitor: str, address: str) -> Job:
    """Check a received file and put it into the queue; raises a RelumeError that says why not."""
    here = site()
    size = stream.seek(0, 2)
    if not size:
        raise NoPicture("there is no picture in this upload: choose one")
    if size > here.settings.max_bytes:
        raise TooLarge(f"this file has {size >> 20} MiB; up to {here.settings.max_bytes >> 20} MiB are taken")
    head = sniff(stream, here.settings.max_pixels)
    here.store.check_room(catalogue.used(here.engine), size)
    shown = clean_name(name, head)
    while True:
        digest, _ = here.store.keep(stream)
        job = Job(
            id=jobs.new_id(),
            visitor=visitor,
            address=address,
            name=shown,
            kind=head.kind,
            source=digest,
            source_bytes=size,
            width=head.width,
            height=head.height,
            task=wish.task,
            scale=wish.scale,
            model=wish.model,
            consistent=wish.consistent,
            strip=wish.strip,
            realism=wish.realism,
            strength=wish.strength,
            colour=wish.colour,
            hints=spelled(wish.hints),
            mask=wish.mask,
        )
        try:
            if jobs.submit(here.engine, job, here.limits, lambda digest=digest: here.store.has(digest)):  # type: ignore[misc]
                return job
        except Exception:
            catalogue.drop_if_unused(here.engine, here.store, digest)
            raise


def again(job: Job, wish: Wish, visitor: str, address: str) -> Job:
    """Put the source of ``job`` into the queue once more, with other wishes."""
    here = site()
    if not here.store.has(job.source):
        raise NoPicture("the original is not kept any more: upload it again")
    with here.store.path(job.source).open("rb") as stream:
        return accept(stream, job.name, wish, visitor, address)


def clean_name(name: str, head: Head) -> str:
    """A name to show and to offer for download: no folders, nothing unprintable, the extension of the content."""
    last = PurePosixPath(name.replace("\\", "/")).name
    stem = "".join(c for c in last if c.isprintable() and c not in '<>:"/\\|?*').strip(". ")
    stem, dot, end = stem.rpartition(".")
    stem = (stem if dot else end)[:LONGEST_NAME] or "picture"
    known = {".jpeg", ".jpe", head.suffix, *((".tiff",) if head.kind == "tiff" else ())}
    keep = dot and f".{end.lower()}" in known and (head.kind == "jpeg" or end.lower() not in ("jpeg", "jpe"))
    return f"{stem}.{end.lower()}" if keep else stem + head.suffix
