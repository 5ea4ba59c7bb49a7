"""``cascade_quartet``: four cascades beside each other, trained together; ``cascade-quartet`` ships.

    relume export runs/more_twin -o runs/more-twin.onnx
    python -m relume.train.soup runs/cascade-natural-final.onnx runs/more.onnx runs/more-twin.onnx \
        --out runs/more-mean.onnx
    python -m relume.train.beside runs/cascade-natural-final.onnx runs/natural-landscapes.onnx runs/more-mean.onnx \
        runs/more.onnx --out runs/quartet-start.onnx
    relume train cascade_quartet --data DATA --out runs/quartet --compile
    relume train cascade_quartet.twin --data DATA --out runs/quartet_twin --compile
    relume export runs/quartet -o runs/quartet.onnx
    relume export runs/quartet_twin -o runs/quartet-twin.onnx
    python -m relume.train.soup runs/quartet.onnx runs/quartet.onnx runs/quartet-twin.onnx runs/quartet-start.onnx \
        --out runs/quartet-first.onnx
    relume train cascade_quartet.finish --data DATA --out runs/quartet_finish --compile
    relume train cascade_quartet.finish_twin --data DATA --out runs/quartet_finish_twin --compile
    relume export runs/quartet_finish -o runs/quartet-finish.onnx
    relume export runs/quartet_finish_twin -o runs/quartet-finish-twin.onnx
    python -m relume.train.soup runs/quartet-first.onnx runs/quartet-finish.onnx runs/quartet-finish-twin.onnx \
        --out runs/quartet-mean.onnx
    relume train cascade_quartet.eight_bits --data DATA --out runs/quartet_eight_bits
    relume export runs/quartet_eight_bits -o cascade-quartet.onnx

The four are ``cascade-psnr``, ``cascade_natural.landscapes``, the mean of ``cascade_more``, its ``twin`` and
``cascade-psnr``, and ``cascade_more``, each seen from another side. 69, 74, 18 and 17 minutes of a core. All of BSDS398
is learned from, for there are other pictures to choose by. What each step gave: ``docs/decisions/0007-branches.md``.
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

FINISH = dataclasses.replace(
    RECIPE,
    data=dataclasses.replace(RECIPE.data, folders=(*PHOTOGRAPHS, "drawings", "drawings")),
    steps=2300,
    validate_every=2300,
    scale_weights=(0.06, 0.04, 0.9),
    optim=dataclasses.replace(RECIPE.optim, lr=2e-4, warmup=20),
    start="runs/quartet-first.onnx",
    seed=73,
)

VARIANTS = {
    "twin": dataclasses.replace(
        RECIPE,
        data=dataclasses.replace(RECIPE.data, folders=("sr-train/BSDS398", *PHOTOGRAPHS)),
        seed=72,
    ),
    "finish": FINISH,
    "finish_twin": dataclasses.replace(
        FINISH,
        data=dataclasses.replace(FINISH.data, folders=("sr-train/BSDS398", *PHOTOGRAPHS, "drawings")),
        seed=74,
    ),
    "eight_bits": dataclasses.replace(EIGHT_BITS, name=RECIPE.name, net=RECIPE.net, start="runs/quartet-mean.onnx"),
}
