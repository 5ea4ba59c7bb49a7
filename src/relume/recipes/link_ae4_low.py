"""``ae-4-low``: what the learned link at 4 bits for each complex use sends below the reach of its code.

    relume link train ae-4-low --out runs/link-ae-4

Start: Gray 16QAM. Learning moves the inner levels inwards and takes about one error in a hundred, over both channels.
Half a minute on one core.
"""

from relume.train.link_low import LevelRecipe

RECIPE = LevelRecipe("ae-4-low", awgn=(-2.0, 7.5), rayleigh=(-2.0, 10.0))
