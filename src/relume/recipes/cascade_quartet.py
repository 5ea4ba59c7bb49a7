"""``cascade_quartet``: four cascades beside each other, trained together.

    python -m relume.train.soup runs/cascade-natural-final.onnx runs/more.onnx runs/more-twin.onnx \
        --out runs/more-mean.onnx
    python -m relume.train.beside runs/cascade-natural-final.onnx runs/natural-landscapes.onnx runs/more-mean.onnx \
        runs/more.onnx --out runs/quartet-start.onnx
    relume train cascade_quartet --data DATA --out runs/quartet --compile
    relume train cascade_quartet.twin --data DATA --out runs/quartet_twin --compile
"""

import dataclasses

from relume.nets.branches import BranchesShape
from relume.recipes.cascade_eight_bits import RECIPE as EIGHT_BITS
from relume.recipes.cascade_large import MORE, PHOTOGRAPHS

RECIPE = dataclasses.replace(
    MORE,
    name="cascade-quartet",
    net=BranchesShape(channels=64, units=(5, 1, 1), branches=4),
    data=dataclasses.replace(MORE.data, exclude=()),
    batch=8,
    patch=48,
    steps=8500,
    validate_every=8500,
    scale_weights=(0.08, 0.05, 0.87),
    optim=dataclasses.replace(MORE.optim, lr=3e-4, warmup=50, final=0.005),
    start="runs/quartet-start.onnx",
    seed=71,
)

VARIANTS = {
    "twin": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(RECIPE.data, folders=("sr-train/BSDS398", *PHOTOGRAPHS)),
        seed=72,
    ),
    "eight_bits": dataclasses.replace(EIGHT_BITS, name=RECIPE.name, net=RECIPE.net, start="runs/quartet-mean.onnx"),
}
