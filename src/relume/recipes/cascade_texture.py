"""``cascade_texture``: the improved GAN, trained longer and on five times as many pixels; ``cascade-gan`` ships.

    relume train cascade_texture --data DATA --out runs/texture --compile --stop-after 5679 --set steps=10000
    relume train cascade_texture --data DATA --out runs/texture --compile --stop-after 7321
    relume export runs/texture -o runs/texture.onnx
    python -m relume.train.beyond runs/cascade-natural-final.onnx runs/texture.onnx --realism 0.85 \
        --out runs/texture-back.onnx
    relume train cascade_texture.finish --data DATA --out runs/texture_finish --compile
    relume train cascade_texture.last --data DATA --out runs/texture_last --compile
    relume train cascade_texture.twin --data DATA --out runs/texture_twin --compile
    relume export runs/texture_last -o runs/texture-last.onnx
    relume export runs/texture_twin -o runs/texture-twin.onnx
    python -m relume.train.soup runs/texture-last.onnx runs/texture-twin.onnx --out runs/texture-mean.onnx
    relume train cascade_texture.third --data DATA --out runs/texture_third --compile
    relume train cascade_texture.third_twin --data DATA --out runs/texture_third_twin --compile
    relume export runs/texture_third -o runs/texture-third.onnx
    relume export runs/texture_third_twin -o runs/texture-third-twin.onnx
    python -m relume.train.soup runs/texture-third.onnx runs/texture-third-twin.onnx --out runs/texture-all.onnx
    relume train cascade_texture.mean --data DATA --out runs/cascade_gan
    relume export runs/cascade_gan -o cascade-gan.onnx

Begins at the faithful network that ships (``cascade_natural``). The first training was planned for 10,000 steps, went
on at 5,679 as one of 8,000 and was stopped at 7,321; ``mean`` is a step without length, for gray fields
(``relume.train.flat``) and the card. Two hours and a quarter of a core. Why so, and what each part gave:
``docs/decisions/0006-texture.md``.
"""

import dataclasses

from relume.nets.patchgan import PatchganShape
from relume.recipes.cascade_gan import RECIPE as GAN
from relume.recipes.cascade_large import MORE

RECIPE = dataclasses.replace(
    GAN,
    data=dataclasses.replace(MORE.data, tones=False),
    steps=8000,
    batch=6,
    patch=32,
    scale_weights=(0.15, 0.15, 0.7),
    optim=dataclasses.replace(GAN.optim, lr=4e-4, final=0.01),
    critic=PatchganShape(channels=48, norm="spectral"),
    shifted=True,
    validate_every=3000,
    start="runs/cascade-natural-final.onnx",
    seed=61,
)

FINISH = dataclasses.replace(
    RECIPE,
    steps=1100,
    content=dataclasses.replace(RECIPE.content, pixel=0.4),
    adversarial=0.01,
    optim=dataclasses.replace(RECIPE.optim, lr=2.5e-4),
    validate_every=1100,
    start="runs/texture-back.onnx",
    seed=63,
)

LAST = dataclasses.replace(FINISH, steps=1000, validate_every=1000, start="runs/texture_finish/checkpoint.pt", seed=64)

THIRD = dataclasses.replace(
    LAST,
    steps=900,
    validate_every=900,
    scale_weights=(0.15, 0.45, 0.4),
    optim=dataclasses.replace(LAST.optim, lr=2e-4),
    start="runs/texture-mean.onnx",
    seed=66,
)

VARIANTS = {
    "finish": FINISH,
    "last": LAST,
    "twin": dataclasses.replace(LAST, content=dataclasses.replace(LAST.content, pixel=0.25), seed=65),
    "third": THIRD,
    "third_twin": dataclasses.replace(
        THIRD, scale_weights=(0.2, 0.4, 0.4), content=dataclasses.replace(THIRD.content, pixel=0.25), seed=67
    ),
    "mean": LAST.finished("runs/texture-all.onnx"),
}
