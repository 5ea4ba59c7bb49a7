"""``cascade_deep``: one cascade of as many convolutions as the four of ``cascade_quartet``, behind each other.

    torchrun --nproc-per-node 2 -m relume train cascade_deep --data DATA --out runs/deep --compile
    torchrun --nproc-per-node 2 -m relume train cascade_deep.finish --data DATA --out runs/deep_finish --compile

A trial that does not ship (``docs/decisions/0009-a-teacher-at-every-step.md``). 28 residual units for the seven of
``cascade-psnr``, whose weights the first of each stage begin with; the others add nothing yet. ``RECIPE`` learns from
the answers of ``cascade-quartet`` alone (58 minutes of two cores), ``finish`` from the truth (six). x4 in dB on 50
unseen landscapes: -0.045 and -0.049 against ``cascade-quartet``, +0.026 and +0.022 against ``cascade-psnr``.
"""

import dataclasses

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_large import MORE, PHOTOGRAPHS

RECIPE = dataclasses.replace(
    MORE,
    name="cascade-deep",
    net=CascadeShape(channels=64, units=(14, 4, 10)),
    data=dataclasses.replace(MORE.data, exclude=()),
    batch=4,
    steps=9500,
    validate_every=9500,
    scale_weights=(0.08, 0.05, 0.87),
    loss="l1",
    optim=dataclasses.replace(MORE.optim, lr=8e-4, warmup=50, final=0.005, ema=0.998),
    start="runs/cascade-natural-final.onnx",
    teacher="runs/quartet-mean.onnx",
    taught=(2, 3, 4),
    teaching=1.0,
    seed=82,
)

FINISH = dataclasses.replace(
    RECIPE,
    data=dataclasses.replace(RECIPE.data, folders=(*PHOTOGRAPHS, "drawings", "drawings")),
    batch=6,
    steps=1000,
    validate_every=1000,
    loss="psnr",
    optim=dataclasses.replace(RECIPE.optim, lr=2.5e-4, warmup=20),
    start="runs/deep/checkpoint.pt",
    teacher="",
    taught=(),
    teaching=0.0,
    seed=83,
)

VARIANTS = {"finish": FINISH}
