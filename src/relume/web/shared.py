"""Shared links: one picture for whoever has the link, without anything that says where it was taken."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, url_for

from relume.web import answers, catalogue
from relume.web.site import site
from relume.web.tables import Job

shared = Blueprint("shared", __name__, url_prefix="/shared/<share>")


@shared.get("")
def picture(share: str) -> str:
    """The picture, before and after."""
    job = _job(share)
    here = url_for("shared.picture", share=share)
    return render_template("picture.html", job=job, mine=False, ended=True, position=0, files=here, view_as="guest")


@shared.get("/view/<name>")
def view(share: str, name: str) -> Response:
    """A picture for the screen; it has no metadata."""
    return answers.view(_job(share), name)


@shared.get("/zoom/<which>/<int:level>/<int:column>_<int:row>.jpg")
def zoom(share: str, which: str, level: int, column: int, row: int) -> Response:
    """One tile to zoom into; it has no metadata."""
    return answers.zoom(_job(share), which, level, column, row)


@shared.get("/result")
def result(share: str) -> Response:
    """The restored picture without its metadata: the pixels and their colour profile alone."""
    return answers.scrubbed(_job(share))


def _job(share: str) -> Job:
    found = catalogue.find_shared(site().engine, share)
    if found is None:
        abort(404, "this link leads nowhere (any more)")
    return found
