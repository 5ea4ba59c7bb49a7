"""``relic_detail``: the detail of CR-SRGAN for pictures whose colour is restored; ``relic-detail`` and its GAN ship.

    relume train relic_detail --data DATA --out runs/relic_detail --set steps=600
    relume train relic_detail.adversarial --data DATA --out runs/relic_detail_gan
    relume export runs/relic_detail -o relic-detail.onnx --name relic-detail
    relume export runs/relic_detail_gan -o relic-detail-gan.onnx --name relic-detail-gan

Both trainings, the first for PSNR and the second against a critic, start from the shipped ``cascade-psnr``, whose units
become the first seven; the realism dial leads from the one to the other. Pairs: blurred, noisy, rounded to 8 bits and
stretched, as restoring their colour leaves them. Content is L1, LPIPS and the Lab loss. Time and result: the card of
the shipped weights and ``docs/relics-training.md``.
"""

import dataclasses

from relume.nets.crsrgan import CrsrganShape
from relume.recipes.relic import ADVERSARIAL, FOLDERS, TERMS
from relume.recipes.relic import RECIPE as PAIRS
from relume.train.recipe import Optim
from relume.train.relic_pairs import DetailSpec

RECIPE = dataclasses.replace(
    PAIRS,
    name="relic-detail",
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
        name="relic-detail-gan",
        net=RECIPE.net,
        data=RECIPE.data,
        steps=800,
        batch=4,
        validate_every=800,
        optim=Optim(choice="muon", lr=4e-4, warmup=30, final=0.02, ema=0.99),
        critic_lr=0.5,
        start="src/relume/weights/cascade-psnr.onnx",
    ),
    "no_fusion": dataclasses.replace(RECIPE, name="relic-detail-no-fusion", net=CrsrganShape(fusion=False)),
}
