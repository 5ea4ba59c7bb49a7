"""``damage_mask``: where a photograph is scratched, folded, torn or flaked.

    relume train damage_mask --data DATA --out runs/damage_mask
    relume train damage_mask.longer --data DATA --out runs/damage_mask_longer
    relume export runs/damage_mask_longer -o damage-mask.onnx

Data: faces, landscapes (training parts) and the super-resolution training sets under damage of ``relume.degrade``,
whose draws know their masks. The second training goes on from the first at half the rate and with less of the Dice
loss, which makes the network call too much damaged: filling sound pixels costs more than leaving faint damage.
"""

import dataclasses

from relume.card import TrainingSet
from relume.nets.restorer import RestorerShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.mending import Detect
from relume.train.picture_bank import PictureSpec
from relume.train.recipe import Optim

PICTURES = PictureSpec(
    ("faces", "landscapes", "sr-train/BSDS398"),
    terms=(
        TrainingSet("faces: CelebA at 256 pixels, training part", "non-commercial research"),
        TrainingSet("landscapes: SUN scenes at up to 256 pixels, training part", "research"),
        CASCADE.data.terms[0],
    ),
    held_out=24,
)

RECIPE = Detect(
    name="damage-mask",
    net=RestorerShape(inputs=3, outputs=1, widths=(32, 64, 96), depths=(1, 1, 2), residual=False),
    data=PICTURES,
    steps=2400,
    batch=6,
    patch=96,
    optim=Optim("muon", 4e-3, warmup=100, final=0.01, ema=0.995),
    validate_every=1200,
)

VARIANTS: dict[str, Detect] = {
    "longer": dataclasses.replace(
        RECIPE,
        dice=0.1,
        optim=dataclasses.replace(RECIPE.optim, lr=2e-3, warmup=50),
        start="runs/damage_mask/checkpoint.pt",
    ),
}
