"""The recipe of a conditional GAN for damaged photographs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal, Self

from relume.nets.unet import UnetCriticShape, UnetShape
from relume.signal import UsageError
from relume.train.damage_bank import DamageSpec
from relume.train.losses import Game
from relume.train.mending import EVERYTHING
from relume.train.picture_bank import PictureSpec
from relume.train.recipe import Optim


@dataclass(frozen=True)
class Weights:
    """The generator's loss: ``adversarial`` + ``pixel`` L1 + ``features`` matching + ``perceptual`` VGG.

    Feature matching is the mean L1 between the discriminator's features of the true and of the made picture, perceptual
    that between VGG16's ``depths``. L1 is taken in [-1, 1]. A weight of 0 leaves its part out.
    """

    adversarial: float = 1.0
    pixel: float = 100.0
    features: float = 10.0
    perceptual: float = 10.0
    depths: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3")

    def __post_init__(self) -> None:
        if min(self.adversarial, self.pixel, self.features, self.perceptual) < 0:
            raise UsageError(f"the weights of a loss are at least 0: {self}")
        if self.perceptual and not self.depths:
            raise UsageError("a perceptual loss wants depths of VGG16")


@dataclass(frozen=True)
class ConditionalGan:
    """Pictures in, pictures out, at ``patch`` x ``patch``.

    With ``paired`` the first of ``data.folders`` holds ``gray/`` and ``color/``; without, clean pictures are damaged on
    the fly: made gray, scratched by ``damage``, given noise of up to ``sigma`` (of 255). ``vgg``: see
    :class:`relume.train.adversarial_recipe.AdversarialSuperResolution`.
    """

    name: str
    net: UnetShape
    data: PictureSpec
    steps: int
    critic: UnetCriticShape = field(default_factory=UnetCriticShape)
    weights: Weights = field(default_factory=Weights)
    game: Game = "bce"
    paired: bool = False
    damage: DamageSpec = field(default_factory=lambda: EVERYTHING)
    sigma: float = 25.0
    batch: int = 4
    patch: int = 256
    vgg: str = "weights/vgg16_lpips_fp16.safetensors"
    optim: Optim = field(default_factory=lambda: Optim("adam", 2e-4, (0.5, 0.999), warmup=1, clip=1e6, ema=0.0))
    precision: Literal["bf16", "f32"] = "bf16"
    seed: int = 1
    validate_every: int = 500
    checkpoint_minutes: float = 3.0
    task: str = "photo"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch) < 1 or self.sigma < 0:
            raise UsageError(f"steps and batch must be at least 1 and sigma at least 0: {self}")
        if self.patch % self.net.multiple or self.patch < 8:
            raise UsageError(f"patch must be a multiple of {self.net.multiple} from 8 on, not {self.patch}")

    def tiny(self) -> Self:
        """The same game in a second, without the weight file."""
        return dataclasses.replace(
            self,
            net=self.net.tiny(),
            critic=self.critic.tiny(),
            weights=dataclasses.replace(self.weights, perceptual=0.0, depths=()),
            damage=dataclasses.replace(self.damage, count=2, sides=(64,)),
            steps=4,
            batch=2,
            patch=32,
            vgg="",
            validate_every=2,
            data=dataclasses.replace(self.data, held_out=2, side=0),
        )
