"""``cascade_decibels``: the end of the upscaler's training, by the figure that benchmarks average.

    relume export runs/cascade_pupil -o runs/pupil.onnx
    relume export runs/cascade_open -o runs/open.onnx
    python -m relume.train.soup runs/pupil.onnx runs/pupil.onnx runs/open.onnx --out runs/cascade-both.onnx
    relume train cascade_decibels --data DATA --out runs/cascade_decibels

Benchmarks average decibels: a smooth picture counts as much as a rough one, while the mean absolute error hears the
rough one alone. 1,900 steps, 15 minutes of one core, by the decibels of each patch (``relume.train.losses.l_psnr``): on
the unseen photographs +0.38 dB (+- 0.17) and on the landscapes +0.025 dB against ``cascade_wide`` (see
``cascade_pupil``), of which +0.14 and +0.016 dB are what it started from. Two parts of it and one of its start go on
in ``cascade_drawn``.
"""

import dataclasses

from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    steps=1900,
    loss="psnr",
    scale_weights=(0.18, 0.08, 0.74),
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=4e-4, warmup=50, final=0.005),
    start="runs/cascade-both.onnx",
)
