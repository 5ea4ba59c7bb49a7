"""``ae74``: the (7, 4) autoencoder of O'Shea and Hoydis 2017 over AWGN, a regression anchor.

relume link train ae74 --out runs/link-ae74
"""

from relume.train.link import BlockRecipe

RECIPE = BlockRecipe(name="ae74", bits=4, uses=7)
