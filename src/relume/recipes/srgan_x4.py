"""``srgan_x4``: SRGAN, the SRResNet of ``srresnet_x4`` against its paper's discriminator.

    relume train srgan_x4.survey --data DATA --out runs/srgan
    relume export runs/srgan -o src/relume/weights/srgan.onnx

Its perceptual loss: VGG features before the last ReLU (VGG16 conv5_3 for VGG19 conv5_4), no pixel term, l_Gen at 10^-3.
The paper divides its features by 12.75, hence the weight 0.00615 = 1 / 12.75^2. Deviation: the term is a mean over
channels; summed, it would leave the adversary no say.
``VARIANTS["survey"]`` has the content of eq. 1 of the survey, which holds a pixel term too (L1 for its MSE). There
eq. 5's sum over the 8 pictures of a batch is taken as a mean: as a sum the critic, which learns faster, drove the
pixel term from 0.037 to 0.068 within 200 steps.
``survey`` ships; the recipe without it is SRGAN at its paper's size, not trained yet: ``--set start=`` says where from.
"""

import dataclasses

from relume.nets.srgan import SrresnetShape, VggCriticShape
from relume.recipes.cascade import RECIPE as CASCADE
from relume.recipes.equal_budget import PAPER_DATA
from relume.train.adversarial_recipe import AdversarialSuperResolution
from relume.train.losses import Content
from relume.train.recipe import Optim

RECIPE = AdversarialSuperResolution(
    name="srgan",
    net=SrresnetShape(scale=4),
    data=CASCADE.data,
    steps=6000,
    batch=8,
    patch=24,
    scale_weights=(1.0,),
    loss="mse",
    optim=Optim(choice="adam", lr=1e-4, betas=(0.9, 0.999), warmup=50, final=0.1),
    critic=VggCriticShape(),
    content=Content(pixel=0.0, depths=("conv5_3",), weights=(0.00615,)),
    game="paper",
    adversarial=1e-3,
)

VARIANTS: dict[str, AdversarialSuperResolution] = {
    "survey": dataclasses.replace(
        RECIPE,
        data=PAPER_DATA,
        steps=350,
        loss="l1",
        optim=dataclasses.replace(RECIPE.optim, ema=0.99),
        content=dataclasses.replace(RECIPE.content, pixel=1.0),
        adversarial=1.25e-4,
        start="runs/srresnet/checkpoint.pt",
    ),
}
