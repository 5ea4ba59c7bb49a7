"""The application: ``create_app(settings)``, and ``wsgi()`` for servers that import it."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, g, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from relume.web import guard, logs, words
from relume.web.api import api
from relume.web.eye import Eye
from relume.web.intake import FORM_OVERHEAD, Upload
from relume.web.looks import looks
from relume.web.operations import operations, seen
from relume.web.pages import pages
from relume.web.problems import install_problems
from relume.web.settings import Settings
from relume.web.shared import shared
from relume.web.site import KEY, Site
from relume.web.store import Store
from relume.web.tables import connect

log = logging.getLogger("relume.page")


def create_app(settings: Settings) -> Flask:
    """The page over the store and the database that ``settings`` name; both are made where they are not there."""
    app = Flask("relume.web", root_path=str(Path(__file__).parent))
    store = Store(settings.store, settings.quota)
    app.config.update(
        SECRET_KEY=settings.secret or store.secret(),
        MAX_CONTENT_LENGTH=settings.max_bytes + FORM_OVERHEAD,
        SESSION_COOKIE_NAME="relume",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=365),
        TRUSTED_HOSTS=[host for host in settings.hosts.split(",") if host] or None,
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_HEADERS_ENABLED=True,
    )
    app.request_class = Upload
    app.extensions[KEY] = Site(
        settings,
        connect(settings.url),
        store,
        threading.BoundedSemaphore(max(1, settings.streams)),
        Eye(settings.memory),
    )
    guard.install(app)
    install_problems(app)
    for blueprint in (pages, looks, api, shared, operations):
        app.register_blueprint(blueprint)
    words.install(app)
    _number_static_files(app)
    app.before_request(_start_clock)
    app.after_request(_tell)
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app


def wsgi() -> Flask:
    """The page by the environment's settings, for ``gunicorn 'relume.web.app:wsgi()'``."""
    logs.configure()
    return create_app(Settings.from_environment())


def _number_static_files(app: Flask) -> None:
    """Let browsers keep static files for good: their addresses change with their content."""
    marks: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in marks:
            data = (Path(app.static_folder or "") / name).read_bytes()
            marks[name] = hashlib.sha256(data).hexdigest()[:10]
        return url_for("static", filename=name, v=marks[name])

    def keep(response: Response) -> Response:
        if request.endpoint == "static":
            response.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
            )
        return response

    app.add_template_global(asset)
    app.after_request(keep)


def _start_clock() -> None:
    g.began = time.perf_counter()


def _tell(response: Response) -> Response:
    """Count and log the request by its rule, never by its address: that may open a picture."""
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    rule = request.url_rule.rule if request.url_rule else "none"
    seen(request.method, rule, response.status_code, seconds)
    if rule != "/static/<path:filename>":
        fields = {"method": request.method, "rule": rule, "status": response.status_code, "ms": round(seconds * 1e3, 1)}
        log.info("request", extra=fields)
    return response
