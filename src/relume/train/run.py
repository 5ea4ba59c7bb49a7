"""From a recipe's name to trained weights on disk: what ``relume train`` and ``relume export`` call."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from relume.card import ModelCard
from relume.degrade.resample import resize, to_bytes
from relume.metrics import SR_PROTOCOL
from relume.nets.cascade import Cascading
from relume.nets.crsrgan import CrsrganShape
from relume.nets.eight_bit import for_eight_bits, measuring, plain, ranges
from relume.nets.shape import Shape
from relume.signal import Array, UsageError
from relume.train.adversarial import Adversarial, content_of
from relume.train.adversarial_recipe import AdversarialSuperResolution
from relume.train.channel_export import export_channel
from relume.train.channel_gan import run_channel
from relume.train.channel_recipe import ChannelGan
from relume.train.conditional import run_conditional
from relume.train.conditional_recipe import ConditionalGan
from relume.train.data import PairBank
from relume.train.export import LICENCE, Named, commit, count_parameters, export, promise
from relume.train.flat import keep_flat
from relume.train.loop import Run, Task, load_checkpoint, load_weights, train
from relume.train.picture_gan import PictureGan, run_pictures
from relume.train.recipe import SuperResolution
from relume.train.recursive import RecursivelySupervised, RecursiveSuperResolution
from relume.train.relic_colour import RelicColour, run_colour
from relume.train.relic_export import export_colour, export_detail
from relume.train.relic_game import AdversarialRelic, ColouredContent
from relume.train.restoration import Restoration, run_restoration
from relume.train.restoration_export import export_restoration
from relume.train.scores import last_scores
from relume.train.start import begun, earlier, learned_from
from relume.train.steps import Supervised, can_compile
from relume.train.teacher import answering, teach
from relume.train.team import Team

BLOCK_PROTOCOL = SR_PROTOCOL.replace("MATLAB antialiased bicubic", "means of blocks")


def make_task(
    recipe: SuperResolution, net: nn.Module, bank: PairBank, data: Path, team: Team, *, compiled: bool = False
) -> Task:
    """What the recipe's kind of training does in each step; ``compiled`` where :func:`check_compiling` lets it."""
    if isinstance(recipe, AdversarialSuperResolution):
        content, lpips = content_of(recipe.content, recipe, data)
        game = ColouredContent(content, recipe.lab) if isinstance(recipe, AdversarialRelic) else content
        return Adversarial(recipe, net, bank, game, lpips, team, compiled=compiled)
    if isinstance(recipe, RecursiveSuperResolution):
        return RecursivelySupervised(recipe, net, bank, team)
    teacher = answering(recipe.teacher) if recipe.teacher and recipe.data.fresh else None
    return Supervised(recipe, net, bank, team, compiled=compiled, teacher=teacher)


def run_enlarger(recipe: SuperResolution, data: Path, run: Run) -> nn.Module:
    """Train ``recipe`` on the pictures below ``data`` and return the averaged network."""
    torch.manual_seed(recipe.seed)
    net = begun(recipe.net.build(), recipe.start)
    bank = PairBank(recipe.data, data, recipe.net.scales, recipe.patch)
    team = Team.join(run.device)
    if recipe.flat:
        keep_flat(_cascade(net, recipe))
    if recipe.eight_bits:
        measure(_cascade(net, recipe), recipe, bank)
    if recipe.teacher and not recipe.data.fresh:
        teach(bank, Path(recipe.teacher), recipe.taught)
    return train(make_task(recipe, net, bank, data, team, compiled=run.compiled), run, leads=team.leads)


COMPILED = (SuperResolution, AdversarialSuperResolution)
"""The kinds of training whose steps can be compiled."""


def check_compiling(recipe: Any) -> None:
    """Raise UsageError where the steps of ``recipe`` cannot be compiled: another kind of training, or no compiler."""
    if type(recipe) not in COMPILED:
        raise UsageError(f"--compile is for super-resolution; {recipe.name} is another kind of training")
    if not can_compile():
        raise UsageError("--compile needs the C++ compiler g++: install it, or leave --compile out")


def _cascade(net: nn.Module, recipe: SuperResolution) -> Cascading:
    if not isinstance(net, Cascading):
        raise UsageError(f"flat and eight_bits are for cascades; {recipe.name} trains another network")
    return net


