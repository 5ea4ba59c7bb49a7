"""``dcgan_faces``: the DCGAN on faces at 64x64.

    relume train dcgan_faces --data DATA
    relume gan sample runs/dcgan_faces -o faces.png
    relume gan distance runs/dcgan_faces --data DATA --vgg VGG16

Data: the faces whose names do not hash into the test part (CelebA: non-commercial research), which is why its weights
are not shipped. Time and result: ``docs/gan.md``.
"""

from relume.card import TrainingSet
from relume.nets.dcgan_pictures import DcganShape
from relume.train.data import DataSpec
from relume.train.picture_gan import PictureGan
from relume.train.recipe import Optim

RECIPE = PictureGan(
    name="dcgan-faces",
    net=DcganShape(latent=64, width=24, side=64),
    data=DataSpec(folders=("faces",), terms=(TrainingSet("CelebA, 1200 faces, the training part", "non-commercial"),)),
    steps=1200,
    batch=32,
    r1=0.5,
    r1_every=8,
    mirror=True,
    optim=Optim("adam", 5e-4, (0.5, 0.99), 20, 0.2, 100.0, 0.98),
    validate_every=200,
    checkpoint_minutes=1.0,
)
