"""``cascade_fresh``: the upscaler of seven units, trained on patches that are never twice the same.

relume train cascade_fresh --data DATA --out runs/cascade_fresh
"""

import dataclasses

from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    data=dataclasses.replace(
        PHOTOGRAPHS.data,
        folders=tuple(folder for folder in PHOTOGRAPHS.data.folders if folder not in ("faces", "relics")),
        rescale=(1.0, 0.85, 0.7),
        fresh=True,
    ),
    steps=5000,
    scale_weights=(0.15, 0.07, 0.78),
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=8e-4, warmup=100, final=0.01),
    start="runs/cascade-soup.onnx",
)
