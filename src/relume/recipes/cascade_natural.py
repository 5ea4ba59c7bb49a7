"""``cascade_natural``: the upscaler on sharp photographs as they are, at a low rate.

TODO
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
    start="runs/cascade-drawn-flat.onnx",
    seed=22,
)

VARIANTS = {
    "drawn": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(RECIPE.data, folders=(*SHARP, "drawings"), exclude=()),
        steps=3000,
        validate_every=3000,
        optim=dataclasses.replace(RECIPE.optim, final=0.005),
        start="runs/cascade-natural-first.onnx",
        seed=23,
    ),
}
