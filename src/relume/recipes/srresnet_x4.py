"""``srresnet_x4``: SRResNet with batch normalisation, by the MSE (1,550,000 weights); phase one of SRGAN.

    relume train srresnet_x4 --data DATA --out runs/srresnet
    relume export runs/srresnet -o src/relume/weights/srresnet.onnx

What ships is the same network by ``equal_budget``, 1,500 steps; this is the longer training, not run to its end yet.
"""

from relume.nets.srgan import SrresnetShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="srresnet",
    net=SrresnetShape(scale=4),
    data=CASCADE.data,
    steps=14000,
    batch=16,
    patch=24,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="adam", lr=2e-4, warmup=200),
)
