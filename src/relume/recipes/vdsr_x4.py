"""``vdsr_x4``: VDSR with its paper's training (665,000 weights).

    relume train vdsr_x4 --data DATA --out runs/vdsr
    relume export runs/vdsr -o src/relume/weights/vdsr.onnx

SGD with momentum 0.9, weight decay 10^-4, a learning rate of 0.1 and gradients clipped to +-theta/lr (theta 0.001, as
the MSE here is a mean and not the paper's halved sum); patches of 40 pixels, as its 41. Deviation: the rate falls by a
cosine, not by tens every 20 epochs. Where time is short, ``optim.choice=muon``, ``optim.lr=1e-3`` and
``optim.clip=1`` get there faster.
What ships is the same network by ``equal_budget``, 1,500 steps; this is the longer training, not run to its end yet.
"""

from relume.nets.vdsr import VdsrShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="vdsr",
    net=VdsrShape(scale=4),
    data=CASCADE.data,
    steps=12000,
    batch=32,
    patch=10,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="sgd", lr=0.1, warmup=200, clip=0.001),
)
