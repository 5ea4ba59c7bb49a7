"""The page for people: choose a picture, watch it come back, keep both. Everything works without JavaScript too."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from relume.signal import RelumeError, UsageError
from relume.web import answers, catalogue, jobs
from relume.web.api import read_wish, sent_mask
from relume.web.guard import known_visitor, uploads, visitor
from relume.web.intake import NoPicture, accept, again
from relume.web.models import dump
from relume.web.offers import AUTO, Wish, offer_of, offers
from relume.web.openapi import document
from relume.web.site import site
from relume.web.tables import BY_API, ENDED, QUEUED, Job

Answer = Response | AnyResponse | str
MOST_FILES = 32
RECENT = 6

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> Answer:
    """Choose a picture."""
    who = known_visitor()
    recent = catalogue.gallery(site().engine, who, size=RECENT).jobs if who else []
    pair = catalogue.last_pair(site().engine, who) if who else None
    return render_template("home.html", offers=offers(), auto=AUTO, recent=recent, pair=pair, settings=site().settings)


@pages.post("/restore")
@uploads
def restore() -> Answer:
    """Upload and Restore: one picture leads to its page, several to the gallery."""
    files = [file for file in request.files.getlist("image") if file.filename or _size(file)][:MOST_FILES]
    if not files:
        raise NoPicture("choose a picture first")
    wish, who = _wish(), visitor()
    if len(files) > 1 and (wish.mask or wish.hints):
        raise UsageError("marks belong to one picture: send it alone")
    made: list[Job] = []
    for file in files:
        try:
            made.append(accept(file.stream, file.filename or "", wish, who, get_remote_address()))
        except RelumeError as error:
            if len(files) == 1:
                raise
            flash(f"{file.filename}: {error}")
    if _wants_json():
        response = jsonify([dump(answers.described(job)) for job in made])
        response.status_code = 202
        return response
    if len(made) == 1 and len(files) == 1:
        return redirect(url_for("pages.picture", id=made[0].id), 303)
    return redirect(url_for("pages.gallery"), 303)


@pages.get("/pictures/<id>")
def picture(id: str) -> Answer:
    """One picture: waiting, being restored, restored, or why not."""
    job = _visible(id)
    if _wants_json():
        return answers.state(job)
    return render_template(
        "picture.html",
        job=job,
        mine=job.visitor == known_visitor(),
        ended=job.status in ENDED,
        position=jobs.position(site().engine, job),
        offers=offers(),
        auto=AUTO,
        settings=site().settings,
        files=url_for("pages.picture", id=job.id),
        view_as="visitor",
    )


@pages.get("/pictures/<id>/status")
def status(id: str) -> Response:
    """How far it is, for the page's own script."""
    return answers.state(_visible(id))


@pages.get("/pictures/<id>/events")
def events(id: str) -> Response:
    """Every change as it happens, as server-sent events."""
    return answers.events(_visible(id))


@pages.get("/pictures/<id>/view/<name>")
def view(id: str, name: str) -> Response:
    """A picture for the screen."""
    return answers.view(_visible(id), name)


@pages.get("/pictures/<id>/zoom/<which>/<int:level>/<int:column>_<int:row>.jpg")
def zoom(id: str, which: str, level: int, column: int, row: int) -> Response:
    """One tile to zoom into."""
    return answers.zoom(_visible(id), which, level, column, row)


@pages.get("/pictures/<id>/result")
def result(id: str) -> Response:
    """Download the restored picture; who has not sent it gets it without metadata, which may say where it was taken."""
    job = _visible(id)
    return answers.result(job) if job.visitor == known_visitor() else answers.scrubbed(job)


@pages.get("/pictures/<id>/original")
def original(id: str) -> Response:
    """Download the picture as it was sent; the visitor's own only, for it may say where it was taken."""
    return answers.original(_own(id))


@pages.get("/pictures/<id>/record")
def record(id: str) -> Response:
    """The record of what was done."""
    return answers.record(_visible(id))


@pages.post("/pictures/<id>/again")
@uploads
def restore_again(id: str) -> Answer:
    """The same original with other settings."""
    job = again(_own(id), _wish(), visitor(), get_remote_address())
    return redirect(url_for("pages.picture", id=job.id), 303)


@pages.post("/pictures/<id>/cancel")
def cancel(id: str) -> Answer:
    """Wait for it no more."""
    job = _own(id)
    jobs.cancel(site().engine, job.number)
    return redirect(url_for("pages.picture", id=job.id), 303)


@pages.post("/pictures/<id>/delete")
def delete(id: str) -> Answer:
    """Delete original, result and views."""
    job = _own(id)
    jobs.cancel(site().engine, job.number)
    catalogue.forget(site().engine, site().store, job)
    flash(f"{job.name} has been deleted.")
    return redirect(url_for("pages.gallery"), 303)


@pages.post("/pictures/<id>/share")
def share(id: str) -> Answer:
    """Make a link that shows the picture to anybody, or take it back."""
    job = _own(id)
    catalogue.share(site().engine, job, request.form.get("wanted") == "1")
    return redirect(url_for("pages.picture", id=job.id, _anchor="share"), 303)


@pages.get("/gallery")
def gallery() -> Answer:
    """What the visitor keeps here (or everybody, where the gallery is shared)."""
    words = request.args.get("q", "")[:200]
    who, everybody = known_visitor(), site().settings.shared
    number = request.args.get("page", 1, type=int)
    found = catalogue.gallery(site().engine, None if everybody else (who or ""), words, number)
    return render_template("gallery.html", found=found, words=words, shared=everybody, queued=QUEUED)


@pages.get("/uploadedimage")
def uploaded_image() -> Response:
    """The picture that the visitor sent last."""
    job = catalogue.last_sent(site().engine, known_visitor() or "")
    if job is None:
        abort(404, "you have not sent a picture yet")
    return _fresh(answers.original(job, inline=True))


@pages.get("/restoredimage")
def restored_image() -> Response:
    """The visitor's last restored picture."""
    job = catalogue.last_pair(site().engine, known_visitor() or "")
    if job is None:
        abort(404, "no picture of yours has been restored yet")
    return _fresh(answers.result(job, inline=True))


@pages.get("/api")
def api_page() -> Answer:
    """The API, for people to read."""
    return render_template("api.html", document=document(site().settings.max_bytes), base=request.host_url.rstrip("/"))


def _wish() -> Wish:
    """What the form asks for; fields that the chosen task has no dial for are left out, as a page shows all of them."""
    fields = request.form.to_dict()
    dials = offer_of(fields.get("task", Wish.task)).dials
    kept = {name: text for name, text in fields.items() if name in (*dials, "task", "strip")}
    return read_wish(kept, sent_mask() if "mask" in dials else None)


def _visible(id: str) -> Job:
    """The job, if this visitor may see it; to everybody else it does not exist."""
    found = catalogue.find(site().engine, id)
    to_all = found is not None and site().settings.shared and found.visitor != BY_API
    if found is None or not (to_all or found.visitor == known_visitor()):
        abort(404, "there is no such picture (any more)")
    return found


def _own(id: str) -> Job:
    found = _visible(id)
    if found.visitor != known_visitor():
        abort(404, "this picture is not yours to change")
    return found


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _size(file: FileStorage) -> int:
    size = file.stream.seek(0, 2)
    file.stream.seek(0)
    return size


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
