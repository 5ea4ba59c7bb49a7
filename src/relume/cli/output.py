"""What commands print: one JSON object, or lines that are safe on any terminal; and how errors become statuses."""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from relume.signal import RelumeError, UsageError

DEBUG = "RELUME_DEBUG"
INTERNAL = 1
SOME_FAILED = 3
DIFFERS = 7
INTERRUPTED = 130


def plain(text: object) -> str:
    r"""``text`` on one line, with control characters, line breaks and undecodable bytes shown as escapes (``\n``)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def say(text: object) -> None:
    """Print one line for the user on standard error."""
    print(plain(text), file=sys.stderr, flush=True)


def tell(text: object) -> None:
    """Print one line of the answer on standard output."""
    print(plain(text), flush=True)


def emit(answer: dict[str, Any]) -> None:
    """Print ``answer`` as one JSON object in ASCII on standard output; numbers that are not finite become null."""
    print(json.dumps(_finite(answer), indent=2, allow_nan=False, default=str), flush=True)


@contextmanager
def statuses(as_json: bool, empty: dict[str, Any] | None = None) -> Iterator[None]:
    """Turn errors of the commands inside into one line and the documented exit status.

    With ``as_json`` the answer on standard output is ``empty`` and the error: ``{…, "error": {"code", "message"}}``.
    A programming error gives status 1, and its traceback only where ``RELUME_DEBUG=1``.
    """
    try:
        yield
    except RelumeError as error:
        _fail(error.code, str(error), error.exit_status, as_json, empty)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 (the reader has gone: nothing more can be told)
        raise typer.Exit(0) from None
    except Exception as error:
        if as_json and hasattr(error, "format_message"):  # the parser's word on wrong options
            _fail(UsageError.code, error.format_message(), UsageError.exit_status, as_json, empty)
        if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):  # the parser's own way to end
            raise
        if os.environ.get(DEBUG) == "1":
            traceback.print_exc()
        message = f"{type(error).__name__}: {error} (a bug: set {DEBUG}=1 to see where)"
        _fail("internal", message, INTERNAL, as_json, empty)


def _fail(code: str, message: str, status: int, as_json: bool, empty: dict[str, Any] | None) -> None:
    if as_json:
        emit({**(empty or {}), "error": {"code": code, "message": plain(message)}})
    say(f"error: {message} [{code}]")
    raise typer.Exit(status)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
