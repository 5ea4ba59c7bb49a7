"""``cascade_nine``: the upscaler grown from seven residual units to nine; better by less than it costs.

    relume train cascade_nine --data DATA --out runs/cascade_nine
    relume train cascade_nine.all --data DATA --out runs/cascade_nine_all
    relume export runs/cascade_nine -o runs/nine.onnx
    relume export runs/cascade_nine_all -o runs/nine-all.onnx
    python -m relume.train.soup runs/nine.onnx runs/nine-all.onnx --out runs/cascade-nine-mean.onnx
    relume train cascade_nine.further --data DATA --out runs/cascade_nine_further
    relume train cascade_nine.all_further --data DATA --out runs/cascade_nine_all_further

A trial that does not ship. Begins where ``cascade_drawn`` ended, in two trainings beside each other, whose mean both
begin at again: the one sees sharp scenes and drawings, the other every picture. 55 and 55, then 54 and 31 minutes of a
core. x4 against the seven units on 21 photographs, 35 landscapes and 20 drawn pages that no upscaler had seen (see
``cascade_drawn``): +0.02 (+- 0.04), -0.002 and +0.09 dB after the first two in the mean; -0.04, -0.009 and +0.21 dB
after ``further``, -0.09, -0.020 and +0.08 dB after ``all_further``; their mean with where they began +0.06 (+- 0.06),
+0.002 and +0.16 dB, for a fifth of the speed.
"""

import dataclasses

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_drawn import RECIPE as DRAWN
from relume.recipes.cascade_drawn import VARIANTS as DRAWN_VARIANTS

RECIPE = dataclasses.replace(
    DRAWN,
    net=CascadeShape(channels=64, units=(6, 2, 1)),
    eight_bits=False,
    steps=4500,
    validate_every=1500,
    optim=dataclasses.replace(DRAWN.optim, lr=8e-4, warmup=100, final=0.1),
    start="runs/cascade-drawn-final.onnx",
    seed=6,
)

ALL = dataclasses.replace(RECIPE, data=DRAWN_VARIANTS["all"].data, batch=12, patch=48, seed=7)

END = dataclasses.replace(RECIPE.optim, lr=4e-4, warmup=50, final=0.005)

VARIANTS = {
    "all": ALL,
    "further": dataclasses.replace(
        RECIPE, eight_bits=True, steps=4000, optim=END, start="runs/cascade-nine-mean.onnx", seed=8
    ),
    "all_further": dataclasses.replace(
        ALL, eight_bits=True, steps=2500, optim=END, start="runs/cascade-nine-mean.onnx", seed=9
    ),
}
