"""``cascade_photographs``: the upscaler of seven units, with sixty more detailed photographs; it gains nothing.

    python -m relume.train.photographs UNPACKED --out DATA/photographs --tests DATA/sr-test
    relume train cascade_photographs --data DATA --out runs/cascade_photographs

By itself a trial that gained nothing; it is one of the four that ``cascade_pupil`` begins with. The pictures of
``cascade_wide`` and 63 more that hold more pixels than all others together, most steps at x4. 10,000 steps, 81 minutes
of one core: +0.012 dB at x4, +0.006 at x3, +0.001 at x2 on 24 held-out pictures, and +0.001 dB on 24 held out of the
sets before.
"""

import dataclasses

from relume.card import TrainingSet
from relume.recipes.cascade_wide import RECIPE as WIDE

DEBIAN = TrainingSet("63 photographs of Debian's wallpaper packages", "CC0, CC-BY, CC-BY-SA, GPL-2+, LGPL")

RECIPE = dataclasses.replace(
    WIDE,
    data=dataclasses.replace(
        WIDE.data,
        folders=(*WIDE.data.folders, "photographs"),
        rescale=(1.0, 0.65),
        terms=(*WIDE.data.terms, DEBIAN),
    ),
    steps=10000,
    scale_weights=(0.2, 0.08, 0.72),
    optim=dataclasses.replace(WIDE.optim, lr=8e-4, warmup=100),
    start="runs/cascade_wide/checkpoint.pt",
)
