"""``channel_gan``: the plain GAN in the place of a channel: without a condition it knows only what arrives on average.

    relume train channel_gan --out runs/channel
    relume export runs/channel -o channel.onnx

As many parameters as ``channel_dcgan``. It shows what the condition is for: its output does not depend on the symbol.
"""

import dataclasses

from relume.nets.channel import ChannelShape
from relume.train.channel_recipe import ChannelGan

FADED = ChannelShape("gan", True, 53, 67)
PLAIN = ChannelShape("gan", False, 47, 57)

RECIPE = ChannelGan("channel-gan-rayleigh", "rayleigh", FADED)

VARIANTS = {
    "awgn": ChannelGan("channel-gan-awgn", "awgn", PLAIN),
    "rayleigh": RECIPE,
    "rayleigh-block": dataclasses.replace(RECIPE, name="channel-gan-rayleigh-block", channel="rayleigh-block"),
    "jakes": dataclasses.replace(
        RECIPE, name="channel-gan-jakes", channel="jakes", net=ChannelShape("gan", True, 57, 74)
    ),
    "saleh": ChannelGan("channel-gan-saleh", "saleh", PLAIN, r1=0.5, critic_lr=2.0),
}
