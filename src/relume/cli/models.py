"""``relume models``: which weights are shipped, what they promise, and whether they are intact."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli.output import emit, plain, say, statuses, tell
from relume.signal import ModelError

if TYPE_CHECKING:
    from relume.runtime.anatomy import Layer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from 'relume models list', or the path of an .onnx.")]
Plot = Annotated[Path | None, typer.Option(help="Also draw the architecture, to this PNG or SVG.")]
Side = Annotated[int, typer.Option(min=8, help="Pixels a side of the input that shapes and operations are for.")]
LIST_WIDTH = 160
"""Columns of the list: names are never folded, a narrower screen wraps the end of a line."""
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Else: all shipped models.")]


def register(app: typer.Typer) -> None:
    """Add ``models`` with ``list``, ``show`` and ``verify``."""
    models = typer.Typer(help="The shipped weights.", no_args_is_help=True, rich_markup_mode=None)
    models.command("list")(list_models)
    models.command("show")(show)
    models.command("verify")(verify)
    app.add_typer(models, name="models")


def list_models(as_json: AsJson = False) -> None:
    """Name, task, scales, size, licence, and what each model learned from on which terms."""
    with statuses(as_json, {"models": []}):
        from relume.runtime import zoo

        entries, damaged = [], []
        for name in zoo.names():
            try:
                entries.append(_card(zoo.find(name)))
            except ModelError as error:
                damaged.append(f"{error} [{error.code}]")
        if as_json:
            keys = ("name", "task", "scales", "parameters", "licence", "fidelity", "data", "sha256", "description")
            emit({"models": [{key: entry[key] for key in keys} for entry in entries]})
        else:
            _table(entries)
        for message in damaged:
            say(f"damaged: {message}")
    if damaged:
        raise typer.Exit(ModelError.exit_status)


def show(name: Name, plot: Plot = None, side: Side = 256, as_json: AsJson = False) -> None:
    """The whole card of one model, and its layers: shapes, parameters, operations."""
    with statuses(as_json):
        from relume.runtime import anatomy, zoo

        model = zoo.find(name)
        layers = anatomy.layers(model, side)
        if plot is not None:
            from relume.bench.architecture import draw

            draw(model.name, layers, plot)
        card = _card(model) | {"layers": [dataclasses.asdict(layer) for layer in layers]}
        if as_json:
            emit(card)
            return
        for key, value in card.items():
            if key != "layers":
                _tell_field(key, value)
        _layer_table(layers, side)


def verify(names: Names = None, as_json: AsJson = False) -> None:
    """Hash the weight files again and compare with what this version of relume ships."""
    with statuses(as_json, {"models": []}):
        from relume.runtime import zoo

        answers = [_verified(name) for name in names or zoo.names()]
        if as_json:
            emit({"models": answers})
        else:
            for answer in answers:
                if answer["error"]:
                    say(f"damaged: {answer['error']['message']} [{answer['error']['code']}]")
                else:
                    tell(f"ok: {answer['name']} {answer['sha256'] or '(computed, no weights)'}")
    if any(answer["error"] for answer in answers):
        raise typer.Exit(ModelError.exit_status)


def _verified(name: str) -> dict[str, Any]:
    from relume.runtime import zoo

    answer: dict[str, Any] = {"name": name, "status": "ok", "sha256": None, "error": None}
    try:
        return answer | {"sha256": zoo.find(name).sha256}
    except ModelError as error:
        return answer | {"status": "failed", "error": {"code": error.code, "message": plain(error)}}


def _card(model: Any) -> dict[str, Any]:
    """The card of a model as JSON values, with its file's hash and the scales that follow from its outputs."""
    card = dataclasses.asdict(model.card)
    return card | {"name": model.name, "scales": list(model.card.scales), "sha256": model.sha256}


def _table(entries: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    notes: dict[str, int] = {}
    table = Table(box=None)
    for title in ("name", "task", "scales", "parameters", "learned from", "licence"):
        table.add_column(title, no_wrap=True, justify="right" if title == "parameters" else "left")
    for entry in entries:
        scales = " ".join(f"x{scale}" for scale in entry["scales"])
        sets = [f"{item['name']} ({item['terms']})" for item in entry["data"]]
        numbers = [f"[{notes.setdefault(note, len(notes) + 1)}]" for note in sets]
        licence = entry["licence"].partition(" for the weights file")[0]
        count = f"{entry['parameters']:,}"
        table.add_row(entry["name"], entry["task"], scales, count, " ".join(numbers) or "no data set", licence)
    Console(markup=False, highlight=False, width=LIST_WIDTH).print(table)
    tell("")
    tell("Learned from (terms); who passes weights on should know these, the licence is the weight file's alone:")
    for note, number in notes.items():
        tell(f"[{number}] {note}")


def _layer_table(layers: Sequence[Layer], side: int) -> None:
    from rich.console import Console
    from rich.table import Table

    tell(f"layers: {len(layers)}, for an input of {side}x{side}")
    table = Table(box=None)
    for title in ("layer", "operation", "output", "parameters", "multiply-adds"):
        table.add_column(title, no_wrap=True, justify="left" if title in ("layer", "operation") else "right")
    for layer in layers:
        operation = " ".join([layer.kind, "x".join(map(str, layer.kernel)), _steps(layer.stride)]).strip()
        counts = (f"{count:,}" if count else "" for count in (layer.parameters, layer.macs))
        table.add_row(layer.name, operation, "x".join(map(str, layer.shape)), *counts)
    totals = (f"{sum(getattr(layer, name) for layer in layers):,}" for name in ("parameters", "macs"))
    table.add_row("in all", "", "", *totals)
    Console(markup=False, highlight=False, width=160).print(table)


def _steps(stride: Sequence[int]) -> str:
    return f"/{stride[0]}" if stride and max(stride) > 1 else ""


def _tell_field(key: str, value: Any, indent: int = 0) -> None:
    pad = " " * indent
    if isinstance(value, dict) and value:
        tell(f"{pad}{key}:")
        for name, item in value.items():
            _tell_field(str(name), item, indent + 4)
    elif isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        tell(f"{pad}{key}:")
        for item in value:
            tell(f"{pad}    - " + ", ".join(f"{name}: {content}" for name, content in item.items()))
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        tell(f"{pad}{key}: {shown}")
