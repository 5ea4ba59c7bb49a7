"""The recipe of a channel model: which channel, which generator, which game."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Self

from relume.nets.channel import ChannelShape
from relume.signal import UsageError
from relume.train.losses import Game
from relume.train.recipe import Optim


@dataclass(frozen=True)
class ChannelGan:
    """A generator in the place of ``channel`` (a name of ``comm.laboratory``, or 'samples' for a file of one's own).

    A step takes ``batch`` windows of ``window`` channel uses. ``r1`` weighs Mescheder's penalty of one channel use,
    taken every ``r1_every`` steps and scaled up accordingly; ``penalty`` the one of WGAN-GP, which the game
    'wasserstein' wants. ``regress``: whether the coordinates hold the least-squares fit, or the game has to find it.
    """

    name: str
    channel: str
    net: ChannelShape
    steps: int = 900
    batch: int = 32
    window: int = 64
    samples: int = 1 << 20
    game: Game = "bce"
    r1: float = 2.0
    r1_every: int = 2
    penalty: float = 0.0
    critic_lr: float = 1.0
    regress: bool = True
    optim: Optim = field(default_factory=lambda: Optim("adam", 4e-3, (0.5, 0.9), 20, 0.01, 10.0, 0.995))
    seed: int = 1
    validate_every: int = 300
    checkpoint_minutes: float = 1.0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.window, self.r1_every) < 1:
            raise UsageError(f"steps, batch, window and r1_every must be at least 1: {self}")
        if self.batch % self.net.pack:
            raise UsageError(f"a batch of {self.batch} windows does not divide into packs of {self.net.pack}")
        if self.game in ("paper", "relativistic"):
            raise UsageError(
                f"the game '{self.game}' compares pairs of pictures; choose bce, minimax, hinge, lsgan, or wasserstein"
            )
        if min(self.r1, self.penalty) < 0:
            raise UsageError(f"r1 and penalty must be at least 0, not {self.r1} and {self.penalty}")
        if self.game == "wasserstein" and not self.penalty:
            raise UsageError("the game 'wasserstein' bounds its critic by a penalty above 0 (10 in the paper)")

    def tiny(self) -> Self:
        """The same game in a second or two."""
        small = dataclasses.replace(self.optim, warmup=2, ema=0.9)
        return dataclasses.replace(
            self,
            net=self.net.tiny(),
            steps=12,
            batch=2 * self.net.pack,
            window=24,
            samples=1 << 14,
            optim=small,
            validate_every=6,
        )
