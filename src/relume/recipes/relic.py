"""``relic``: CR-SRGAN as its paper trains it, colour and detail in one network, in three steps.

    relume train relic --data DATA --out runs/relic
    relume train relic.aged --data DATA --out runs/relic_aged
    relume train relic.adversarial --data DATA --out runs/relic_adversarial

Step 1 has pairs that are shrunk alone, step 2 aged ones, step 3 the critic with content, perceptual and Lab loss. What
ships is trained apart, colour by ``relic_colour`` and detail by ``relic_detail``: here the colour branch sees a crop
where it should see the picture. ``no_colour`` and ``no_fusion`` are step 2 without a part, from the same start.
"""

import dataclasses

from relume.nets.crsrgan import CrsrganShape
from relume.nets.patchgan import PatchganShape
from relume.recipes.relic_colour import RECIPE as COLOUR
from relume.train.losses import Content
from relume.train.recipe import Optim, SuperResolution
from relume.train.relic_game import AdversarialRelic
from relume.train.relic_pairs import AgedSpec, RelicSpec

FOLDERS = ("relics", "sr-train/photos")
TERMS = COLOUR.data.terms[:2]

RECIPE = SuperResolution(
    name="relic",
    net=CrsrganShape(colour=True),
    data=RelicSpec(folders=FOLDERS, held_out=12, terms=TERMS),
    steps=2000,
    batch=8,
    patch=24,
    scale_weights=(0.15, 0.2, 0.65),
    optim=Optim(choice="muon", lr=1e-3, warmup=100, final=0.01, ema=0.998),
)

AGED = dataclasses.replace(
    RECIPE,
    name="relic-aged",
    data=AgedSpec(folders=FOLDERS, held_out=12, terms=TERMS),
    start="runs/relic/checkpoint.pt",
)

ADVERSARIAL = AdversarialRelic(
    name="relic-adversarial",
    net=AGED.net,
    data=AGED.data,
    steps=2000,
    batch=8,
    patch=24,
    scale_weights=AGED.scale_weights,
    optim=Optim(choice="adam", lr=2e-4, warmup=50, final=0.05, ema=0.998),
    critic=PatchganShape(channels=32, norm="spectral"),
    content=Content(pixel=1.0, depths=(), weights=(), perceptual=0.5),
    adversarial=4e-3,
    lab=1.0,
    start="runs/relic_aged/checkpoint.pt",
)

VARIANTS = {
    "aged": AGED,
    "adversarial": ADVERSARIAL,
    "no_colour": dataclasses.replace(AGED, net=CrsrganShape(), start=""),
    "no_fusion": dataclasses.replace(AGED, net=CrsrganShape(fusion=False, colour=True), start=""),
}
