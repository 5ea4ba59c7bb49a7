"""``cascade_finish``: the end of the shipped upscaler's training, from the middle of ``cascade``.

    relume train cascade --data DATA --out runs/cascade --stop-after 8051
    relume train cascade_finish --data DATA --out runs/cascade_finish --set start=runs/cascade/checkpoint.pt

In ``cascade`` three steps of five go to x4, and x2 falls behind: it ends after a third of the network and is cheap to
train. Here the steps are shared evenly between x2 and x4, the rate starts where ``cascade`` stood and falls to nothing.
How many steps came before and what came of it: ``docs/decisions/0002-cascade.md`` and the card of the shipped weights.
"""

import dataclasses

from relume.recipes.cascade import RECIPE as CASCADE

RECIPE = dataclasses.replace(
    CASCADE,
    steps=5600,
    scale_weights=(0.4, 0.15, 0.45),
    optim=dataclasses.replace(CASCADE.optim, lr=5e-4, warmup=50, final=0.005),
    start="runs/cascade/checkpoint.pt",
)
