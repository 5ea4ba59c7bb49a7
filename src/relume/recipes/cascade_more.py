"""``cascade_more``: the seven units, at a low rate, on the 661 photographs more that ``cascade_large`` learned from.

    relume train cascade_more --data DATA --out runs/more --compile
    relume export runs/more -o runs/more.onnx
    python -m relume.train.soup runs/cascade-natural-final.onnx runs/more.onnx --out runs/more-half.onnx
    relume train cascade_more.twin --data DATA --out runs/more_twin --compile

An hour of a core. The mean of both with their start, at x4 in dB against it: +0.075 (+- 0.043) on 32 unseen
photographs, +0.010 (+- 0.005) on 50 landscapes, -0.021 on 20 drawn pages, -0.009 on 60 pictures of BSDS398 that the
start had seen.
By itself a trial that does not ship (``docs/decisions/0005-more-pictures.md``); two branches of ``cascade_quartet``
begin with it.
"""

import dataclasses

from relume.recipes.cascade_large import MORE, PHOTOGRAPHS
from relume.recipes.cascade_natural import RECIPE as NATURAL

RECIPE = dataclasses.replace(
    NATURAL,
    data=MORE.data,
    steps=11000,
    scale_weights=(0.12, 0.08, 0.8),
    validate_every=5500,
    optim=dataclasses.replace(NATURAL.optim, lr=4e-4),
    start="runs/cascade-natural-final.onnx",
    seed=71,
)

VARIANTS = {
    "twin": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(MORE.data, folders=("sr-train/BSDS398", *PHOTOGRAPHS, "drawings")),
        steps=8500,
        validate_every=8500,
        optim=dataclasses.replace(RECIPE.optim, lr=3e-4),
        start="runs/more-half.onnx",
        seed=72,
    ),
}
