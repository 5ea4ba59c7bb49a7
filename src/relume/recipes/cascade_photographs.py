"""``cascade_photographs``: the shipped upscaler, trained on with sixty more detailed photographs.

    python -m relume.train.photographs UNPACKED --out DATA/photographs --tests DATA/sr-test
    relume train cascade_photographs --data DATA --out runs/cascade_photographs
    relume export runs/cascade_photographs -o cascade-psnr.onnx

``cascade_wide`` learned from more pictures what it could not from more steps; these hold more pixels than all others
together. Most steps go to x4, which has the least to spare.
"""

import dataclasses

from relume.card import TrainingSet
from relume.recipes.cascade_wide import RECIPE as WIDE

RECIPE = dataclasses.replace(
    WIDE,
    data=dataclasses.replace(
        WIDE.data,
        folders=(*WIDE.data.folders, "photographs"),
        rescale=(1.0, 0.65),
        terms=(
            *WIDE.data.terms,
            TrainingSet("60 photographs of Debian's wallpaper packages", "CC0, CC-BY, CC-BY-SA, GPL-2+, LGPL"),
        ),
    ),
    steps=10000,
    scale_weights=(0.2, 0.08, 0.72),
    optim=dataclasses.replace(WIDE.optim, lr=8e-4, warmup=100),
    start="src/relume/weights/cascade-psnr.onnx",
)
