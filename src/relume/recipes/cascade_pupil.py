"""``cascade_pupil``: the upscaler of seven units, taught by the mean of four trainings seen from eight sides.

    python -m relume.train.soup cascade-psnr.onnx runs/cascade-photographs.onnx runs/cascade-sharp-finish.onnx \
        runs/cascade-fresh.onnx --out runs/cascade-mean.onnx
    relume train cascade_pupil --data DATA --out runs/cascade_pupil

The four are ``cascade_wide``, ``cascade_photographs``, ``cascade_sharp.finish`` and ``cascade_fresh``, exported.
"""

import dataclasses

from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    data=dataclasses.replace(PHOTOGRAPHS.data, rescale=(1.0, 0.65)),
    steps=7500,
    scale_weights=(0.18, 0.08, 0.74),
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=6e-4, warmup=100, final=0.005),
    start="runs/cascade-mean.onnx",
    teacher="runs/cascade-mean.onnx",
    taught=(4,),
    teaching=0.75,
)
