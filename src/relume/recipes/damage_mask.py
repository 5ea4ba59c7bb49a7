"""``damage_mask``: where a photograph is scratched, folded, torn or flaked.

    relume train damage_mask --data DATA --out runs/damage_mask
    relume export runs/damage_mask -o damage-mask.onnx

Data: faces, landscapes (training parts) and the super-resolution training sets under damage of ``relume.degrade``,
whose draws know their masks. A fold is seen as such only along its whole length: hence four levels, and crops of 160
pixels. Little of the Dice loss: alone it makes the network call too much damaged, and filling sound pixels costs more
than leaving faint damage.

Nineteen minutes of one core, and fourteen for ``longer``. Intersection over union of what is found and what can be
seen, held-out training pictures scratched and folded: 0.35 and 0.42, the mean of the pictures; over their pixels
together 0.23, 0.26, 0.33 and 0.39 after 1000, 2000, 3000 and 5000 steps, 0.47 after ``longer``. Then 5,500 steps at the
first rate with 1,600 layers of damage in place of 480: no more than that.

    relume train damage_mask.longer --data DATA --out runs/damage_mask_longer
    relume train damage_mask.lines --data DATA --out runs/damage_mask_lines

Most of the layers of ``lines`` are scratches and folds, and few are what flakes, crackles or is rubbed off: a network
that must expect those everywhere calls fine texture damaged. 12,000 steps, 22 minutes of one core: 0.49 in the mean of
the held-out pictures scratched and folded (0.42 before, on the same ones), 0.53 over their pixels together (0.47).

    relume train damage_mask.lines --data DATA --out runs/mask_next --set start=runs/damage_mask_lines/checkpoint.pt \
        --set optim.lr=2e-3 --set seed=2 --set steps=16000 --stop-after 8736
    relume train damage_mask.far --data DATA --out runs/mask_far
    relume train damage_mask.farther --data DATA --out runs/mask_farther

``farther`` ships. ``far`` has a fifth level, which adds nothing at first, and crops of 192 pixels in place of 160: a
fold is known by its whole length. The Dice loss is taken crop by crop, as the score is taken picture by picture; it was
taken over the batch before. 8,736, 24,000 and 14,000 steps, 100 minutes of one core: 0.535 after ``far`` and 0.55 after
``farther`` in the mean of the pictures, 0.597 and 0.610 over their pixels; in the mean of eight looks, as ``repair``
takes them, 0.585. On crops of training pictures it is no better than on others: more steps still help.
"""

import dataclasses

from relume.card import TrainingSet
from relume.nets.restorer import RestorerShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.damage_bank import DamageSpec
from relume.train.mending import BOTH, EVERYTHING, Detect
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
    net=RestorerShape(inputs=3, outputs=1, widths=(16, 48, 96, 128), depths=(1, 1, 1, 2), residual=False),
    data=PICTURES,
    steps=5000,
    batch=4,
    patch=160,
    damage=dataclasses.replace(EVERYTHING, count=480),
    dice=0.25,
    optim=Optim("muon", 3e-3, warmup=100, final=0.01, ema=0.998),
    validate_every=1000,
)

LINES = {
    **dict.fromkeys(BOTH, 0.05),
    "scratches": 0.85,
    "folds": 0.65,
    "overlay": 0.1,
    "dust": 0.2,
    "holes": 0.1,
    "corners": 0.07,
}

MOSTLY_LINES = dataclasses.replace(
    RECIPE,
    data=dataclasses.replace(
        PICTURES,
        folders=(*PICTURES.folders, "sr-train/photos"),
        terms=(*PICTURES.terms, CASCADE.data.terms[2]),
        rescale=(1.0, 0.5),
    ),
    steps=12000,
    damage=DamageSpec(tuple(LINES), tuple(LINES.values()), count=2000),
    optim=dataclasses.replace(RECIPE.optim, lr=1.5e-3, ema=0.999),
    validate_every=3000,
    start="runs/damage_mask_longer/checkpoint.pt",
)

FAR = dataclasses.replace(
    MOSTLY_LINES,
    net=dataclasses.replace(RECIPE.net, widths=(16, 48, 96, 128, 192), depths=(1, 1, 1, 1, 1)),
    steps=24000,
    batch=3,
    patch=192,
    optim=dataclasses.replace(RECIPE.optim, lr=2e-3, ema=0.999),
    start="runs/mask_next/checkpoint.pt",
    seed=3,
)

VARIANTS: dict[str, Detect] = {
    "lines": MOSTLY_LINES,
    "far": FAR,
    "farther": dataclasses.replace(
        FAR,
        steps=14000,
        optim=dataclasses.replace(FAR.optim, lr=1.1e-3),
        start="runs/mask_far/checkpoint.pt",
        seed=5,
    ),
    "longer": dataclasses.replace(
        RECIPE,
        steps=6000,
        optim=dataclasses.replace(RECIPE.optim, lr=1.5e-3),
        start="runs/damage_mask/checkpoint.pt",
    ),
}
