"""The command line: a table of commands, each in the file of its family, of which only the one named is imported.

A family is a module here with ``register(app)``. To add a command, write the module and its line in ``COMMANDS``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

import typer

from relume.cli.output import statuses

COMMANDS = {
    "restore": "restore",
    "verify": "records",
    "redo": "records",
    "iiif": "iiif",
    "models": "models",
    "doctor": "doctor",
    "train": "train",
    "export": "train",
    "bench": "bench",
    "degrade": "degrade",
    "serve": "serve",
    "link": "link",
    "gan": "gan",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; always ends with ``SystemExit`` and one of the documented statuses."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    as_json = "--json" in arguments
    try:
        with statuses(as_json):
            # With --json the parser must not end the process by itself, but leave the answer to us.
            status = build(arguments)(list(arguments), prog_name="relume", standalone_mode=not as_json)
            raise typer.Exit(status or 0)
    except typer.Exit as end:
        sys.exit(end.exit_code)


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application with the family that ``arguments`` name, or with all where they name none (``--help``)."""
    app = typer.Typer(
        help="Recover what a channel has damaged: pictures and messages.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    families = [COMMANDS[named]] if named in COMMANDS else dict.fromkeys(COMMANDS.values())
    for family in families:
        import_module(f"relume.cli.{family}").register(app)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from relume import __version__

        typer.echo(f"relume {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Run on the way to every command."""
