"""What stands before every request: who the visitor is, where a form comes from, what a browser may do with a page."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from relume.web.site import site

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")
uploads = limiter.shared_limit(lambda: site().settings.rate, scope="uploads")

FILE_POLICY = "default-src 'none'; sandbox"
NO_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def install(app: Flask) -> None:
    """Put the guards before and after every request of ``app``."""
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_refuse_strangers)
    app.after_request(_harden)
    app.add_template_global(nonce)


def nonce() -> str:
    """The random word of this answer that its own scripts carry."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    found: str = g.nonce
    return found


def visitor() -> str:
    """The visitor's signed id; a new one is given with the answer where there is none."""
    if "visitor" not in session:
        session["visitor"] = secrets.token_hex(16)
        session.permanent = True
    return str(session["visitor"])


def known_visitor() -> str | None:
    """The visitor's id if they have one."""
    return session.get("visitor")


def _refuse_strangers() -> None:
    """Changes are never taken from another site's page, whatever the browser would send along."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") or foreign:
        abort(403, "this request comes from another site's page")


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _page_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = NO_FEATURES
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "private, no-store")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _page_policy() -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce()}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce()}'; "
        "img-src 'self' blob:; connect-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
