"""``relume degrade``: damage, age or coarsen a picture on purpose, by name and seed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from relume.cli.output import emit, statuses, tell
from relume.signal import UsageError

Input = Annotated[Path | None, typer.Argument(metavar="INPUT", help="The picture.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="The degraded picture: PNG, JPEG, WebP or TIFF.")]
Damage = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[:param=value,...]", help="What to do, in order; values are 3, 0.5, 2..5 or a word."),
]
Seed = Annotated[int | None, typer.Option(min=0, help="The same seed gives the same picture. Else: a new one, told.")]
MaskOut = Annotated[Path | None, typer.Option(help="Write the damage mask too: white where the picture is damaged.")]
Sheet = Annotated[
    bool, typer.Option("--sheet", help="Write a contact sheet: each --damage (else every one) by itself.")
]
List = Annotated[bool, typer.Option("--list", help="List the degradations and their parameters.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """Add ``degrade``."""
    app.command("degrade")(degrade)


def degrade(
    source: Input = None,
    out: Out = None,
    damage: Damage = None,
    seed: Seed = None,
    mask_out: MaskOut = None,
    sheet: Sheet = False,
    listing: List = False,
    as_json: AsJson = False,
) -> None:
    """Damage, age or coarsen a picture on purpose. The original is never overwritten."""
    with statuses(as_json):
        if listing:
            _list(as_json)
            return
        if source is None or out is None:
            raise UsageError("degrade takes a picture and -o OUT (or --list)")
        answer = _degrade(source, out, damage or [], secrets.randbits(32) if seed is None else seed, mask_out, sheet)
        if as_json:
            emit(answer)
        else:
            share = "" if answer["damaged"] is None else f", {100 * answer['damaged']:.1f} % of it damaged"
            tell(f"{source} -> {out} ({answer['width']}x{answer['height']}{share}; seed {answer['seed']})")


def _degrade(
    source: Path, out: Path, names: list[str], seed: int, mask_out: Path | None, sheet: bool
) -> dict[str, Any]:
    from relume.degrade import ALL, parse, to_json
    from relume.degrade.chain import Chain
    from relume.runtime.degrading import degrade_file, sheet_file

    steps = [parse(name) for name in names]
    if sheet:
        if mask_out is not None:
            raise UsageError("a contact sheet has no mask; leave out --mask-out or --sheet")
        steps = steps or [kind() for kind in ALL.values()]
        made = sheet_file(source, out, steps, seed)
    elif steps:
        made = degrade_file(source, out, Chain(tuple(steps)), seed, mask_out)
    else:
        raise UsageError("say what to do with --damage NAME; 'relume degrade --list' names them")
    return {
        "input": str(source),
        "output": str(out),
        "mask": mask_out and str(mask_out),
        "seed": seed,
        "degradations": [to_json(step) for step in steps],
        "width": made.width,
        "height": made.height,
        "damaged": made.damaged,
    }


def _list(as_json: bool) -> None:
    from relume.degrade import ALL, to_json

    made = {name: to_json(kind()) for name, kind in ALL.items()}
    if as_json:
        emit({"degradations": list(made.values())})
        return
    for name, kind in ALL.items():
        shown = ", ".join(f"{key}={_value(value)}" for key, value in made[name].items() if key != "name")
        tell(f"{name}: {(kind.__doc__ or '').splitlines()[0]}")
        tell(f"    {shown}")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"{value[0]}..{value[1]}"
    return str(value).lower() if isinstance(value, bool) else str(value)
