"""What the page is told before it starts: one frozen value, from the command line or from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from relume.signal import UsageError

PREFIX = "RELUME_"
DAY = 86_400.0
ALWAYS = 0.0


@dataclass(frozen=True)
class Settings:
    """Where the page keeps its things and what it allows.

    ``store``: the folder of pictures (and of the database, unless ``database`` is a URL of SQLAlchemy's).
    ``max_bytes`` and ``max_pixels``: the largest upload. ``retain``: seconds that a picture is kept, 0 for always.
    ``quota``: bytes that the store may hold, 0 for no bound. ``queue``: pictures that may wait in all, and ``pending``
    of one visitor. ``rate``: uploads of one address, in Flask-Limiter's words. ``shared``: whether everybody sees
    the whole gallery. ``memory``: bytes of address space of a restoring process, ``seconds``: its time for a picture.
    ``lease``: seconds after which a silent worker's picture is taken up by another. ``streams``: how many event
    streams may be open. ``secret`` signs cookies (by default: made once and kept in the store). ``token`` opens
    ``/metrics`` to others than this machine. ``https``: the page is reached by https only. ``hosts``: the names by
    which it may be called, separated by commas (by default any). ``proxies``: how many reverse proxies stand before it.
    """

    store: Path
    database: str = ""
    max_bytes: int = 256 << 20
    max_pixels: int = 64_000_000
    retain: float = ALWAYS
    quota: int = 0
    queue: int = 200
    pending: int = 20
    rate: str = "600 per hour; 120 per minute"
    shared: bool = False
    memory: int = 12 << 30
    seconds: float = 1800.0
    lease: float = 10.0
    streams: int = 4
    secret: str = ""
    token: str = ""
    https: bool = False
    hosts: str = ""
    proxies: int = 0

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "queue", "pending", "memory", "seconds", "lease"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("retain", "quota", "streams", "proxies"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must not be below 0, but is {getattr(self, name)}")
        if self.secret and len(self.secret) < 16:
            raise UsageError("secret must have at least 16 characters; leave it out and one is made")

    @property
    def url(self) -> str:
        """The database's URL: ``database``, or SQLite in the store."""
        return self.database or f"sqlite:///{(self.store / 'relume.sqlite').absolute()}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``RELUME_STORE``, ``RELUME_MAX_PIXELS`` and so on, one for each field; RELUME_STORE is needed."""
        environment = os.environ if environment is None else environment
        if PREFIX + "STORE" not in environment:
            raise UsageError("RELUME_STORE is not set: name the folder that keeps the pictures")
        found: dict[str, str | int | float | bool | Path] = {}
        for each in fields(cls):
            text = environment.get(PREFIX + each.name.upper())
            if text is not None:
                found[each.name] = _typed(each.name, str(each.type), text)
        return cls(**found)  # type: ignore[arg-type]  # each value has been read by its field's own type

    def to_environment(self) -> dict[str, str]:
        """The variables from which :meth:`from_environment` makes this value again."""
        return {PREFIX + each.name.upper(): _text(getattr(self, each.name)) for each in fields(self)}


def _typed(name: str, kind: str, text: str) -> str | int | float | bool | Path:
    try:
        match kind:
            case "Path":
                return Path(text)
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"0": False, "1": True, "": False}[text]
            case _:
                return text
    except (ValueError, KeyError) as error:
        raise UsageError(f"{PREFIX}{name.upper()} is {text!r}, which is no {kind}") from error


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
