"""``cascade_natural``: the upscaler on photographs at the size they were taken, at a low rate; ``cascade-psnr`` ships.

    relume train cascade_natural --data DATA --out runs/natural
    relume export runs/natural -o runs/natural.onnx
    python -m relume.train.soup runs/cascade-flat.onnx runs/natural.onnx --out runs/natural-first.onnx
    relume train cascade_natural.drawn --data DATA --out runs/natural_drawn
    relume train cascade_natural.longer --data DATA --out runs/natural_longer
    relume export runs/natural_drawn -o runs/natural-drawn.onnx
    relume export runs/natural_longer -o runs/natural-longer.onnx
    python -m relume.train.soup runs/cascade-flat.onnx runs/natural.onnx runs/natural-drawn.onnx \
        --out runs/natural-second.onnx
    relume train cascade_natural.landscapes --data DATA --out runs/natural_landscapes
    relume export runs/natural_landscapes -o runs/natural-landscapes.onnx
    python -m relume.train.soup runs/cascade-flat.onnx runs/natural.onnx runs/natural-drawn.onnx \
        runs/natural-longer.onnx runs/natural-landscapes.onnx --out runs/cascade-natural-final.onnx

A picture that was made smaller before is sharper than one from a camera, and most pictures that people enlarge are not.
Begins at ``runs/cascade-flat.onnx`` (where ``cascade_drawn`` ended, gray fields kept: ``relume.train.flat``) and shows
photographs as they are. 60 of BSDS398 are left out, to choose by; the start had seen them. x4 against the start on
those, on 50 landscapes, 32 photographs and 20 drawn pages that no upscaler had seen, in dB:

    2,200 steps, 14 minutes of a core       +0.013 (+- 0.004)   -0.013   +0.02   -0.20
    its mean with the start                 +0.016              +0.003   +0.03   -0.07
    ``drawn``, 3,000 steps, 15 minutes      saw the 60          -0.010   -0.10   +0.15
    ``longer``, 6,000 steps, 25 minutes     +0.009              -0.016   -0.01   -0.29
    ``landscapes``, 5,500 steps, 23 minutes saw the 60          +0.022   -0.06   +0.17
    the mean of all five: **ships**         saw the 60          +0.013   +0.00   +0.03

It ships by ``cascade_eight_bits``. A high rate loses what the means have found: ten units, from the same start at 1e-3
(7,500 steps) and then as here (4,200 steps), ended 0.036 dB below it on the 60 pictures.
"""

import dataclasses

from relume.recipes.cascade_drawn import RECIPE as DRAWN

SHARP = ("sr-train/BSDS398", "sr-train/T91", "sr-train/photos")

# 60 of BSDS398, to choose by.
# fmt: off
KEPT = (
    "103041", "179084", "134067", "65019", "112056", "157087", "208078", "226022", "169012", "187099",
    "227040", "12074", "70011", "108036", "189029", "207049", "393035", "95006", "277095", "153077",
    "56028", "126039", "178054", "35091", "257098", "314016", "230063", "317043", "231015", "159091",
    "108073", "102062", "166081", "101027", "106020", "225022", "353013", "15088", "45000", "247012",
    "250087", "55075", "206062", "8143", "140006", "87015", "230098", "216066", "365073", "189011",
    "66039", "161045", "268002", "239007", "274007", "163062", "317080", "226043", "141048", "145053",
)
# fmt: on

RECIPE = dataclasses.replace(
    DRAWN,
    data=dataclasses.replace(DRAWN.data, folders=SHARP, rescale=(1.0,), exclude=KEPT),
    eight_bits=False,
    steps=2200,
    batch=12,
    patch=48,
    scale_weights=(0.14, 0.08, 0.78),
    validate_every=2200,
    optim=dataclasses.replace(DRAWN.optim, lr=3e-4, warmup=50, final=0.01),
    start="runs/cascade-flat.onnx",
    seed=22,
)

DRAWN_TOO = dataclasses.replace(
    RECIPE,
    data=dataclasses.replace(RECIPE.data, folders=(*SHARP, "drawings"), exclude=()),
    steps=3000,
    validate_every=3000,
    optim=dataclasses.replace(RECIPE.optim, final=0.005),
    start="runs/natural-first.onnx",
    seed=23,
)

VARIANTS = {
    "drawn": DRAWN_TOO,
    "longer": dataclasses.replace(
        DRAWN_TOO,
        data=RECIPE.data,
        steps=6000,
        validate_every=6000,
        optim=dataclasses.replace(DRAWN_TOO.optim, lr=5e-4),
        seed=24,
    ),
    "landscapes": dataclasses.replace(
        DRAWN_TOO,
        data=dataclasses.replace(DRAWN_TOO.data, folders=(*SHARP, "landscapes", "drawings")),
        steps=5500,
        validate_every=5500,
        optim=dataclasses.replace(DRAWN_TOO.optim, lr=4e-4),
        start="runs/natural-second.onnx",
        seed=25,
    ),
}
