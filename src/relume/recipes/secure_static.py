"""``static``: the paper-literal control, G(message, fixed noise) with Bob and Eve trained jointly.

relume link train static --out runs/link-static
"""

from relume.train.secure import StaticRecipe

RECIPE = StaticRecipe(name="static")
