"""``cascade_drawn``: the upscaler by decibels, on sharp scenes and drawn pages.

python -m relume.train.drawings UNPACKED --out DATA/drawings
relume train cascade_drawn --data DATA --out runs/cascade_drawn
"""

import dataclasses

from relume.card import TrainingSet
from relume.recipes.cascade_decibels import RECIPE as DECIBELS

RECIPE = dataclasses.replace(
    DECIBELS,
    data=dataclasses.replace(
        DECIBELS.data,
        folders=("sr-train/BSDS398", "sr-train/T91", "sr-train/photos", "photographs", "drawings"),
        rescale=(1.0, 0.82, 0.68),
        fresh=True,
        tones=True,
        terms=(
            *DECIBELS.data.terms,
            TrainingSet("100 pages drawn of Debian's openclipart-svg and fonts", "public domain; fonts OFL and others"),
        ),
    ),
    steps=7000,
    batch=7,
    patch=64,
    eight_bits=True,
    validate_every=1000,
    optim=dataclasses.replace(DECIBELS.optim, lr=6e-4),
    start="runs/cascade-final.onnx",
    seed=4,
)

VARIANTS = {
    "all": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(
            RECIPE.data, folders=(*DECIBELS.data.folders, "drawings"), rescale=DECIBELS.data.rescale, tones=False
        ),
        steps=1400,
        batch=12,
        patch=48,
        optim=dataclasses.replace(DECIBELS.optim, lr=2.5e-4),
        start="runs/cascade-drawn-mean.onnx",
    )
}
