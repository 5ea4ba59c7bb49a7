"""``cascade_gan``: the improved GAN, phase two of ``cascade``: x2, x3 and x4 from one model, with texture.

What shipped before ``cascade_texture``, and the trials about it.

    relume train cascade_gan.first --data DATA --out runs/cascade_gan_first
    relume export runs/cascade_gan_first -o runs/cascade-gan-first.onnx --name cascade-gan
    relume train cascade_gan --data DATA --out runs/cascade_gan
    relume export runs/cascade_gan -o cascade-gan.onnx

``first`` starts from what ``cascade_longer`` made: 2,400 steps, 38 minutes of one core. What it makes shows a faint
weave of four pixels. The second training, 1,500 steps, 26 minutes, has a term against that (``l_lattice``), and with it
more to say for the critic. On 24 held-out pictures at x4 LPIPS (AlexNet) falls from 0.1705 to 0.1538, and what repeats
with every input pixel from 0.29 of the mean difference to 0.19; the faithful network has 0.21. At x2 LPIPS falls too,
at x3 it rises (BSD100: 0.145 to 0.174).

Two trainings went on from the first without that term, the second from weights a little beyond those at the end of the
dial:

    relume train cascade_gan.further --data DATA --out runs/cascade_gan_further
    relume export runs/cascade_gan_further -o further.onnx --name cascade-gan
    python -m relume.train.beyond cascade-psnr.onnx further.onnx --realism 1.12 --out runs/starts/beyond.onnx
    relume train cascade_gan.last --data DATA --out runs/cascade_gan_last

LPIPS (AlexNet) of 24 held-out pictures at x4: 0.1705 (first), 0.1639 after ``further``, 0.1528 beyond it, 0.1681
after ``last``. They do not ship, because the eye disagrees: the weave of four pixels, faint in the first, shows on
foliage and water in all of them, most of all where LPIPS is lowest. Held-out pictures were followed to choose the
weights of the terms, test pictures were not.

Eq. 3 of the paper, l_X + weight l_Gen, with both parts of l_X: the pixel term (L1 for the MSE of eq. 2) and VGG
features (LPIPS's weighting of five depths of VGG16 for eq. 4's one), against the PatchGAN. ``VARIANTS["paper"]`` has
the parts of eq. 2 to 5, VGG features rescaled by 1 / 12.75 and averaged over channels as SRGAN's are. Time and result:
the card of the shipped weights and ``docs/benchmarks.md``.
"""

import dataclasses

from relume.nets.patchgan import PatchganShape
from relume.nets.srgan import VggCriticShape
from relume.recipes.cascade_deeper_x2 import RECIPE as CASCADE
from relume.train.adversarial_recipe import AdversarialSuperResolution
from relume.train.losses import Content
from relume.train.recipe import Optim

RECIPE = AdversarialSuperResolution(
    name="cascade-gan",
    net=CASCADE.net,
    data=CASCADE.data,
    steps=1500,
    batch=8,
    patch=24,
    scale_weights=(0.15, 0.1, 0.75),
    loss="l1",
    optim=Optim(choice="muon", lr=3e-4, betas=(0.9, 0.99), warmup=50, final=0.02),
    critic=PatchganShape(channels=32, norm="spectral"),
    content=Content(pixel=0.25, depths=(), weights=(), perceptual=1.0),
    game="relativistic",
    adversarial=0.03,
    lattice=2.0,
    critic_lr=0.7,
    validate_every=500,
    start="runs/cascade-gan-first.onnx",
)

FIRST = dataclasses.replace(
    RECIPE,
    steps=2400,
    content=dataclasses.replace(RECIPE.content, pixel=0.5),
    adversarial=1e-2,
    lattice=0.0,
    validate_every=800,
    start="runs/cascade_longer/checkpoint.pt",
)

FURTHER = dataclasses.replace(RECIPE, steps=2000, lattice=0.0)

VARIANTS: dict[str, AdversarialSuperResolution] = {
    "first": FIRST,
    "further": FURTHER,
    "last": dataclasses.replace(FURTHER, steps=1000, adversarial=0.1, start="runs/starts/beyond.onnx"),
    "paper": dataclasses.replace(
        FIRST,
        name="cascade-gan-paper",
        loss="mse",
        optim=Optim(choice="adam", lr=2e-4, betas=(0.9, 0.99), warmup=50, final=0.05),
        critic=PatchganShape(channels=64, norm="batch"),
        content=Content(pixel=1.0, depths=("conv5_3",), weights=(0.00615,)),
        game="paper",
        adversarial=1e-3,
    ),
    "srgan_critic": dataclasses.replace(FIRST, name="cascade-gan-srgan-critic", critic=VggCriticShape(channels=32)),
}
