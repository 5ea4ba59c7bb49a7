"""The command line of the tools that make one model file of several."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from relume.runtime import zoo
from relume.runtime.zoo import Model
from relume.signal import RelumeError


def command(description: str, make: Callable[[Sequence[Model], Path], object]) -> None:
    """``MODEL MODEL ... --out FILE``: find the models and ``make`` the file; an error of relume's is one line."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        make([zoo.find(str(path)) for path in args.models], args.out)
    except RelumeError as error:
        parser.error(str(error))
