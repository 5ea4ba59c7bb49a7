"""``cascade_pupil``: the upscaler of seven units, taught by the mean of four trainings seen from eight sides.

    relume export runs/cascade_fresh -o runs/cascade-fresh.onnx
    python -m relume.train.soup runs/cascade-wide.onnx runs/cascade-photographs.onnx runs/cascade-sharp-finish.onnx \
        runs/cascade-fresh.onnx --out runs/cascade-mean.onnx
    relume train cascade_pupil --data DATA --out runs/cascade_pupil

The four are ``cascade_wide`` (what shipped before), ``cascade_photographs``, ``cascade_sharp.finish`` and
``cascade_fresh``, exported (the first three as in ``cascade_fresh``). 7,500 steps, 57 minutes of one core and 20 more
for the teacher's answers. Against ``cascade_wide``, at x4 on 21 photographs and 35 landscapes that no upscaler here has
seen: the mean of the four gains 0.06 dB (+- 0.07) and 0.018 dB; what it makes from eight sides 0.13 and 0.047; the
pupil 0.05 (+- 0.05) and 0.023. So one look learned next to nothing of the eight.
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
