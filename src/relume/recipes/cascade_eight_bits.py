"""``cascade_eight_bits``: the upscaler for eight-bit arithmetic; ``cascade-psnr`` ships.

    relume train cascade_decibels --data DATA --out runs/cascade_decibels
    relume export runs/cascade_decibels -o runs/decibels.onnx
    python -m relume.train.soup runs/decibels.onnx runs/decibels.onnx runs/cascade-both.onnx \
        --out runs/cascade-final.onnx
    relume train cascade_eight_bits --data DATA --out runs/cascade_eight_bits
    relume export runs/cascade_eight_bits -o cascade-psnr.onnx

The convolutions of the units round what comes in and their weights to 256 steps (``relume.nets.eight_bit``), as the
runtime will where that is faster. How far their values reach is measured on training pictures; the weights stay as they
are, as there is little to win back (``docs/decisions/0004-eight-bits.md``): the one step has no length.

    python -m relume.train.soup runs/cascade-final.onnx runs/drawn.onnx runs/drawn-all.onnx runs/drawn-all.onnx \
        --out runs/cascade-drawn-final.onnx
    relume train cascade_eight_bits.drawn --data DATA --out runs/cascade_eight_bits_drawn

``drawn`` is to ship next: the same for ``cascade_drawn``, and gray fields keep their value (``relume.train.flat``).
"""

import dataclasses

from relume.recipes.cascade_wide import RECIPE as WIDE

RECIPE = dataclasses.replace(
    WIDE,
    data=dataclasses.replace(WIDE.data, rescale=(1.0,)),
    eight_bits=True,
    steps=1,
    optim=dataclasses.replace(WIDE.optim, lr=1e-12, warmup=0),
    start="runs/cascade-final.onnx",
)

VARIANTS = {"drawn": dataclasses.replace(RECIPE, flat=True, start="runs/cascade-drawn-final.onnx")}
