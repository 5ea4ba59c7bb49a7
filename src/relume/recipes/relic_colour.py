"""``relic_colour``: the colour branch of CR-SRGAN; ``relic-colour`` ships.

    relume train relic_colour --data DATA --out runs/relic_colour
    relume export runs/relic_colour -o relic-colour.onnx

Fresh pictures, and the train part of the relics as the best known state of their kind, are aged by eighty thousand
draws, a quarter of them but a part of the way; some are left as they are. A relic's best known state is its
photograph with six tenths of the range of tones that it lacks: taken as they are, relics teach that relics need
nothing. Time and result: the card of the shipped weights and ``docs/relics-training.md``.
"""

from relume.card import TrainingSet
from relume.nets.relic_colour import ColourShape
from relume.recipes.cascade import BSDS398, PHOTOS, T91
from relume.recipes.cascade_photographs import DEBIAN
from relume.train.data import DataSpec
from relume.train.recipe import Optim
from relume.train.relic_colour import RelicColour

RECIPE = RelicColour(
    name="relic-colour",
    net=ColourShape(hidden=384),
    data=DataSpec(
        folders=(
            "relics",
            "sr-train/photos",
            "sr-train/BSDS398",
            "landscapes",
            "faces",
            "photographs",
            "sr-train/T91",
        ),
        held_out=42,
        terms=(
            TrainingSet(
                "relics (train part): murals of Dunhuang, mosaics and ambers, bronzes",
                "Getty CC BY 4.0; others none stated",
            ),
            PHOTOS,
            BSDS398,
            TrainingSet("landscapes (SUN scenes, train part)", "research"),
            TrainingSet("faces (CelebA, train part)", "non-commercial research"),
            DEBIAN,
            T91,
        ),
    ),
    shares=(0.32, 0.1, 0.22, 0.14, 0.08, 0.1, 0.04),
    fresh=(0.25, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3),
    filled=(0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    steps=9000,
    count=80000,
    optim=Optim(choice="adam", lr=1.5e-3, warmup=100, final=0.01, clip=1.0, ema=0.995),
)
