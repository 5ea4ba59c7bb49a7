"""Freely licensed photographs as training pictures: listed files of unpacked packages, shrunk until they are sharp.

    python -m relume.train.photographs UNPACKED --out DATA/photographs [--tests DATA/sr-test] [--list photographs-more]

``UNPACKED`` holds a folder for each package of the list (``recipes/photographs.txt``, Debian's, or
``photographs-more.txt``, Ubuntu's), named as the package (``dpkg -x`` makes one). A wallpaper is larger than its
detail: halved or more, JPEG's traces and the blur of the lens are gone. With ``--tests`` a picture whose difference
hash is near that of a test picture is left out, and said.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from relume.signal import Array, RelumeError, UsageError
from relume.train.data import load_rgb, pictures_below

LONGEST = 2040
LEAST_SHRINK = 1.6
NEAR = 10
"""Two pictures are called the same at up to so many of 64 different bits."""
LISTS = ("photographs", "photographs-more")


def listed(name: str = LISTS[0]) -> list[str]:
    """``package/path`` of every photograph of a list."""
    lines = (files("relume.recipes") / f"{name}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def sharp_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) to shrink to: by ``LEAST_SHRINK`` at least, the longer side ``LONGEST`` at most."""
    factor = min(1 / LEAST_SHRINK, LONGEST / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def difference_hash(image: Image.Image) -> Array:
    """64 bits: whether each cell of a grid of 8 x 9 is brighter than its neighbour."""
    cells = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    bits: Array = (cells[:, 1:] > cells[:, :-1]).ravel()
    return bits


def nearest(image: Image.Image, tests: dict[str, Array]) -> tuple[str, int]:
    """Name and distance in bits of the test picture most like ``image`` or its mirror image."""
    hashes = [difference_hash(image), difference_hash(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
    distance = {name: min(int((own != other).sum()) for own in hashes) for name, other in tests.items()}
    name = min(distance, key=lambda key: distance[key], default="")
    return name, distance.get(name, 64)


def prepare(unpacked: Path, out: Path, tests: Path | None, names: Iterable[str]) -> list[str]:
    """Write the pictures of those ``names`` to ``out`` as PNG; what could not be used is told, a line each.

    Raises UsageError where ``unpacked`` is no folder or ``tests`` holds no picture, before anything is written.
    """
    if not unpacked.is_dir():
        raise UsageError(f"{unpacked} is not a folder; unpack the packages of the list into it")
    found = pictures_below(tests) if tests else []
    if tests and not found:
        raise UsageError(f"no test pictures in {tests}; without any, nothing would be left out")
    known = {path.name: difference_hash(Image.fromarray(load_rgb(path))) for path in found}
    out.mkdir(parents=True, exist_ok=True)
    told = []
    for name in names:
        source = unpacked / name
        if not source.exists():
            told.append(f"{source}: not there; unpack its package with dpkg -x")
            continue
        image = Image.fromarray(load_rgb(source))
        test, bits = nearest(image, known)
        if bits <= NEAR:
            told.append(f"{source}: like the test picture {test} ({bits} of 64 bits differ); left out")
            continue
        small = image.resize(sharp_size(*image.size), Image.Resampling.LANCZOS)
        small.save(out / f"{name.removesuffix(source.suffix).replace('/', '-')}.png")
    return told


def main() -> None:
    """The command of the module's first lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tests", type=Path)
    parser.add_argument("--list", choices=LISTS, default=LISTS[0])
    args = parser.parse_args()
    try:
        for line in prepare(args.unpacked, args.out, args.tests, listed(args.list)):
            print(line)
    except RelumeError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
