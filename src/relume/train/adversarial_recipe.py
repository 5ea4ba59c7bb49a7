"""The recipe of phase two: a generator trained for fidelity, then against a critic."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Self

from relume.nets.patchgan import PatchganShape
from relume.nets.srgan import VggCriticShape
from relume.signal import UsageError
from relume.train.losses import Content, Game
from relume.train.recipe import SuperResolution


@dataclass(frozen=True)
class AdversarialSuperResolution(SuperResolution):
    """Phase two of super-resolution: eq. 3, ``l_X + adversarial * l_Gen``, the pixel part of l_X being ``loss``.

    With ``adversarial`` 0 there is no game and the critic stays as it is: content alone.
    ``start`` is the checkpoint of phase one. ``vgg`` is the weight file of VGG16 (with LPIPS heads where ``content`` or
    the validation wants them): a path, or one below the data root or below the folder that holds it.
    ``r1`` weighs the gradient penalty, taken every ``r1_every`` steps and scaled up accordingly; 0 is none. ``lattice``
    weighs :func:`relume.train.losses.l_lattice`. ``shifted``: what is judged begins anywhere within an input pixel
    (:func:`relume.train.adversarial.from_any_pixel`).
    """

    critic: PatchganShape | VggCriticShape = field(default_factory=PatchganShape)
    content: Content = field(default_factory=Content)
    game: Game = "relativistic"
    adversarial: float = 1e-3
    critic_lr: float = 1.0
    r1: float = 0.0
    r1_every: int = 8
    lattice: float = 0.0
    shifted: bool = False
    vgg: str = "weights/vgg16_lpips_fp16.safetensors"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.adversarial, self.r1, self.lattice) < 0 or self.r1_every < 1 or self.critic_lr <= 0:
            raise UsageError(
                "adversarial, r1 and lattice must be at least 0, r1_every at least 1 and critic_lr above 0, not "
                f"{self.adversarial}, {self.r1}, {self.lattice}, {self.r1_every}, {self.critic_lr}"
            )

    def tiny(self) -> Self:
        """The same game, small enough for a test, and without the weight file."""
        small = super().tiny()
        content = Content(pixel=self.content.pixel, depths=(), weights=())
        return dataclasses.replace(small, critic=self.critic.tiny(), content=content, vgg="", start="")
