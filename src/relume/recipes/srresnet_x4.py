"""``srresnet_x4``: SRResNet with batch normalisation, by the MSE (1,550,000 weights); phase one of SRGAN.

    relume train srresnet_x4 --data DATA --out runs/srresnet --compile
    relume export runs/srresnet -o src/relume/weights/srresnet.onnx

By Muon, in the time of a core that there was; ``paper``, not run to its end yet: Adam and batches of 16, as its paper.
"""

import dataclasses

from relume.nets.srgan import SrresnetShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="srresnet",
    net=SrresnetShape(scale=4),
    data=CASCADE.data,
    steps=5000,
    batch=8,
    patch=24,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="muon", lr=1e-3, warmup=200),
)

VARIANTS = {
    "paper": dataclasses.replace(RECIPE, steps=14000, batch=16, optim=Optim(choice="adam", lr=2e-4, warmup=200)),
}
