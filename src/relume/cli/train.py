"""``relume train`` and ``relume export``: from a recipe to weights, from a checkpoint to a file that ships."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from relume.cli.output import emit, tell
from relume.signal import UsageError


class Placement(StrEnum):
    """Where a training may compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def register(app: typer.Typer) -> None:
    """Add ``train`` and ``export`` to the command line."""
    app.command("train")(train)
    app.command("export")(export)


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe by name; `relume train list` names them.")],
    data: Annotated[Path, typer.Option(help="The folder with the training sets.")] = Path("data"),
    out: Annotated[Path | None, typer.Option(help="Where checkpoint and log go [default: runs/RECIPE].")] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="The same experiment in seconds, on pictures it makes.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue exactly where the checkpoint stands.")] = False,
    stop_after: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many steps, as if interrupted, with a checkpoint.")
    ] = None,
    device: Annotated[Placement, typer.Option(help="Where to compute.")] = Placement.auto,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the step (super-resolution; needs a C++ compiler).")
    ] = False,
    assignment: Annotated[
        list[str] | None, typer.Option("--set", help="Override a field of the recipe: field=value.")
    ] = None,
) -> None:
    """Train a recipe; the checkpoint is written every few minutes and at the end."""
    _need_torch()
    from relume import recipes
    from relume.train.recipe import override
    from relume.train.run import run_recipe, run_tiny

    if recipe == "list":
        print("\n".join(recipes.names()))
        return
    value: Any = recipes.find(recipe)
    if recipe.startswith(("link_", "secure_")):
        raise UsageError(f"{recipe} is a recipe of links: train it with 'relume link train'")
    folder = out or Path("runs") / recipe
    how = {"resume": resume, "report": _report, "compiled": compiled}
    if tiny:
        value = override(value.tiny(), assignment or [])
        run_tiny(value, folder, **how)
    else:
        value = override(value, assignment or [])
        run_recipe(value, data, folder, stop_after=stop_after, device=device.value, **how)
    print(folder / "checkpoint.pt")


def export(
    checkpoint: Annotated[Path, typer.Argument(help="checkpoint.pt, or the folder that holds it.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The ONNX file to write; never overwritten.")],
    name: Annotated[str | None, typer.Option(help="The model's name on its card [default: the recipe's].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Write the averaged weights of a checkpoint as ONNX, with the model card inside."""
    _need_torch()
    from relume.recipes import shape_of
    from relume.train.run import export_checkpoint

    path = checkpoint / "checkpoint.pt" if checkpoint.is_dir() else checkpoint
    card = export_checkpoint(path, output, shape_of, name=name)
    if as_json:
        emit(json.loads(card.to_json()))
    else:
        tell(f"{output}: {card.name}, within {card.parity} of torch")


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError("training needs torch: pip install 'relume[train]'") from error
