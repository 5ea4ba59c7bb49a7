"""``relume gan``: pictures of a GAN, and how far they are from real ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from relume.cli.output import emit, tell
from relume.signal import OutputRefused, UsageError

Checkpoint = Annotated[Path, typer.Argument(help="checkpoint.pt of a picture GAN, or the folder that holds it.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The picture to write.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the latent codes.")]


def register(app: typer.Typer) -> None:
    """Add the ``gan`` group to the command line."""
    group = typer.Typer(no_args_is_help=True, help="What a GAN of pictures has learned.")
    for command in (sample, interpolate, distance, curve):
        group.command(command.__name__)(command)
    app.add_typer(group, name="gan")


def sample(
    checkpoint: Checkpoint,
    out: Out,
    count: Annotated[int, typer.Option(min=1, max=1024, help="How many.")] = 64,
    seed: Seed = 1,
) -> None:
    """Write a sheet of pictures from random latent codes."""
    _need_torch()
    from relume.train.frechet import load_generator
    from relume.train.picture_gan import sample as draw
    from relume.train.picture_gan import save_grid

    _check(out)
    net, recipe = load_generator(_file(checkpoint))
    save_grid(draw(net, recipe["net"]["latent"], count, seed), out)
    tell(out)


def interpolate(
    checkpoint: Checkpoint,
    out: Out,
    rows: Annotated[int, typer.Option(min=1, max=64, help="Walks.")] = 6,
    columns: Annotated[int, typer.Option(min=2, max=32, help="Pictures on each walk.")] = 10,
    seed: Seed = 1,
) -> None:
    """Write walks from one latent code to another, a row each."""
    _need_torch()
    from relume.train.frechet import load_generator
    from relume.train.picture_gan import interpolate as walk
    from relume.train.picture_gan import save_grid

    _check(out)
    net, recipe = load_generator(_file(checkpoint))
    save_grid(walk(net, recipe["net"]["latent"], rows, columns, seed), out, columns)
    tell(out)


def distance(
    checkpoint: Checkpoint,
    vgg: Annotated[Path, typer.Option(help="VGG16 weights (safetensors or torchvision's .pth).")],
    data: Annotated[Path, typer.Option(help="The folder with the training sets.")] = Path("data"),
    seed: Seed = 1,
    results: Annotated[Path | None, typer.Option(help="Also write the figures to this results file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """The Fréchet distance of VGG16 features of generated and real pictures (not the FID, which takes Inception's)."""
    _need_torch()
    from relume.bench.results import provenance, write
    from relume.train.frechet import PROTOCOL, judge

    row = judge(_file(checkpoint), vgg, data, seed)
    head = provenance(sys.argv[1:], PROTOCOL, seed)
    if results is not None:
        write(results, head, [row])
    if as_json:
        emit({**head, "rows": [row]})
        return
    real = row["frechet_vgg_real"]
    tell(f"Fréchet distance in VGG16 features: {row['frechet_vgg']:.2f} (real against real: {real:.2f})")


def curve(
    run: Annotated[Path, typer.Argument(help="The folder of a training, with equilibrium.csv.")],
    out: Out,
) -> None:
    """Draw how the game went: both losses in bits, the critic's accuracy, and the crossing."""
    _need_torch()
    from relume.train.equilibrium_figure import draw_curve

    _check(out)
    tell(draw_curve(run, out))


def _file(checkpoint: Path) -> Path:
    return checkpoint / "checkpoint.pt" if checkpoint.is_dir() else checkpoint


def _check(out: Path) -> None:
    if not out.parent.is_dir():
        raise OutputRefused(f"{out}: the folder {out.parent} does not exist")
    if out.suffix.lower() not in (".png", ".jpg", ".webp"):
        raise UsageError(f"{out}: give a name that ends in .png, .jpg or .webp")


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError("GANs of pictures need torch: pip install 'relume[train]'") from error
