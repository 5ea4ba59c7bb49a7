"""The two halves of CR-SRGAN as ONNX: the colour of a whole picture as a table, and the detail for its tiles."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from relume.card import ModelCard
from relume.metrics import SR_PROTOCOL
from relume.nets.crsrgan import Crsrgan, CrsrganShape
from relume.nets.relic_colour import ColourBranch, ColourShape
from relume.train.export import LICENCE, Named, commit, count_parameters, export, promise
from relume.train.loop import load_checkpoint, load_weights
from relume.train.scores import last_scores
from relume.train.start import earlier, learned_from

COLOUR_SAYS = (
    "one change of colour for a whole picture, from a copy of at most 256 pixels a side: grid[n, channel, b, g, r] "
    "is the restored channel, in [0, 1], of the colour (r, g, b) = index / ({nodes} - 1), to be interpolated linearly. "
    "It guesses what ageing did and is no evidence of the colours that once were"
)
COLOUR_PROTOCOL = (
    "held-out training pictures of 80 pixels, aged by fixed seeds: mean CIEDE2000 and PSNR in dB before and after the "
    "table, and CIEDE2000 by which it changes them unaged"
)
DETAIL_SAYS = "detail at x1, x2 and x4 for pictures whose colour is restored, of their blur, noise and coarse steps"


class Clipped(nn.Module):
    """The table of a colour branch within [0, 1], as it is used."""

    def __init__(self, net: ColourBranch) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        table: Tensor = self.net(x).clamp(0, 1)
        return table


def export_colour(checkpoint: Path, target: Path, *, name: str | None = None, description: str = "") -> ModelCard:
    """Export the averaged colour branch of a checkpoint to ``target`` with its card."""
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    shape = ColourShape(**recipe["net"])
    net = shape.build()
    load_weights(net, state["average"], str(checkpoint))
    weights = count_parameters(net)
    card = ModelCard(
        name=name or recipe["name"],
        task="relic-colour",
        outputs={"grid": 1},
        radius=0,
        parameters=weights,
        macs_per_pixel={"grid": -(-weights // 256**2)},
        licence=LICENCE,
        data=learned_from([recipe, *earlier(recipe)]),
        recipe=recipe | {"steps_done": state["step"]},
        commit=commit(),
        scores=last_scores(checkpoint, COLOUR_PROTOCOL),
        description=description or COLOUR_SAYS.format(nodes=shape.side),
    )
    return export(Clipped(net), card, target)


def export_detail(
    checkpoint: Path, target: Path, shape: CrsrganShape, *, name: str | None = None, description: str = ""
) -> ModelCard:
    """Export the averaged generator of a checkpoint, without its colour branch if it has one, to ``target``."""
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    net = Crsrgan(shape)
    load_weights(net, state["average"], str(checkpoint))
    net.colour = None
    fidelity, how = promise(recipe)
    before = earlier(recipe)
    card = ModelCard(
        name=name or recipe["name"],
        task="relic",
        outputs={f"x{scale}": scale for scale in shape.scales},
        radius=shape.radius,
        parameters=count_parameters(net),
        macs_per_pixel=shape.macs(),
        licence=LICENCE,
        data=learned_from([recipe, *before]),
        recipe=recipe | {"steps_done": state["step"], "before": before},
        commit=commit(),
        scores=last_scores(checkpoint, SR_PROTOCOL),
        fidelity=fidelity,
        description=description or f"{DETAIL_SAYS}; {how}",
    )
    return export(Named(net, shape.scales), card, target)
