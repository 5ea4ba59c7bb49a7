"""``ae22``: the (2, 2) autoencoder of O'Shea and Hoydis 2017 over AWGN, a regression anchor.

relume link train ae22 --out runs/link-ae22
"""

from relume.train.link import BlockRecipe

RECIPE = BlockRecipe(name="ae22", bits=2, uses=2)
