"""``drive``: the generator of the secure link's waveform.

relume link train drive --out runs/link-drive
"""

from relume.train.secure import DriveRecipe

RECIPE = DriveRecipe(name="drive")
