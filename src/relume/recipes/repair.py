"""``repair``: scratches, folds and holes filled from what surrounds them.

    relume train repair --data DATA --out runs/repair
    relume export runs/repair -o repair.onnx

The network sees the picture with the damaged pixels at zero and the mask; only what it says inside the mask is used.
"""

from relume.nets.restorer import RestorerShape
from relume.recipes.damage_mask import PICTURES
from relume.train.mending import Repair
from relume.train.recipe import Optim

RECIPE = Repair(
    name="repair",
    net=RestorerShape(inputs=4, outputs=3, widths=(32, 64, 96), depths=(1, 2, 3)),
    data=PICTURES,
    steps=1500,
    batch=6,
    patch=96,
    optim=Optim("muon", 1e-3, warmup=100, final=0.01, ema=0.995),
    validate_every=300,
)
