"""Weights beyond the end of the realism dial or before it: a start for a training against a critic.

    python -m relume.train.beyond FAITHFUL.onnx RICH.onnx --realism 1.12 --out START.onnx

Early in such a training the weights still move in one direction, away from the faithful ones. A step further that way
costs no training: ``w_faithful + t (w_rich - w_faithful)`` with t a little above 1. What that overdoes the training
that follows puts right. Late, they have gone too far, and a step back, t a little below 1, lies better for both.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from relume.runtime import zoo
from relume.runtime.files import appearing
from relume.runtime.realism import mixture
from relume.signal import RelumeError, UsageError


def beyond(faithful: Path, rich: Path, realism: float, out: Path) -> None:
    """Write to ``out`` the weights at ``realism``, 1 being ``rich``, with a card that says so.

    Raises UsageError for another setting, OutputRefused where ``out`` exists, ModelError for networks that differ.
    """
    if not 0 < realism <= 2 or realism == 1:
        raise UsageError(f"realism must be above 0 and at most 2, and not the end of the dial, 1: {realism}")
    with appearing(out) as partial:
        partial.write_bytes(mixture(zoo.find(str(faithful)), zoo.find(str(rich)), realism)[1])


def main() -> None:
    """The command of the module's first lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faithful", type=Path)
    parser.add_argument("rich", type=Path)
    parser.add_argument("--realism", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        beyond(args.faithful, args.rich, args.realism, args.out)
    except RelumeError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
