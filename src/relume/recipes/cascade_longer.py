"""``cascade_longer``: the upscaler of seven units, trained on.

    relume train cascade_longer --data DATA --out runs/cascade_longer
    relume export runs/cascade_longer -o cascade-psnr.onnx

Everything that went before is in the card of the weights it starts from. The rate rises again to near its first peak
and falls to nothing: a restart, as the first trainings were ended early rather than finished. From the weights of
sha256 7d9345f8, ended at step 10,343 with the rate at a tenth of its peak (80 minutes of one core): +0.08 dB on Set5 at
x4, +0.04 dB at x2 and x3. Once more, 9,600 steps: nothing; see ``cascade_wide``.
"""

import dataclasses

from relume.recipes.cascade_deeper_x2 import RECIPE as DEEPER

RECIPE = dataclasses.replace(
    DEEPER,
    steps=12500,
    scale_weights=(0.27, 0.12, 0.61),
    optim=dataclasses.replace(DEEPER.optim, lr=8e-4, warmup=200, final=0.003),
    start="runs/cascade_deeper_x2/checkpoint.pt",
)
