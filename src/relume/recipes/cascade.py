"""``cascade``: the upscaler, x2, x3 and x4 from one model (phase one: PSNR). ``cascade_eight_bits`` ships.

    relume train cascade --data DATA --out runs/cascade
    relume export runs/cascade -o cascade.onnx

Data: BSDS398 (research), T91 (research) and freely licensed photographs; the pictures that share a scene with a test
set are left out of the sets themselves. Time and result: see the card of the shipped weights and ``results/``.
"""

from relume.card import TrainingSet
from relume.nets.cascade import CascadeShape
from relume.train.data import DataSpec
from relume.train.recipe import Optim, SuperResolution

BSDS398 = TrainingSet("BSDS398 (BSDS500 train and test, less two)", "non-commercial research and education")
T91 = TrainingSet("T91", "research")
PHOTOS = TrainingSet("48 photographs of free wallpaper collections", "CC-BY, CC-BY-SA, CC0, GPL-2+, Unsplash, Pexels")

RECIPE = SuperResolution(
    name="cascade-psnr",
    net=CascadeShape(scales=(2, 3, 4), channels=64, units=(3, 2, 2), recursions=1),
    data=DataSpec(
        folders=("sr-train/BSDS398", "sr-train/T91", "sr-train/photos"),
        rescale=(1.0, 0.6),
        terms=(BSDS398, T91, PHOTOS),
    ),
    steps=14000,
    batch=12,
    patch=48,
    scale_weights=(0.2, 0.2, 0.6),
    loss="l1",
    optim=Optim(choice="muon", lr=1e-3, warmup=200, final=0.01, clip=1.0, ema=0.999),
)
