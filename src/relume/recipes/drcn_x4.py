"""``drcn_x4``: DRCN with recursive supervision, 16 recursions of 256 filters (1,775,000 weights).

    relume train drcn_x4 --data DATA --out runs/drcn
    relume export runs/drcn -o src/relume/weights/drcn.onnx

A step costs about 450 times one of the cascade at the same patches; ``--set net.channels=64`` makes it
sixteen times lighter.
What ships is the same network by ``equal_budget``, 1,500 steps; this is the longer training, not run to its end yet.
"""

from relume.nets.drcn import DrcnShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim
from relume.train.recursive import RecursiveSuperResolution

RECIPE = RecursiveSuperResolution(
    name="drcn",
    net=DrcnShape(scale=4),
    data=CASCADE.data,
    steps=8000,
    batch=16,
    patch=10,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="adam", lr=5e-4, warmup=200),
)
