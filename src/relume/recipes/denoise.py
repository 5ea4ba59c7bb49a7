"""``denoise``: white noise taken off a picture, its strength told in a second plane.

    relume train denoise --data DATA --out runs/denoise
    relume export runs/denoise -o denoise.onnx
    relume train denoise.light --data DATA --out runs/denoise_light
    relume export runs/denoise_light -o denoise-light.onnx

The strength as an input plane is FFDNet's idea (Zhang et al., 2018): one network for every sigma from 0 to 60, and a
dial for the user. Data: the super-resolution training sets; BSD100, on which it is judged, is in none of them.

Five minutes of one core each. 12 held-out training pictures at sigma 15, 25 and 50 (not clipped): 32.4, 29.8 and
26.5 dB, the light one 32.1, 29.5 and 26.1 dB.
"""

import dataclasses

from relume.nets.restorer import RestorerShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.denoising import Denoise
from relume.train.picture_bank import PictureSpec
from relume.train.recipe import Optim

RECIPE = Denoise(
    name="denoise",
    net=RestorerShape(inputs=4, outputs=3, widths=(48, 96), depths=(2, 4)),
    data=PictureSpec(CASCADE.data.folders, terms=CASCADE.data.terms, turns=True),
    steps=3000,
    batch=8,
    patch=48,
    optim=Optim("muon", 1.5e-3, warmup=100, final=0.01, ema=0.995),
    validate_every=1000,
)

VARIANTS: dict[str, Denoise] = {
    "light": dataclasses.replace(
        RECIPE,
        name="denoise-light",
        net=RestorerShape(inputs=4, outputs=3, widths=(32, 48), depths=(1, 1)),
        gray=0.5,
        steps=7000,
        validate_every=3500,
        optim=dataclasses.replace(RECIPE.optim, lr=2e-3),
    ),
}
"""``light``: a sixth of the operations, for the chain of the task ``photo``."""
