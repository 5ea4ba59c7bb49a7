"""``depixelate``: the shipped upscaler's cascade, tuned to blocks of 2, 3 and 4 pixels instead of bicubic shrinking.

    relume train depixelate --data DATA --out runs/depixelate
    relume export runs/depixelate -o depixelate.onnx

One input pixel is the mean of one block. A cascade trained on bicubic pairs expects antialiasing whose kernel reaches
over the neighbours and so sharpens too little at the edges of blocks; block means carry less of the neighbours.

Two minutes of both cores. Blocks of 4 on held-out training pictures, faces and landscapes among them: 32.71 dB; the
first weights, 500 steps on BSDS398 and T91, give 32.57 on the same.
"""

import dataclasses

from relume.recipes.cascade_deeper_x2 import RECIPE as CASCADE
from relume.recipes.damage_mask import PICTURES
from relume.train.data import BlockSpec

RECIPE = dataclasses.replace(
    CASCADE,
    name="depixelate",
    data=BlockSpec(
        ("landscapes", "faces", *CASCADE.data.folders[:2]), terms=(*PICTURES.terms[:2], *CASCADE.data.terms[:2])
    ),
    steps=1600,
    batch=8,
    patch=24,
    scale_weights=(0.15, 0.1, 0.75),
    optim=dataclasses.replace(CASCADE.optim, lr=1e-3, warmup=50, final=0.01, ema=0.995),
    validate_every=800,
    start="runs/cascade_wide/checkpoint.pt",
)
