"""``gan_digits``: the plain GAN on the 8x8 digits that scikit-learn brings; nothing to download.

    relume train gan_digits
    relume gan sample runs/gan_digits -o digits.png

Under a minute on one core. The sheet of samples and the curve of the game: ``docs/gan.md``.
"""

from relume.nets.gan import GanShape
from relume.train.picture_gan import PictureGan
from relume.train.recipe import Optim

RECIPE = PictureGan(
    name="gan-digits",
    net=GanShape(latent=16, width=128, side=8),
    steps=3000,
    batch=128,
    r1=0.05,
    r1_every=4,
    optim=Optim("adam", 1e-3, (0.5, 0.9), 10, 0.1, 100.0, 0.995),
    validate_every=1000,
)
