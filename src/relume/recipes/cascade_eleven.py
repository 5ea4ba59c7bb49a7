"""``cascade_eleven``: the upscaler grown from seven residual units to eleven; it gains next to nothing.

    relume train cascade_eleven --data DATA --out runs/cascade_eleven --stop-after 2933
    relume train cascade_eleven.finish --data DATA --out runs/cascade_eleven_finish --stop-after 2101
    relume train cascade_eleven.taught --data DATA --out runs/cascade_eleven_taught

A trial that does not ship. Eight-bit convolutions leave time for four more units: two are added before x2, one before
x3 and one before x4. They add nothing at first, and all are trained on. In ``taught`` three quarters of the loss at x4
are the distance from what the seven units make of the picture seen from eight sides (``relume.train.teacher``), which
on held-out pictures is 0.066 dB better than one look, and the convolutions are rounded as they will be.

9,500 steps in all, 70 minutes of two cores: +0.02 dB on held-out pictures of all kinds, and on the test sets what the
seven give to 0.01 dB. So it is not weights that are missing.
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

FINISH = dataclasses.replace(
    RECIPE,
    steps=5000,
    optim=dataclasses.replace(RECIPE.optim, lr=6e-4, warmup=50),
    start="runs/cascade_eleven/checkpoint.pt",
)

VARIANTS = {
    "finish": FINISH,
    "taught": dataclasses.replace(
        FINISH,
        data=dataclasses.replace(RECIPE.data, rescale=(1.0,)),
        eight_bits=True,
        teacher="src/relume/weights/cascade-psnr.onnx",
        taught=(4,),
        teaching=0.75,
        steps=4500,
        validate_every=500,
        optim=dataclasses.replace(FINISH.optim, final=0.005),
        start="runs/cascade_eleven_finish/checkpoint.pt",
    ),
}
