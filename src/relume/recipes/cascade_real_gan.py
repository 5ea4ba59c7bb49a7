"""``cascade_real_gan``: the other end of the realism dial of ``cascade_real``: texture for photographs as they are.

    torchrun --nproc-per-node 2 -m relume train cascade_real_gan --data DATA --out runs/cascade_real_gan --compile
    relume export runs/cascade_real -o runs/real.onnx
    relume export runs/cascade_real_gan -o runs/real-gan.onnx
    python -m relume.train.beyond runs/real.onnx runs/real-gan.onnx --realism 0.8 --out runs/real-gan-back.onnx
    relume train cascade_real_gan.flat --data DATA --out runs/cascade_real_gan_flat
    relume export runs/cascade_real_gan_flat -o cascade-real-gan.onnx

Begins where ``cascade_real`` ended and sees the same freely licensed photographs; what it has from elsewhere is the eye
of its loss, VGG16 with LPIPS's heads. 24 minutes of two cores (``docs/decisions/0008-pictures-as-found.md``).
"""

import dataclasses

from relume.nets.patchgan import PatchganShape
from relume.recipes.cascade_gan import RECIPE as GAN
from relume.recipes.cascade_real import RECIPE as REAL

RECIPE = dataclasses.replace(
    GAN,
    name="cascade-real-gan",
    net=REAL.net,
    data=REAL.data,
    steps=2600,
    batch=5,
    patch=32,
    scale_weights=(0.2, 0.2, 0.6),
    content=dataclasses.replace(GAN.content, pixel=0.5),
    adversarial=0.02,
    critic=PatchganShape(channels=48, norm="spectral"),
    shifted=True,
    optim=dataclasses.replace(GAN.optim, lr=4e-4, final=0.01),
    validate_every=2600,
    start="runs/cascade_real/checkpoint.pt",
    seed=91,
)

VARIANTS = {"flat": RECIPE.finished("runs/real-gan-back.onnx")}
