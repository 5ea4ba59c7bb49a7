"""``photo_paper``: the second paper's conditional GAN on gray, scratched and noisy photographs, for the table.

    relume train photo_paper --data DATA --out runs/photo_paper
    relume export runs/photo_paper -o photo-paper.onnx

With pairs of one's own (``SET/gray`` and ``SET/color``, matched by name), as the paper's set of 8,164 has them:

    relume train photo_paper --data DATA --set paired=true --set data.folders=SET --out runs/photo_paper

The paper gives no weights for its losses and no learning rate: L1 at 100, Adam at 2e-4 with beta1 0.5 are pix2pix's,
feature matching and VGG at 10 are pix2pixHD's. The network has 49 million weights, above the size that is shipped.
"""

import dataclasses

from relume.nets.unet import UnetShape
from relume.recipes.damage_mask import PICTURES
from relume.train.conditional_recipe import ConditionalGan, Weights
from relume.train.picture_bank import PictureSpec

RECIPE = ConditionalGan(
    name="photo-paper",
    net=UnetShape(),
    data=PictureSpec(("faces", "landscapes"), terms=PICTURES.terms[:2], held_out=12, side=256),
    steps=20000,
    batch=4,
    patch=256,
)

VARIANTS: dict[str, ConditionalGan] = {
    "equal_budget": dataclasses.replace(
        RECIPE, steps=800, batch=1, weights=Weights(perceptual=0.0, depths=()), validate_every=200
    ),
}
"""``equal_budget``: about 4e13 to 5e13 multiply-accumulates, what the four networks of ``photo`` had together then."""
