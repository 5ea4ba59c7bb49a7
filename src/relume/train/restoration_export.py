"""A trained restorer as ONNX, with a card that says its task, its planes and what it promises."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from relume.card import ModelCard
from relume.nets.restorer import RestorerShape
from relume.signal import ModelError
from relume.train.colouring import Colorize
from relume.train.denoising import Denoise
from relume.train.export import commit, count_parameters, export
from relume.train.loop import load_checkpoint, load_weights
from relume.train.mending import Detect, Repair
from relume.train.restoration import Restoration
from relume.train.restoration_scores import last_scores

LICENCE = "Apache-2.0 for the weights file; see the terms of the training data"
KINDS: dict[str, type[Restoration]] = {"denoise": Denoise, "detect": Detect, "repair": Repair, "colorize": Colorize}
SAYS = {
    "denoise": "takes off white noise of the standard deviation that the plane sigma states (25/255 = 0.098)",
    "detect": "the probability that a pixel is damaged: scratches, folds, dust, holes, cracks, flaked paint",
    "repair": "fills the pixels that the mask marks, which are zero in x; its answer elsewhere is not meant to be used",
    "colorize": "chroma a*/110, b*/110 from L*/100 and hints of colour; it guesses, and what it says is no evidence",
}
INVENTS = ("repair", "colorize")


class Probability(nn.Module):
    """Logits to probabilities."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.net(x))


def export_restoration(checkpoint: Path, target: Path, *, name: str | None = None, description: str = "") -> ModelCard:
    """Export the averaged weights of a restorer's checkpoint to ``target`` with its card."""
    state = load_checkpoint(checkpoint)
    recipe = state["recipe"]
    if recipe["task"] not in KINDS:
        raise ModelError(f"{checkpoint}: made for the task '{recipe['task']}', which is none of {', '.join(KINDS)}")
    kind = KINDS[recipe["task"]]
    shape = RestorerShape(**{k: tuple(v) if isinstance(v, list) else v for k, v in recipe["net"].items()})
    net = shape.build()
    load_weights(net, state["average"], str(checkpoint))
    card = ModelCard(
        name=name or recipe["name"],
        task=recipe["task"],
        inputs=dict(kind.inputs),
        outputs={kind.output: 1},
        radius=shape.radius,
        multiple=shape.multiple,
        parameters=count_parameters(net),
        macs_per_pixel={kind.output: round(shape.macs())},
        licence=LICENCE,
        data=ModelCard.training_sets(recipe["data"]["terms"]),
        recipe=recipe | {"steps_done": state["step"]},
        commit=commit(),
        scores=last_scores(checkpoint.parent / "log.jsonl"),
        fidelity="generative" if recipe["task"] in INVENTS else "faithful",
        description=description or SAYS[recipe["task"]],
    )
    return export(Probability(net) if recipe["task"] == "detect" else net, card, target)
