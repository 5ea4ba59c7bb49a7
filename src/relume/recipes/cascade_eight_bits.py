"""``cascade_eight_bits``: the end of the shipped upscaler's training; ``cascade-psnr`` ships.

    relume train cascade_eleven --data DATA --out runs/cascade_eleven --stop-after 2933
    relume train cascade_eleven.finish --data DATA --out runs/cascade_eleven_finish --stop-after 2101
    relume train cascade_eight_bits.seven --data DATA --out runs/cascade_seven
    relume export runs/cascade_seven -o runs/cascade-seven-8.onnx
    relume train cascade_eight_bits --data DATA --out runs/cascade_eight_bits
    relume export runs/cascade_eight_bits -o cascade-psnr.onnx

**Eight bits.** The convolutions of the units round what comes in and their weights to 256 steps
(``relume.nets.eight_bit``), as the runtime will where that is faster: nearly twice as fast as bf16, and 3.7 times as
fast as f32, on the processor that trained this.

**A teacher.** At x4 three quarters of the loss are the distance from what the seven units of before make of the picture
seen from eight sides (``relume.train.teacher``), a quarter the distance from the truth. On held-out pictures the seven
units give 31.653 dB, and 31.720 dB from eight sides. ``seven`` measures their reaches, in a step that changes nothing.
"""

import dataclasses

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_eleven import RECIPE as ELEVEN

RECIPE = dataclasses.replace(
    ELEVEN,
    data=dataclasses.replace(ELEVEN.data, rescale=(1.0,)),
    eight_bits=True,
    teacher="runs/cascade-seven-8.onnx",
    taught=(4,),
    teaching=0.75,
    steps=4500,
    scale_weights=(0.2, 0.08, 0.72),
    validate_every=500,
    optim=dataclasses.replace(ELEVEN.optim, lr=6e-4, warmup=50, final=0.005),
    start="runs/cascade_eleven_finish/checkpoint.pt",
)

VARIANTS = {
    "seven": dataclasses.replace(
        RECIPE,
        net=CascadeShape(channels=64, units=(5, 1, 1)),
        teacher="",
        steps=1,
        optim=dataclasses.replace(RECIPE.optim, lr=1e-9),
        start="runs/cascade_wide/checkpoint.pt",
    )
}
