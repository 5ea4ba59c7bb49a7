"""``relic_detail``: the detail of CR-SRGAN for pictures whose colour is restored; ``relic-detail`` ships.

    relume train relic_detail --data DATA --out runs/relic_detail
    relume train relic_detail.adversarial --data DATA --out runs/relic_detail_adversarial
    relume export runs/relic_detail_adversarial -o relic-detail.onnx

It starts from the shipped ``cascade-psnr``, whose units become its first seven. Pairs: blurred, noisy, rounded to
8 bits and stretched, as restoring their colour leaves them. Step 3 has the critic, LPIPS and the Lab loss. Time and
result: the card of the shipped weights and ``docs/relics-training.md``.
"""

import dataclasses

from relume.nets.crsrgan import CrsrganShape
from relume.recipes.relic import ADVERSARIAL, FOLDERS, TERMS
from relume.recipes.relic import RECIPE as PAIRS
from relume.train.recipe import Optim
from relume.train.relic_pairs import DetailSpec

RECIPE = dataclasses.replace(
    PAIRS,
    name="relic-detail-psnr",
    net=CrsrganShape(),
    data=DetailSpec(folders=FOLDERS, held_out=12, terms=TERMS),
    steps=1200,
    optim=Optim(choice="muon", lr=7e-4, warmup=50, final=0.02, ema=0.995),
    validate_every=400,
    start="src/relume/weights/cascade-psnr.onnx",
)

VARIANTS = {
    "adversarial": dataclasses.replace(
        ADVERSARIAL,
        name="relic-detail",
        net=RECIPE.net,
        data=RECIPE.data,
        steps=1200,
        batch=6,
        validate_every=400,
        optim=Optim(choice="adam", lr=2e-4, warmup=50, final=0.02, ema=0.99),
        start="runs/relic_detail/checkpoint.pt",
    ),
    "no_fusion": dataclasses.replace(RECIPE, name="relic-detail-no-fusion", net=CrsrganShape(fusion=False)),
}
