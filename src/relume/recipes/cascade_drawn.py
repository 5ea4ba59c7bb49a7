"""``cascade_drawn``: the upscaler by decibels, on sharp scenes and drawn pages.

    relume export runs/cascade_decibels -o runs/decibels.onnx
    python -m relume.train.soup runs/decibels.onnx runs/decibels.onnx runs/cascade-both.onnx \
        --out runs/cascade-final.onnx
    python -m relume.train.drawings UNPACKED --out DATA/drawings
    relume train cascade_drawn --data DATA --out runs/cascade_drawn
    relume export runs/cascade_drawn -o runs/drawn.onnx
    python -m relume.train.soup runs/cascade-final.onnx runs/drawn.onnx runs/drawn.onnx \
        --out runs/cascade-drawn-mean.onnx
    relume train cascade_drawn.all --data DATA --out runs/drawn_all
    relume export runs/drawn_all -o runs/drawn-all.onnx
    python -m relume.train.soup runs/cascade-final.onnx runs/drawn.onnx runs/drawn-all.onnx runs/drawn-all.onnx \
        --out runs/cascade-drawn-final.onnx

Slides, maps and comics are in no set of photographs. The pages are clip art and lettering (``relume.train.drawings``);
everything is shrunk anew for every patch, from any pixel, with channels and tones changed, as no two patches should be
alike: 5,000 steps more of ``cascade_decibels`` on all pictures as they are took 0.15 dB from the unseen photographs.
The convolutions are rounded as they will be (``relume.nets.eight_bit``).

x4 against ``runs/cascade-final.onnx`` on 21 photographs, 35 landscapes and 20 pages (of other drawings and fonts) that
no upscaler had seen: 7,000 steps, 68 minutes of one core, +0.28 (+- 0.22), -0.024 and +0.58 dB. ``all`` begins at a
mean of both and sees the faces and landscapes too: 1,400 steps, 13 minutes, +0.18, -0.015 and +0.45 dB. The mean of
one part of the start, one of these and two of ``all``: +0.24 (+- 0.15), -0.002 and +0.42 dB. On a smooth 16-bit ramp,
which has to stay monotone, its x4 steps back by 6 of 65535; with the heads changed until gray fields keep their value
it does not (``relume.train.flat``). It goes on in ``cascade_natural``.
"""

import dataclasses

from relume.card import TrainingSet
from relume.recipes.cascade_decibels import RECIPE as DECIBELS

RECIPE = dataclasses.replace(
    DECIBELS,
    data=dataclasses.replace(
        DECIBELS.data,
        folders=("sr-train/BSDS398", "sr-train/T91", "sr-train/photos", "photographs", "drawings"),
        rescale=(1.0, 0.82, 0.68),
        fresh=True,
        tones=True,
        terms=(
            *DECIBELS.data.terms,
            TrainingSet("100 pages drawn of Debian's openclipart-svg and fonts", "public domain; fonts OFL and others"),
        ),
    ),
    steps=7000,
    batch=7,
    patch=64,
    eight_bits=True,
    validate_every=1000,
    optim=dataclasses.replace(DECIBELS.optim, lr=6e-4),
    start="runs/cascade-final.onnx",
    seed=4,
)

VARIANTS = {
    "all": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(
            RECIPE.data, folders=(*DECIBELS.data.folders, "drawings"), rescale=DECIBELS.data.rescale, tones=False
        ),
        steps=1400,
        batch=12,
        patch=48,
        optim=dataclasses.replace(DECIBELS.optim, lr=2.5e-4),
        start="runs/cascade-drawn-mean.onnx",
    )
}
