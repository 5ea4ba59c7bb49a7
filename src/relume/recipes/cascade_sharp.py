"""``cascade_sharp``: the upscaler of seven units, ended on sharp pictures alone; it gains nothing.

    relume train cascade_sharp --data DATA --out runs/cascade_sharp
    relume train cascade_sharp.finish --data DATA --out runs/cascade_sharp_finish

By itself a trial that gained nothing; its end is one of the four that ``cascade_pupil`` begins with. Faces and
landscapes of 256 pixels were half of what ``cascade_wide`` learned from, and nearly all of what it was judged by. Here
both are pictures of at least twice that size. 7,000 steps and 3,000 for the squared error, 80 minutes of one core: on
the pictures that neither training had seen, 21 photographs and 35 landscapes, x4 is within 0.04 dB of what went before.
On photographs that ``cascade_wide`` had seen and this had not it is 0.12 dB worse: so much had been learned by heart.
That is what ``cascade_fresh`` goes against.
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
