"""Drawn training pictures: pages of clip art and lettering, for slides, comics and maps that no photograph teaches.

    python -m relume.train.drawings UNPACKED --out DATA/drawings

``UNPACKED`` holds Debian's ``openclipart-svg`` (public domain) and packages of fonts, unpacked with ``dpkg -x``. A page
is a ground, some drawings on it at any size, one over the other, and blocks of text. Drawings and fonts of the test
part (``relume.split``) are on the pages of ``--test`` alone, which never train.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pyvips
from PIL import Image, ImageDraw, ImageFont

from relume.signal import Array, RelumeError, UsageError
from relume.split import is_test

SIDE = 600
KINDS = (("drawings", {".svg"}, 200_000), ("fonts", {".ttf", ".otf"}, 4_000_000))
"""What is drawn: its suffixes, and from how many bytes on it is left out, as it takes seconds to draw."""
TOPICS = tuple(topics[name] for name in sorted(topics))
"""What is written on the pages: Python's own documentation."""
DRAWINGS, TEXTS = (14, 34), (3, 7)
SIZES = (9, 40)
"""Pixels of a letter."""


def sources(unpacked: Path, test: bool) -> tuple[list[Path], list[Path]]:
    """Drawings and fonts below ``unpacked``, those that train or those of the test part.

    Raises UsageError if there are none of either.
    """
    found = []
    for what, suffixes, size in KINDS:
        files = sorted(path for path in unpacked.rglob("*") if path.suffix in suffixes and path.is_file())
        files = [path for path in files if is_test(path.stem) == test and path.stat().st_size < size]
        if not files:
            named = ", ".join(sorted(suffixes))
            raise UsageError(f"no {what} ({named}) below {unpacked}; unpack their packages into it with dpkg -x")
        found.append(files)
    drawings, fonts = found
    return drawings, fonts


def colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """A colour: half of them dark or light."""
    drawn = rng.integers(0, 256, 3)
    if rng.integers(2):
        drawn = drawn // 8 + (0 if rng.integers(2) else 224)
    red, green, blue = (int(value) for value in drawn)
    return red, green, blue


def ground(side: int, rng: np.random.Generator) -> Image.Image:
    """A page of one colour, or of one that turns into another."""
    ends = np.array([colour(rng), colour(rng)], np.float32)
    way = np.linspace(0, 1 if rng.integers(2) else 0, side, dtype=np.float32)[:, None, None]
    shaded = np.broadcast_to(ends[0] + way * (ends[1] - ends[0]), (side, side, 3))
    turned = np.rot90(shaded, int(rng.integers(4)))
    return Image.fromarray(np.ascontiguousarray(np.rint(turned)).astype(np.uint8))


def drawing(path: Path, longest: int) -> Image.Image | None:
    """A drawing with its alpha, ``longest`` pixels along its longer side; None if it cannot be drawn."""
    try:
        plain = pyvips.Image.svgload(str(path))
        scaled = pyvips.Image.svgload(str(path), scale=longest / max(plain.width, plain.height))
        pixels: Array = scaled.colourspace("srgb").numpy()
    except pyvips.Error:
        return None
    return Image.fromarray(pixels, "RGBA") if pixels.ndim == 3 and pixels.shape[2] == 4 else None


def text(fonts: Sequence[Path], rng: np.random.Generator) -> Image.Image:
    """A block of lines, in one font and colour, with its alpha; some on a box, some turned a little."""
    font = ImageFont.truetype(str(fonts[int(rng.integers(len(fonts)))]), int(np.exp(rng.uniform(*np.log(SIZES)))))
    words = " ".join(TOPICS[int(rng.integers(len(TOPICS)))].split())
    start, width = int(rng.integers(max(1, len(words) - 400))), int(rng.integers(8, 40))
    lines = "\n".join(words[start + k * width : start + (k + 1) * width] for k in range(int(rng.integers(1, 9))))
    box = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), lines, font=font)
    behind = (*colour(rng), 255 if rng.random() < 0.4 else 0)
    block = Image.new("RGBA", (int(box[2]) + 8, int(box[3]) + 8), behind)
    ImageDraw.Draw(block).multiline_text((4, 4), lines, font=font, fill=(*colour(rng), 255))
    if rng.random() < 0.25:
        block = block.rotate(float(rng.uniform(-30, 30)), Image.Resampling.BICUBIC, expand=True)
    return block


def page(drawings: Sequence[Path], fonts: Sequence[Path], rng: np.random.Generator) -> Image.Image:
    """One page of ``SIDE`` x ``SIDE`` pixels."""
    made = ground(SIDE, rng)
    count = int(rng.integers(*DRAWINGS))
    parts = [drawing(drawings[int(rng.integers(len(drawings)))], int(rng.integers(60, 420))) for _ in range(count)]
    parts += [text(fonts, rng) for _ in range(int(rng.integers(*TEXTS)))]
    for part in parts:
        if part is not None:
            place = [int(rng.integers(-length // 3, SIDE - length // 3 + 1)) for length in part.size]
            made.paste(part, (place[0], place[1]), part)
    return made


def draw(unpacked: Path, out: Path, count: int, *, test: bool = False, seed: int = 1) -> None:
    """Write ``count`` pages to ``out``, page by page the same for the same files and ``seed``.

    Raises UsageError if ``unpacked`` lacks drawings or fonts, before anything is written.
    """
    drawings, fonts = sources(unpacked, test)
    out.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        page(drawings, fonts, np.random.default_rng([seed, int(test), number])).save(out / f"page{number:03}.png")


def main() -> None:
    """Draw the pages that the command line asks for."""
    parser = argparse.ArgumentParser(description="Draw training pages of clip art and lettering.")
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--test", action="store_true", help="of the drawings and fonts that never train")
    arguments = parser.parse_args()
    try:
        draw(arguments.unpacked, arguments.out, arguments.count, test=arguments.test)
    except RelumeError as error:
        raise SystemExit(f"drawings: {error}") from error


if __name__ == "__main__":
    main()
