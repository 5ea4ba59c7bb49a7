"""``colorize``: plausible colour for a gray picture, steered by hints.

    relume train colorize --data DATA --out runs/colorize
    relume train colorize.hinted --data DATA --out runs/colorize_hinted
    relume export runs/colorize_hinted -o colorize.onnx

The second training goes on from the first with more hints, and more of them against what is usual. Chroma is predicted
on cells of 4 pixels; the lightness is not touched. Pictures are coloured at a shorter side of about ``data.side``
pixels, the size at which the network has seen faces and landscapes whole.

Sixteen minutes of one core. On 24 held-out training pictures: 25.2 dB (gray 21.8), Delta E 9.6 (12.9), colourfulness
0.75 of the truth's. The first weights, 2,100 steps on faces and landscapes alone, made groups of people green and white
walls pink and blue; with BSDS398 and photographs of other things, and three times the steps, they stay near brown.
"""

import dataclasses

from relume.nets.restorer import RestorerShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.recipes.damage_mask import PICTURES
from relume.train.colouring import Colorize
from relume.train.picture_bank import PictureSpec
from relume.train.recipe import Optim

RECIPE = Colorize(
    name="colorize",
    net=RestorerShape(inputs=4, outputs=2, widths=(48, 64, 96, 128), depths=(1, 1, 2, 3), stem=4, residual=False),
    data=PictureSpec(
        ("faces", "landscapes", "sr-train/BSDS398", "sr-train/photos"),
        terms=(*PICTURES.terms, CASCADE.data.terms[2]),
        held_out=24,
        side=144,
    ),
    steps=5000,
    batch=8,
    patch=128,
    optim=Optim("muon", 1e-3, warmup=100, final=0.01, ema=0.995),
    validate_every=500,
)

VARIANTS: dict[str, Colorize] = {
    "hinted": dataclasses.replace(
        RECIPE,
        steps=1500,
        unhinted=0.3,
        turned=0.5,
        optim=dataclasses.replace(RECIPE.optim, lr=1e-3, warmup=50),
        start="runs/colorize/checkpoint.pt",
    ),
}
