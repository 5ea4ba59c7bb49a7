"""``cascade_eight_bits``: the end of the shipped upscaler's training, for eight-bit arithmetic; ``cascade-psnr`` ships.

    relume train cascade_eleven --data DATA --out runs/cascade_eleven --stop-after 3000
    relume train cascade_eleven.finish --data DATA --out runs/cascade_eleven_finish
    relume train cascade_eight_bits --data DATA --out runs/cascade_eight_bits
    relume export runs/cascade_eight_bits -o cascade-psnr.onnx

The convolutions of the units round what comes in and their weights to 256 steps (``relume.nets.eight_bit``), as the
runtime will where that is faster: nearly twice as fast as bf16, and 3.7 times as fast as f32, on the processor that
trained this.
"""

import dataclasses

from relume.recipes.cascade_eleven import RECIPE as ELEVEN

RECIPE = dataclasses.replace(
    ELEVEN,
    eight_bits=True,
    steps=1500,
    scale_weights=(0.25, 0.1, 0.65),
    validate_every=500,
    optim=dataclasses.replace(ELEVEN.optim, lr=1e-4, warmup=50, final=0.02),
    start="runs/cascade_eleven_finish/checkpoint.pt",
)
