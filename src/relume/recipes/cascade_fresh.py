"""``cascade_fresh``: the upscaler of seven units, trained on patches that are never twice the same.

    relume export runs/cascade_wide -o runs/cascade-wide.onnx
    relume export runs/cascade_photographs -o runs/cascade-photographs.onnx
    relume export runs/cascade_sharp_finish -o runs/cascade-sharp-finish.onnx
    python -m relume.train.soup runs/cascade-wide.onnx runs/cascade-photographs.onnx runs/cascade-sharp-finish.onnx \
        --out runs/cascade-soup.onnx
    relume train cascade_fresh --data DATA --out runs/cascade_fresh

By itself a trial that gained nothing; it is one of the four that ``cascade_pupil`` begins with. ``cascade_sharp`` shows
that a tenth of a decibel on the training photographs is learned by heart. Here every patch begins at any pixel, so that
it is shrunk anew, and half of them have their channels in another order. 5,000 steps, 43 minutes of one core: on 21
photographs and 35 landscapes that no upscaler here has seen +0.05 (+- 0.09) and -0.01 dB at x4 against
``cascade_wide``; the mean it starts from +0.05 (+- 0.06) and +0.02.
"""

import dataclasses

from relume.recipes.cascade_photographs import RECIPE as PHOTOGRAPHS

RECIPE = dataclasses.replace(
    PHOTOGRAPHS,
    data=dataclasses.replace(
        PHOTOGRAPHS.data,
        folders=tuple(folder for folder in PHOTOGRAPHS.data.folders if folder not in ("faces", "relics")),
        rescale=(1.0, 0.85, 0.7),
        fresh=True,
    ),
    steps=5000,
    scale_weights=(0.15, 0.07, 0.78),
    optim=dataclasses.replace(PHOTOGRAPHS.optim, lr=8e-4, warmup=100, final=0.01),
    start="runs/cascade-soup.onnx",
)
