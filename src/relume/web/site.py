"""What every request needs: the settings, the database and the store, held by the application."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Engine

from relume.web.eye import Eye
from relume.web.jobs import Limits
from relume.web.settings import Settings
from relume.web.store import Store

KEY = "relume"


@dataclass(frozen=True)
class Site:
    """One page with its archive; ``streams`` counts the event streams that may still be opened.

    ``eye`` looks at pictures that are chosen, before they are sent.
    """

    settings: Settings
    engine: Engine
    store: Store
    streams: threading.BoundedSemaphore
    eye: Eye

    @property
    def limits(self) -> Limits:
        """How many pictures may wait."""
        return Limits(self.settings.queue, self.settings.pending)


def site() -> Site:
    """The site of the application that serves this request."""
    found: Site = current_app.extensions[KEY]
    return found
