"""``cascade_eleven``: the upscaler grown from seven residual units to eleven.

    relume train cascade_eleven --data DATA --out runs/cascade_eleven --stop-after 3000
    relume train cascade_eleven.finish --data DATA --out runs/cascade_eleven_finish

Neither steps nor pictures helped seven units any more (``cascade_photographs``). Four units are added, two before x2,
one before x3 and one before x4, which at first add nothing, and all are trained on. What they cost in time the
eight-bit convolutions give back: see ``cascade_eight_bits``.
"""

import dataclasses

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    net=CascadeShape(channels=64, units=(7, 2, 2)),
    steps=9500,
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=1e-3, warmup=200, final=0.01),
    start="runs/cascade_wide/checkpoint.pt",
)

VARIANTS = {
    "finish": dataclasses.replace(
        RECIPE,
        steps=5000,
        optim=dataclasses.replace(RECIPE.optim, lr=6e-4, warmup=50),
        start="runs/cascade_eleven/checkpoint.pt",
    )
}
