"""``ae-4``: the learned link at 4 bits for each complex use.

    relume link train ae-4 --out runs/link-ae-4

Start: a rate 2/3 code of 64 states on 8-level axes, found by a random search. Learning moved the levels apart (see
docs/links.md) and took a quarter of the errors at 8.6 dB. Three minutes on one core.
"""

from relume.train.link import LinkRecipe

RECIPE = LinkRecipe(
    name="ae-4",
    m=2,
    memory=6,
    parities=(114, 167, 44),
    mapping="natural",
    bits_per_use=4,
    ebn0_awgn=8.6,
    ebn0_rayleigh=12.9,
    lr=2e-3,
    steps=300,
)
