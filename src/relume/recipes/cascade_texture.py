"""``cascade_texture``: the improved GAN trained longer, on five times as many pixels.

relume train cascade_texture --data DATA --out runs/texture
"""

import dataclasses

from relume.nets.patchgan import PatchganShape
from relume.recipes.cascade_gan import RECIPE as GAN
from relume.recipes.cascade_large import MORE

RECIPE = dataclasses.replace(
    GAN,
    data=dataclasses.replace(MORE.data, tones=False),
    steps=9000,
    batch=6,
    patch=32,
    scale_weights=(0.15, 0.15, 0.7),
    optim=dataclasses.replace(GAN.optim, lr=4e-4, final=0.01),
    critic=PatchganShape(channels=48, norm="spectral"),
    shifted=True,
    validate_every=3000,
    start="runs/cascade-natural-final.onnx",
    seed=61,
)

FINISH = dataclasses.replace(
    RECIPE,
    steps=1100,
    content=dataclasses.replace(RECIPE.content, pixel=0.4),
    adversarial=0.01,
    optim=dataclasses.replace(RECIPE.optim, lr=2.5e-4),
    validate_every=1100,
    start="runs/texture-back.onnx",
    seed=63,
)

LAST = dataclasses.replace(FINISH, steps=1000, validate_every=1000, start="runs/texture_finish/checkpoint.pt", seed=64)

VARIANTS = {
    "finish": FINISH,
    "last": LAST,
    "twin": dataclasses.replace(LAST, content=dataclasses.replace(LAST.content, pixel=0.25), seed=65),
}
