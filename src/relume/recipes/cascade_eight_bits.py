"""``cascade_eight_bits``: the upscaler for eight-bit arithmetic; ``cascade-psnr`` ships.

    relume train cascade_eight_bits --data DATA --out runs/cascade_eight_bits
    relume export runs/cascade_eight_bits -o cascade-psnr.onnx

Begins where ``cascade_natural`` ends. The convolutions of the units round what comes in and their weights to 256 steps
(``relume.nets.eight_bit``), as the runtime will where that is faster. How far their values reach is measured on
training pictures, and gray fields are made to keep their value (``relume.train.flat``); the weights stay as they are
otherwise (``docs/decisions/0004-eight-bits.md``): the one step has no length.
"""

import dataclasses

from relume.recipes.cascade_wide import RECIPE as WIDE

RECIPE = dataclasses.replace(
    WIDE,
    data=dataclasses.replace(WIDE.data, rescale=(1.0,)),
    eight_bits=True,
).finished("runs/cascade-natural-final.onnx")
