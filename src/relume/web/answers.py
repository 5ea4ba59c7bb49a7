"""How files and states are answered: types from our own knowledge, caching by what changes, and nothing that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from flask import Response, abort, jsonify, request, send_file

from relume.web import catalogue, jobs
from relume.web.guard import FILE_POLICY
from relume.web.models import Restoration, describe, dump
from relume.web.scrub import scrub
from relume.web.site import site
from relume.web.sniff import Head
from relume.web.tables import BY_API, DONE, ENDED, Job

API, PAGES = "/api/v1/restorations", "/pictures"
STREAM_SECONDS = 25.0
LOOK_SECONDS = 0.4
VIEWS = {"before", "after", "thumb", "live", "detail-2", "detail-3", "detail-4"}
SHORT, LONG = 60, 86_400


def described(job: Job) -> Restoration:
    """The job in words of the API, with links to where it may be asked for."""
    return describe(job, jobs.position(site().engine, job), _base(job))


def state(job: Job) -> Response:
    """The job as JSON with an ETag; 304 where the caller knows it already."""
    answer = described(job)
    response = jsonify(dump(answer))
    response.set_etag(f"{job.version}-{answer.position}")
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def events(job: Job) -> Response:
    """Server-sent events of every change until the job ends, for 25 s at most; 503 where all slots are taken."""
    here = site()
    if not here.streams.acquire(blocking=False):
        response = jsonify({"error": {"code": "streams-full", "message": "too many streams are open: poll instead"}})
        response.status_code = 503
        response.headers["Retry-After"] = "5"
        return response

    base = _base(job)

    def lines() -> Iterator[str]:
        until, last = time.monotonic() + STREAM_SECONDS, ""
        yield "retry: 1000\n\n"
        while time.monotonic() < until:
            found = catalogue.find(here.engine, job.id)
            if found is None:
                return
            answer = describe(found, jobs.position(here.engine, found), base)
            tag = f"{found.version}-{answer.position}"
            if tag != last:
                last = tag
                yield f"id: {tag}\nevent: {found.status}\ndata: {answer.model_dump_json()}\n\n"
            if found.status in ENDED:
                return
            time.sleep(LOOK_SECONDS)

    response = Response(lines(), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(here.streams.release)
    return response


def result(job: Job, inline: bool = False) -> Response:
    """The restored picture's file; 409 while there is none."""
    if job.status != DONE or job.result is None:
        abort(409, f"this picture is {job.status}: there is no result")
    return _stored(job.result, _mime(job.result_name), job.result_name, inline)


def scrubbed(job: Job) -> Response:
    """The result without its metadata (where and when it was taken, by whom), its pixels and colours untouched."""
    if job.status != DONE or job.result is None:
        abort(409, f"this picture is {job.status}: there is no result")
    mime = _mime(job.result_name)
    out = site().store.temporary()
    with site().store.path(job.result).open("rb") as stream:
        scrub(stream, mime.removeprefix("image/"), out)
    out.seek(0)
    response = send_file(out, mimetype=mime, max_age=SHORT)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cache-Control"] = f"private, max-age={SHORT}"
    response.headers["Content-Disposition"] = _disposition("attachment", f"restored{Path(job.result_name).suffix}")
    return response


def original(job: Job, inline: bool = False) -> Response:
    """The file as it was sent."""
    return _stored(job.source, Head.MIME[job.kind], job.name, inline)


def record(job: Job) -> Response:
    """The record of the restoration, as JSON; 409 while there is none."""
    if job.record is None:
        abort(409, f"this picture is {job.status}: there is no record")
    response = Response(job.record, mimetype="application/json")
    response.headers["Content-Disposition"] = _disposition("inline", f"{job.result_name}.relume.json")
    return response


def view(job: Job, name: str) -> Response:
    """A picture for the screen, made by the worker without any metadata; 404 while it is not there."""
    stem, _, suffix = name.partition(".")
    if not ((stem in VIEWS and suffix == "jpg") or name in ("heat.png", "mask.png")):
        abort(404)
    seconds = 0 if stem == "live" else LONG if job.status == DONE else SHORT
    return _file(site().store.views_of(job.id) / name, "image/png" if suffix == "png" else "image/jpeg", seconds)


def zoom(job: Job, which: str, level: int, column: int, row: int) -> Response:
    """One tile of a pyramid."""
    if which not in ("before", "after"):
        abort(404)
    return _file(
        site().store.views_of(job.id) / f"zoom-{which}" / str(level) / f"{column}_{row}.jpg", "image/jpeg", LONG
    )


def _base(job: Job) -> str:
    return API if job.visitor == BY_API else PAGES


def _stored(digest: str, mime: str, name: str, inline: bool) -> Response:
    response = _file(site().store.path(digest), mime, LONG, digest)
    response.headers["Content-Disposition"] = _disposition("inline" if inline else "attachment", name)
    return response


def _file(path: Path, mime: str, seconds: int, etag: str | bool = True) -> Response:
    try:
        response = send_file(path, mimetype=mime, conditional=True, etag=etag, max_age=seconds)
    except FileNotFoundError:
        abort(404)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cache-Control"] = f"private, max-age={seconds}" if seconds else "private, no-cache"
    return response


def _mime(name: str) -> str:
    suffix = Path(name).suffix.lower()
    kinds = {
        ".jpg": "jpeg",
        ".jpeg": "jpeg",
        ".jpe": "jpeg",
        ".png": "png",
        ".webp": "webp",
        ".tif": "tiff",
        ".tiff": "tiff",
    }
    return Head.MIME[kinds[suffix]]


def _disposition(how: str, name: str) -> str:
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
