"""``srcnn_x4``: SRCNN 9-5-5 as a baseline that ships (57,281 weights).

    relume train srcnn_x4 --data DATA --out runs/srcnn --compile
    relume export runs/srcnn -o src/relume/weights/srcnn.onnx

Its paper minimises the MSE by plain gradient descent over 10^8 steps; here Adam does in thousands.
"""

from relume.nets.srcnn import SrcnnShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="srcnn",
    net=SrcnnShape(scale=4, kernels=(9, 5, 5)),
    data=CASCADE.data,
    steps=8000,
    batch=16,
    patch=16,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="adam", lr=1e-3, warmup=200),
)
