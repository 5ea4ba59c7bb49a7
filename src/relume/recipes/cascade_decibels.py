"""``cascade_decibels``: the end of the upscaler's training, by the figure that benchmarks average.

    relume export runs/cascade_pupil -o runs/pupil.onnx
    relume export runs/cascade_open -o runs/open.onnx
    python -m relume.train.soup runs/pupil.onnx runs/pupil.onnx runs/open.onnx --out runs/cascade-both.onnx
    relume train cascade_decibels --data DATA --out runs/cascade_decibels
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
