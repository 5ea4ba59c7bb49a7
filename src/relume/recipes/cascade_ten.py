"""``cascade_ten``: the upscaler grown from seven residual units to ten."""

import dataclasses

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade_drawn import RECIPE as DRAWN
from relume.recipes.cascade_drawn import VARIANTS as DRAWN_VARIANTS

RECIPE = dataclasses.replace(
    DRAWN,
    net=CascadeShape(channels=64, units=(7, 2, 1)),
    eight_bits=False,
    steps=4500,
    batch=12,
    patch=48,
    validate_every=1500,
    scale_weights=(0.14, 0.08, 0.78),
    optim=dataclasses.replace(DRAWN.optim, lr=1e-3, warmup=100, final=0.1),
    start="src/relume/weights/cascade-psnr.onnx",
    seed=11,
)

ALL = dataclasses.replace(RECIPE, data=DRAWN_VARIANTS["all"].data, seed=12)


VARIANTS = {"all": ALL}
