"""Errors as answers: one line for people on a page of its own, the same as JSON for programs, and the right status."""

from __future__ import annotations

import logging

from flask import Flask, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, NotFound, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from relume.runtime.pictures.errors import Damaged, NotAPicture, TooLarge
from relume.signal import InputRejected, RelumeError, UsageError
from relume.web.jobs import QueueFull, TooMany
from relume.web.store import StoreFull

log = logging.getLogger("relume.page")

STATUSES: tuple[tuple[type[RelumeError], int], ...] = (
    (TooLarge, 413),
    (NotAPicture, 415),
    (Damaged, 415),
    (QueueFull, 503),
    (StoreFull, 503),
    (TooMany, 429),
    (UsageError, 400),
    (InputRejected, 400),
)
CODES = {400: "bad-request", 403: "forbidden", 404: "not-found", 405: "method", 409: "no-result", 413: "too-large"}
CODES |= {429: "too-many", 500: "internal", 503: "busy"}
RETRY_SECONDS = "30"
TITLES = {
    400: "That did not work",
    403: "Not from here",
    404: "Nothing here",
    409: "Not yet",
    413: "Too large",
    415: "Not a picture",
    429: "One moment, please",
    500: "Something broke",
    503: "Very busy just now",
}


def install_problems(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(RelumeError, _told)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(SecurityError, _strange)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(Exception, _broken)


def answer(status: int, code: str, message: str) -> ResponseReturnValue:
    """The problem as a page, or as JSON where a program asks."""
    if wants_json():
        response = jsonify({"error": {"code": code, "message": message}})
    else:
        title = TITLES.get(status, HTTP_STATUS_CODES.get(status, "Problem"))
        response = make_response(render_template("problem.html", title=title, code=code, message=message))
    response.status_code = status
    if status in (429, 503):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def wants_json() -> bool:
    """Whether the caller is a program: everything below /api/, and who says so."""
    if request.path.startswith("/api/"):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _told(error: RelumeError) -> ResponseReturnValue:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        log.error("failed: %s", error, extra={"code": error.code})
    return answer(status, error.code, str(error))


def _stale(error: CSRFError) -> ResponseReturnValue:
    return answer(400, "stale-form", "this page was open for too long: go back, load it again, and send it once more")


def _strange(error: SecurityError) -> ResponseReturnValue:
    """A host that is not ours has no pages, so there is nothing to render."""
    return f"{error.description}\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _plain(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    message = str(error.description or error.name)
    if isinstance(error, NotFound) and error.description == NotFound.description:
        message = "there is no such page"
    return answer(status, CODES.get(status, error.name.lower().replace(" ", "-")), message)


def _no_database(error: OperationalError) -> ResponseReturnValue:
    log.error("the database does not answer: %s", error.orig)
    return answer(503, "busy", "the archive does not answer just now: try again in a moment")


def _broken(error: Exception) -> ResponseReturnValue:
    log.exception("a request failed")
    return answer(
        500, "internal", "this is our fault and has been written down; your picture is not lost if it was accepted"
    )
