"""Weights beyond the end of the realism dial: a start for a training against a critic.

    python -m relume.train.beyond FAITHFUL.onnx RICH.onnx --realism 1.12 --out START.onnx

Early in such a training the weights still move in one direction, away from the faithful ones. A step further that way
costs no training: ``w_faithful + t (w_rich - w_faithful)`` with t a little above 1. What that overdoes the training
that follows puts right.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from relume.runtime import zoo
from relume.runtime.files import appearing
from relume.runtime.realism import mix
from relume.signal import OutputRefused, UsageError


def beyond(faithful: Path, rich: Path, realism: float, out: Path) -> None:
    """Write to ``out`` the weights at ``realism``, above 1, and the card of ``rich`` that says so.

    Raises UsageError for another setting, OutputRefused where ``out`` exists, ModelError for networks that differ.
    """
    if not 1 < realism <= 2:
        raise UsageError(f"realism must be above 1, the end of the dial, and at most 2, not {realism}")
    if out.exists():
        raise OutputRefused(f"{out}: exists already; choose another name or remove it")
    ends = [zoo.find(str(path)) for path in (faithful, rich)]
    card = dataclasses.replace(
        ends[1].card,
        scores={},
        parity=None,
        recipe=ends[1].card.recipe
        | {"realism": realism, "faithful_sha256": ends[0].sha256, "rich_sha256": ends[1].sha256},
    )
    with appearing(out) as partial:
        partial.write_bytes(mix(faithful.read_bytes(), rich.read_bytes(), realism, card))


def main() -> None:
    """The command of the module's first lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("faithful", type=Path)
    parser.add_argument("rich", type=Path)
    parser.add_argument("--realism", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    beyond(args.faithful, args.rich, args.realism, args.out)


if __name__ == "__main__":
    main()
