"""``vdsr_x4``: VDSR (665,000 weights), by Muon in the time of a core that there was; ``.paper``: as its paper has it.

    relume train vdsr_x4 --data DATA --out runs/vdsr --compile
    relume export runs/vdsr -o src/relume/weights/vdsr.onnx

Patches of 40 pixels, as its 41, and the MSE. ``paper``, not run to its end yet: SGD with momentum 0.9, weight decay
10^-4, a learning rate of 0.1 and gradients clipped to +-theta/lr (theta 0.001, as the MSE here is a mean and not the
paper's halved sum). Deviation: the rate falls by a cosine, not by tens every 20 epochs.
"""

import dataclasses

from relume.nets.vdsr import VdsrShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="vdsr",
    net=VdsrShape(scale=4),
    data=CASCADE.data,
    steps=2800,
    batch=32,
    patch=10,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="muon", lr=1e-3, warmup=200),
)

VARIANTS = {
    "paper": dataclasses.replace(RECIPE, steps=12000, optim=Optim(choice="sgd", lr=0.1, warmup=200, clip=0.001)),
}
