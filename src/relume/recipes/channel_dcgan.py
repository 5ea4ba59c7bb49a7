"""``channel_dcgan``: the DCGAN in the place of a channel; ``channel_dcgan.jakes`` and so on for the other channels.

    relume train channel_dcgan.jakes --out runs/channel
    relume export runs/channel -o channel.onnx

``relume link channel train --model dcgan --channel jakes`` does both. Times and distances: ``docs/gan.md``.
"""

import dataclasses

from relume.nets.channel import ChannelShape
from relume.train.channel_recipe import ChannelGan

FADED = ChannelShape("dcgan", True, 24, 26, 12, 16, taps=9, lags=8, pack=4)
PLAIN = ChannelShape("dcgan", False, 24, 26, pack=4)

RECIPE = ChannelGan("channel-dcgan-rayleigh", "rayleigh", FADED)
LONGER = dataclasses.replace(RECIPE.optim, ema=0.998)

VARIANTS = {
    "awgn": ChannelGan("channel-dcgan-awgn", "awgn", PLAIN, steps=2700, optim=LONGER),
    "rayleigh": RECIPE,
    "rayleigh-block": dataclasses.replace(RECIPE, name="channel-dcgan-rayleigh-block", channel="rayleigh-block"),
    "jakes": ChannelGan(
        "channel-dcgan-jakes",
        "jakes",
        dataclasses.replace(FADED, taps=129, lags=40),
        steps=1000,
        batch=32,
        window=256,
        r1=0.05,
    ),
    "saleh": ChannelGan("channel-dcgan-saleh", "saleh", PLAIN, steps=2700, r1=0.5, critic_lr=2.0, optim=LONGER),
}
