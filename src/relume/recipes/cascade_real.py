"""``cascade_real``: the upscaler for photographs as they are: soft, noisy, compressed, resized before.

    torchrun --nproc-per-node 2 -m relume train cascade_real --data DATA --out runs/cascade_real --compile
    relume train cascade_real.flat --data DATA --out runs/cascade_real_flat
    relume export runs/cascade_real_flat -o cascade-real.onnx

From scratch and on freely licensed photographs alone, so that no picture of research-only terms is behind it. Every
patch goes through its own draw of ``degrade.presets.RealWorld``, one in five is shrunk cleanly. 23 minutes of two
cores. ``flat`` is a step without length, for gray fields (``relume.train.flat``). Why so, and what it gave over the 20
minutes of half a core on 48 photographs that shipped before: ``docs/decisions/0008-pictures-as-found.md``.
"""

from relume.nets.cascade import CascadeShape
from relume.recipes.cascade import PHOTOS
from relume.recipes.cascade_large import UBUNTU
from relume.recipes.cascade_photographs import DEBIAN
from relume.train.real import RealSpec
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="cascade-real",
    net=CascadeShape(channels=64, units=(5, 1, 1)),
    data=RealSpec(
        folders=("sr-train/photos", "photographs", "photographs-more"),
        held_out=6,
        clean=0.2,
        terms=(PHOTOS, DEBIAN, UBUNTU),
    ),
    steps=7000,
    batch=6,
    patch=48,
    scale_weights=(0.25, 0.15, 0.6),
    loss="l1",
    optim=Optim(choice="muon", lr=1.5e-3, warmup=100, final=0.005, clip=1.0, ema=0.998),
    validate_every=7000,
)

VARIANTS = {"flat": RECIPE.finished("runs/cascade_real/checkpoint.pt")}