def measure(net: Cascading, recipe: SuperResolution, bank: PairBank, batches: int = 120) -> None:
    """Turn the inner convolutions of a cascade into eight-bit ones and measure their reaches on training batches."""
    for_eight_bits(net, net.inner())
    with measuring(net), torch.no_grad():
        for number in range(batches):
            scale = recipe.net.scales[number % len(recipe.net.scales)]
            low, _ = bank.batch(scale, recipe.batch, recipe.patch, np.random.default_rng([recipe.seed, 1, number]))
            net(low)


TRAININGS: Mapping[type, Callable[[Any, Path, Run], nn.Module]] = {
    SuperResolution: run_enlarger,
    Restoration: run_restoration,
    RelicColour: run_colour,
    ConditionalGan: run_conditional,
    PictureGan: run_pictures,
    ChannelGan: lambda recipe, _, run: run_channel(recipe, run),
}


def run_recipe(recipe: Any, data: Path, out: Path, **how: Any) -> nn.Module:
    """Train ``recipe`` on what is below ``data`` into ``out/checkpoint.pt`` and return the averaged network.

    ``how``: ``resume``, ``report``, ``stop_after``, ``device`` and ``compiled``, see :class:`relume.train.loop.Run`.
    """
    if how.get("compiled"):
        check_compiling(recipe)
    training = next(training for kind, training in TRAININGS.items() if isinstance(recipe, kind))
    return training(recipe, data, Run.of(recipe, out, **how))


def run_tiny(recipe: Any, out: Path, **how: Any) -> nn.Module:
    """Train a ``tiny()`` recipe on pictures drawn from its seed: a smoke test of the whole path that needs no data."""
    rng = np.random.default_rng(recipe.seed)
    with tempfile.TemporaryDirectory() as folder:
        for name in () if isinstance(recipe, ChannelGan) else recipe.data.folders:
            here = Path(folder) / name
            here.mkdir(parents=True)
            for number in range(4):
                Image.fromarray(draw_picture(rng)).save(here / f"{number}.png")
        return run_recipe(recipe, Path(folder), out, **how)


def draw_picture(rng: np.random.Generator, side: int = 96) -> Array:
    """A made-up picture of smooth shades and hard edges, (side, side, 3) uint8."""
    shade = resize(rng.random((6, 6, 3)), size=(side, side))
    edges = (resize(rng.random((9, 9)), size=(side, side)) > 0.5)[..., None]
    return to_bytes(np.where(edges, shade, 1 - shade))


def export_checkpoint(
    checkpoint: Path,
    target: Path,
    shape_of: Callable[[dict[str, Any]], Shape],
    *,
    name: str | None = None,
    description: str = "",
) -> ModelCard:
    """Export the averaged weights of a checkpoint to ``target`` (ONNX) with its card.

    ``shape_of`` turns the sizes that the checkpoint stored into the shape of a network: ``relume.recipes.shape_of``.
    """
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    if "channel" in recipe:
        return export_channel(checkpoint, target)
    if "mirror" in recipe:
        raise UsageError(f"{checkpoint}: a GAN of pictures has nothing to restore; look at it with 'relume gan sample'")
    if "shares" in recipe:
        return export_colour(checkpoint, target, name=name, description=description)
    if "task" in recipe:
        return export_restoration(checkpoint, target, name=name, description=description)
    shape = shape_of(recipe.get("net", {}))
    if isinstance(shape, CrsrganShape):
        return export_detail(checkpoint, target, shape, name=name, description=description)
    net = shape.build()
    load_weights(net, plain(state["average"]), str(checkpoint))
    fidelity, how = promise(recipe)
    real = "quality" in recipe["data"]
    pairs = "on photographs blurred, shrunk, made noisy and compressed twice over" if real else "on clean bicubic pairs"
    blocks = "kernel" in recipe["data"]
    before = earlier(recipe)
    card = ModelCard(
        name=name or recipe["name"],
        task="depixelate" if blocks else "upscale",
        outputs={f"x{scale}": scale for scale in shape.scales},
        radius=shape.radius,
        parameters=count_parameters(net),
        macs_per_pixel=shape.macs(),
        licence=LICENCE,
        data=learned_from([recipe, *before]),
        recipe=recipe | {"steps_done": state["step"], "before": before},
        commit=commit(),
        scores=last_scores(checkpoint, BLOCK_PROTOCOL if blocks else SR_PROTOCOL),
        fidelity=fidelity,
        description=description or f"{how}, {pairs}",
        eight_bits={f"net.{name}": reach for name, reach in ranges(state["average"]).items()},
    )
    return export(Named(net, shape.scales), card, target)
