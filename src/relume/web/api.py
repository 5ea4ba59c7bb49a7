"""The API: the same restorations without cookies. The id that an upload is answered with is the key to its picture."""

from __future__ import annotations

from typing import IO

from flask import Blueprint, Response, abort, jsonify, request
from flask_limiter.util import get_remote_address
from pydantic import ValidationError

from relume.runtime.photo_options import read_hints
from relume.signal import UsageError
from relume.web import answers, catalogue, jobs
from relume.web.guard import csrf, uploads
from relume.web.intake import NoPicture, accept, read_mask, receive
from relume.web.models import Ask, describe_offers, dump
from relume.web.offers import Wish, offers
from relume.web.openapi import document
from relume.web.site import site
from relume.web.tables import BY_API, ENDED, Job

api = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(api)


@api.post("/restorations")
@uploads
def create() -> Response:
    """Take a picture: multipart with ``image`` and the wishes, or the picture's bytes with the wishes in the query."""
    form = request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded")
    wish = read_wish((request.form if form else request.args).to_dict(), sent_mask())
    with _picture(form) as stream:
        name = _name(form)
        job = accept(stream, name, wish, BY_API, get_remote_address())
    response = jsonify(dump(answers.described(job)))
    response.status_code = 202
    response.headers["Location"] = f"{answers.API}/{job.id}"
    return response


@api.get("/restorations/<id>")
def read(id: str) -> Response:
    """How far it is; an ETag spares the answer where nothing has changed."""
    return answers.state(_job(id))


@api.delete("/restorations/<id>")
def remove(id: str) -> Response:
    """Cancel what has not ended (it stays readable as ``cancelled``), or delete what has."""
    job = _job(id)
    if job.status not in ENDED and jobs.cancel(site().engine, job.number):
        return answers.state(_job(id))
    catalogue.forget(site().engine, site().store, job)
    return Response(status=204)


@api.get("/restorations/<id>/result")
def result(id: str) -> Response:
    """The restored picture, in the source's format."""
    return answers.result(_job(id))


@api.get("/restorations/<id>/record")
def record(id: str) -> Response:
    """The record of what was done."""
    return answers.record(_job(id))


@api.get("/restorations/<id>/events")
def events(id: str) -> Response:
    """Every change as it happens, as server-sent events."""
    return answers.events(_job(id))


@api.get("/offers")
def what() -> Response:
    """What can be asked for."""
    settings = site().settings
    return jsonify(dump(describe_offers(offers(), settings.max_bytes, settings.max_pixels)))


@api.get("/openapi.json")
def openapi() -> Response:
    """This API, described."""
    return jsonify(document(site().settings.max_bytes))


def sent_mask() -> bytes | None:
    """The mask in the request's form, if there is one."""
    found = request.files.get("mask")
    return None if found is None else read_mask(found.stream)


def read_wish(fields: dict[str, str], mask: bytes | None = None) -> Wish:
    """The wish in form or query fields; UsageError names the field that is wrong. Other fields are not looked at."""
    try:
        ask = Ask.model_validate({name: text for name, text in fields.items() if name in Ask.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]}: {first['msg'].lower()}") from error
    return Wish(
        ask.task,
        ask.scale,  # type: ignore[arg-type]  # None is the task's own
        ask.model,
        ask.consistent,
        ask.strip,
        ask.realism,
        ask.strength,
        read_hints(ask.hints.split()),
        ask.colour,
        mask,
    )


def _picture(form: bool) -> IO[bytes]:
    if not form:
        return receive(request.stream, site().settings.max_bytes)
    found = request.files.get("image")
    if found is None:
        raise NoPicture("there is no file 'image' in this form")
    return found.stream


def _name(form: bool) -> str:
    return (request.files["image"].filename or "") if form else request.args.get("name", "")


def _job(id: str) -> Job:
    """A picture that came by API; the ids of the page's own are no keys, for a shared gallery shows them to all."""
    found = catalogue.find(site().engine, id)
    if found is None or found.visitor != BY_API:
        abort(404, "there is no such picture (any more)")
    return found
