"""``cascade_sharp``: the upscaler of seven units, ended on sharp pictures alone.

    relume train cascade_sharp --data DATA --out runs/cascade_sharp
    relume train cascade_sharp.finish --data DATA --out runs/cascade_sharp_finish

Faces and landscapes of 256 pixels were half of what ``cascade_wide`` learned from, and nearly all of what it was
judged by. Here both are pictures of at least twice that size.
"""

import dataclasses

from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

SMALL = ("faces", "landscapes", "relics")

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    data=dataclasses.replace(
        PHOTOGRAPHS.data,
        folders=tuple(folder for folder in PHOTOGRAPHS.data.folders if folder not in SMALL),
        rescale=(1.0, 0.7),
    ),
    steps=7000,
    scale_weights=(0.2, 0.08, 0.72),
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=8e-4, warmup=100, final=0.1),
)

VARIANTS = {
    "finish": dataclasses.replace(
        RECIPE,
        loss="mse",
        steps=3000,
        optim=dataclasses.replace(RECIPE.optim, lr=2e-4, warmup=50, final=0.01),
        start="runs/cascade_sharp/checkpoint.pt",
    )
}
