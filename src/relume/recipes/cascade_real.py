"""``cascade_real``: the upscaler for photographs as they are: soft, noisy, compressed, resized before.

    relume train cascade_real --data DATA --out runs/cascade_real
    relume export runs/cascade_real -o cascade-real.onnx

The cascade of ``cascade_deeper_x2``, from scratch and on freely licensed photographs alone, so that no picture of
research-only terms is behind it; pairs by ``degrade.presets.RealWorld``. A PSNR loss on blind degradations gives clean
rather than rich pictures. The bank takes two to three minutes to make; what ships had 2,400 steps, 20 minutes of half a
core. It is not the default: clean small pictures it brings back 1 to 2 dB worse than ``cascade-psnr`` and smoother; old
photographs with grain, print dots or the squares of JPEG it leaves visibly cleaner.
"""

from relume.card import TrainingSet
from relume.nets.cascade import CascadeShape
from relume.train.real import RealSpec
from relume.train.recipe import Optim, SuperResolution

RECIPE = SuperResolution(
    name="cascade-real",
    net=CascadeShape(channels=64, units=(5, 1, 1)),
    data=RealSpec(
        folders=("sr-train/photos",),
        rescale=(1.0, 0.6),
        held_out=4,
        terms=(
            TrainingSet(
                "48 photographs of free wallpaper collections", "CC-BY, CC-BY-SA, CC0, GPL-2+, Unsplash, Pexels"
            ),
        ),
    ),
    steps=6000,
    batch=12,
    patch=32,
    scale_weights=(0.35, 0.1, 0.55),
    loss="l1",
    optim=Optim(choice="muon", lr=1e-3, warmup=100, final=0.005, clip=1.0, ema=0.998),
)
