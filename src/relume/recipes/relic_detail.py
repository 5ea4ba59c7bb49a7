"""``relic_detail``: the detail of CR-SRGAN for pictures whose colour is restored; ``relic-detail`` and its GAN ship.

    relume train relic_detail --data DATA --out runs/relic_detail --set steps=4 --stop-after 3
    relume train relic_detail.perceptual --data DATA --out runs/relic_detail_perceptual
    relume train relic_detail.unwoven --data DATA --out runs/relic_detail_unwoven
    relume train relic_detail.adversarial --data DATA --out runs/relic_detail_gan
    relume export runs/relic_detail_unwoven -o relic-detail.onnx --name relic-detail
    relume export runs/relic_detail_gan -o relic-detail-gan.onnx --name relic-detail-gan

The first training is for PSNR and starts from ``cascade-psnr``, whose units become the first seven; three steps of it
went before what ships. The second adds LPIPS and the Lab loss to L1, still without a critic; the third what keeps a
weave of four pixels away: the faithful end of the realism dial. The last plays against a critic from there: its other
end. Pairs: blurred, noisy, rounded to 8 bits and stretched, as restoring their colour leaves them. Time and result: the
card of the shipped weights and ``docs/relics-training.md``.
"""

import dataclasses

from relume.nets.crsrgan import CrsrganShape
from relume.recipes.relic import ADVERSARIAL, FOLDERS
from relume.recipes.relic import RECIPE as PAIRS
from relume.recipes.relic_colour import RECIPE as COLOUR
from relume.train.losses import Content
from relume.train.recipe import Optim
from relume.train.relic_pairs import DetailSpec

RECIPE = dataclasses.replace(
    PAIRS,
    name="relic-detail",
    net=CrsrganShape(),
    data=DetailSpec(
        folders=(*FOLDERS, "sr-train/BSDS398"),
        held_out=12,
        terms=COLOUR.data.terms[:3],
    ),
    steps=600,
    optim=Optim(choice="muon", lr=7e-4, warmup=50, final=0.02, ema=0.995),
    validate_every=400,
    start="src/relume/weights/cascade-psnr.onnx",
)
PERCEPTUAL = dataclasses.replace(
    ADVERSARIAL,
    name="relic-detail",
    net=RECIPE.net,
    data=RECIPE.data,
    steps=2400,
    batch=6,
    validate_every=400,
    content=Content(pixel=1.0, depths=(), weights=(), perceptual=0.2),
    adversarial=0.0,
    optim=Optim(choice="muon", lr=6e-4, warmup=50, final=0.02, ema=0.995),
    start="runs/relic_detail/checkpoint.pt",
)
UNWOVEN = dataclasses.replace(
    PERCEPTUAL,
    steps=600,
    lattice=2.0,
    optim=dataclasses.replace(PERCEPTUAL.optim, lr=3e-4, warmup=20),
    start="runs/relic_detail_perceptual/checkpoint.pt",
)

VARIANTS = {
    "perceptual": PERCEPTUAL,
    "unwoven": UNWOVEN,
    "adversarial": dataclasses.replace(
        UNWOVEN,
        name="relic-detail-gan",
        steps=1500,
        batch=4,
        content=ADVERSARIAL.content,
        adversarial=ADVERSARIAL.adversarial,
        optim=Optim(choice="muon", lr=4e-4, warmup=30, final=0.02, ema=0.99),
        critic_lr=0.5,
        start="runs/relic_detail_unwoven/checkpoint.pt",
    ),
    "no_fusion": dataclasses.replace(RECIPE, name="relic-detail-no-fusion", net=CrsrganShape(fusion=False)),
}
