"""``repair``: scratches, folds and holes filled from what surrounds them.

    relume train repair --data DATA --out runs/repair
    relume export runs/repair -o repair.onnx

The network sees the picture with the damaged pixels at zero and the mask, starts from an interpolation and corrects
it; only what it says inside the mask is used. It trains as it is used: faint damage stays about the holes.

Four minutes of one core. On held-out training pictures, scratched and folded: faces 38.7 and landscapes 32.4 dB given
the visible damage (37.7 and 31.7 of a network of six times the operations that had trained on clean surroundings;
damaged 28.3 and 26.4), 33.6 and 29.3 dB with the detector's mask (Telea 33.2 and 29.2).
"""

from relume.nets.filler import FillerShape
from relume.recipes.damage_mask import PICTURES
from relume.train.mending import Repair
from relume.train.recipe import Optim

RECIPE = Repair(
    name="repair",
    net=FillerShape(widths=(16, 32, 48), depths=(1, 1, 1)),
    data=PICTURES,
    steps=3000,
    batch=6,
    patch=96,
    optim=Optim("muon", 2e-3, warmup=100, final=0.01, ema=0.995),
    validate_every=1500,
)
