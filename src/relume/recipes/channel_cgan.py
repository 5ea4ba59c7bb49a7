"""``channel_cgan``: the conditional GAN in the place of a channel, a perceptron that sees one channel use.

    relume train channel_cgan.saleh --out runs/channel
    relume export runs/channel -o channel.onnx

As many parameters as ``channel_dcgan``. Over correlated fading its gains come out independent: it has no memory.
"""

import dataclasses

from relume.nets.channel import ChannelShape
from relume.train.channel_recipe import ChannelGan

FADED = ChannelShape("cgan", True, 48, 51, 12, 24)
PLAIN = ChannelShape("cgan", False, 44, 47)

RECIPE = ChannelGan("channel-cgan-rayleigh", "rayleigh", FADED)
LONGER = dataclasses.replace(RECIPE.optim, ema=0.998)

VARIANTS = {
    "awgn": ChannelGan("channel-cgan-awgn", "awgn", PLAIN, steps=2700, optim=LONGER),
    "rayleigh": RECIPE,
    "rayleigh-block": dataclasses.replace(RECIPE, name="channel-cgan-rayleigh-block", channel="rayleigh-block"),
    "jakes": dataclasses.replace(
        RECIPE, name="channel-cgan-jakes", channel="jakes", net=ChannelShape("cgan", True, 52, 58, 12, 24)
    ),
    "saleh": ChannelGan("channel-cgan-saleh", "saleh", PLAIN, steps=2700, r1=0.5, critic_lr=2.0, optim=LONGER),
}
