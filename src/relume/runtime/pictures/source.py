"""Pictures in: opened by content, checked before they are decoded, read in strips from top to bottom."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from relume.runtime.pictures import exif
from relume.runtime.pictures.errors import Damaged, NotAPicture, TooLarge, Unsupported
from relume.runtime.pictures.kinds import Kind, kind_of, label, open_file
from relume.runtime.pictures.metadata import Metadata
from relume.signal import Array

_NAMES = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP", "tiff": "TIFF", "heif": "HEIC", "gif": "GIF", "bmp": "BMP"}
_FAIL_ON = {"png": "error", "jpeg": "warning", "webp": "error", "tiff": "error", "gif": "warning"}
_HARMLESS = "extraneous bytes before marker 0xd9"
_SAMPLES = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32, "double": np.float32}


class Rows(Protocol):
    """Where rows come from."""

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop) as (rows, width, bands); each call begins where the last one ended."""
        ...


@dataclass(frozen=True)
class Source:
    """An opened picture, upright, gray or RGB, with or without alpha; samples uint8, uint16 or float32 in [0, 1].

    ``lossless``: the file kept its pixels exactly; ``compression``: a TIFF's; ``notes``: what the reader should know.
    """

    kind: Kind | None
    name: str
    width: int
    height: int
    bands: int
    dtype: np.dtype[Any]
    rows: Rows
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    lossless: bool = True
    compression: str = "deflate"

    @property
    def alpha(self) -> bool:
        """Whether the last band is alpha."""
        return self.bands in (2, 4)

    @property
    def colours(self) -> int:
        """Bands without alpha: 1 or 3."""
        return 1 if self.bands < 3 else 3

    @property
    def white(self) -> int:
        """The sample value of 1.0."""
        return 1 if self.dtype.kind == "f" else int(np.iinfo(self.dtype).max)

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop), (rows, width, bands) of ``dtype``; raises Damaged, or Unsupported for NaN."""
        rows = self.rows.read(start, stop)
        if self.dtype.kind == "f" and not (rows.min() >= 0 and rows.max() <= 1):
            low, high = np.nanmin(rows, initial=0.0), np.nanmax(rows, initial=0.0)
            what = "it holds NaN" if np.isnan(rows).any() else f"it reaches from {low:.4g} to {high:.4g}"
            raise Unsupported(f"{self.name}: samples of a float picture must lie in [0, 1]; {what}")
        return rows


@dataclass
class ArrayRows:
    """Rows of a picture that is in memory already."""

    array: Array

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop)."""
        return self.array[start:stop]


class VipsRows:
    """Rows of a pyvips image, all through one region: between evaluations libvips forgets the lines it holds.

    ``lenient`` opens the same image without minding warnings. It is used where the warning is that bytes lie between
    the last row of a JPEG and its end mark: many cameras leave some there.
    """

    def __init__(self, image: Any, name: str, lenient: Callable[[], Any]) -> None:
        import pyvips

        self._image, self._name, self._lenient = image, name, lenient
        self._region = pyvips.Region.new(image)

    def read(self, start: int, stop: int) -> Array:
        """Rows [start, stop); a fault of the file is Damaged."""
        import pyvips

        image = self._image
        try:
            try:
                data = self._region.fetch(0, start, image.width, stop - start)
            except pyvips.Error as error:
                if _HARMLESS not in str(error):
                    raise
                self._region = pyvips.Region.new(self._lenient())
                data = self._region.fetch(0, start, image.width, stop - start)
        except pyvips.Error as error:
            raise Damaged(f"{self._name}: damaged or cut short: {_detail(error)}") from error
        return np.frombuffer(data, _SAMPLES[image.format]).reshape(stop - start, image.width, image.bands)


def open_source(source: Path | bytes, *, max_pixels: int, max_memory: int) -> Source:
    """Open a picture; nothing but its header is decoded yet where the format allows.

    Raises an InputRejected: Unreadable, NotAPicture, Damaged, TooLarge (more than ``max_pixels``, or more than
    ``max_memory`` bytes for a format that must be decoded whole) or Unsupported.
    """
    kind = kind_of(source)
    limits = _Limits(label(source), max_pixels, max_memory)
    if kind == "heif":
        return _open_heif(source, limits)
    if kind == "bmp":
        return _open_bmp(source, limits)
    return _open_vips(source, kind, limits)


@dataclass(frozen=True)
class _Limits:
    name: str
    pixels: int
    memory: int

    def check(self, width: int, height: int, held: int = 0) -> None:
        """Refuse more pixels than allowed, or ``held`` bytes a pixel that must be in memory at once."""
        if width < 1 or height < 1:
            raise Damaged(f"{self.name}: a picture of {width}x{height} pixels")
        if width * height > self.pixels:
            raise TooLarge(f"{self.name}: {width}x{height} pixels, more than the limit of {self.pixels} (max_pixels)")
        if held * width * height > self.memory:
            need = held * width * height >> 20
            raise TooLarge(f"{self.name}: decoding it whole takes {need} MiB, more than max_memory allows")


def _open_vips(source: Path | bytes, kind: Kind, limits: _Limits) -> Source:
    import pyvips

    pyvips.cache_set_max(0)
    name = limits.name
    try:
        image = _load(source, kind, "sequential", _FAIL_ON[kind])
    except pyvips.Error as error:
        raise Damaged(f"{name}: not a sound {_NAMES[kind]}: {_detail(error)}") from error
    limits.check(image.width, image.height, _held(image, kind))
    notes = _pages(image, kind)
    metadata = Metadata.of(image)
    if kind == "tiff":
        metadata, more = _tiff_exif(source, metadata)
        notes += more
    access = "random" if image.get_typeof("orientation") and 2 < image.get("orientation") <= 8 else "sequential"

    def opened(fail_on: str) -> tuple[Any, Metadata, tuple[str, ...]]:
        return _to_rgb_or_gray(_load(source, kind, access, fail_on).autorot(), metadata, name)

    try:
        image, metadata, more = opened(_FAIL_ON[kind])
        rows = VipsRows(image, name, lambda: opened("error")[0])
    except pyvips.Error as error:
        raise Damaged(f"{name}: not a sound {_NAMES[kind]}: {_detail(error)}") from error
    metadata, unfit = metadata.fit_for(image.bands)
    metadata, senseless = _upright(metadata)
    return Source(
        kind=kind,
        name=name,
        width=image.width,
        height=image.height,
        bands=image.bands,
        dtype=np.dtype(_SAMPLES[image.format]),
        rows=rows,
        metadata=metadata,
        notes=(*notes, *more, *unfit, *senseless),
        lossless=_lossless(source, kind),
        compression=exif.tiff_compression(source) if kind == "tiff" else "deflate",
    )


def _load(source: Path | bytes, kind: Kind, access: str, fail_on: str) -> Any:
    """A pyvips image by the one loader that the content calls for, so that no other loader ever sees it."""
    import pyvips

    if isinstance(source, bytes):
        stream = pyvips.Source.new_from_memory(source)
    else:
        handle = open_file(source)
        try:
            stream = pyvips.Source.new_from_descriptor(handle)
        finally:
            os.close(handle)
    load = {
        "png": pyvips.Image.pngload_source,
        "jpeg": pyvips.Image.jpegload_source,
        "webp": pyvips.Image.webpload_source,
        "tiff": pyvips.Image.tiffload_source,
        "gif": pyvips.Image.gifload_source,
    }[kind]
    return load(stream, access=access, fail_on=fail_on)


def _held(image: Any, kind: Kind) -> int:
    """Bytes a pixel that the decoder keeps of the whole picture."""
    if kind in ("gif", "webp"):
        return 4
    if kind == "jpeg":
        return 2 * int(image.bands) if image.get_typeof("jpeg-multiscan") and image.get("jpeg-multiscan") else 0
    if kind == "png" and image.get_typeof("interlaced") and image.get("interlaced"):
        return int(image.bands) * (2 if image.format == "ushort" else 1)
    return 0


def _pages(image: Any, kind: Kind) -> tuple[str, ...]:
    count = image.get("n-pages") if image.get_typeof("n-pages") else 1
    if count < 2:
        return ()
    return (f"first of {count} pages" if kind == "tiff" else f"animation: first of {count} frames",)


def _to_rgb_or_gray(image: Any, metadata: Metadata, name: str) -> tuple[Any, Metadata, tuple[str, ...]]:
    """Convert CMYK and Lab to sRGB, leave gray and RGB as they are, refuse the rest."""
    notes: tuple[str, ...] = ()
    deep = image.format != "uchar"
    if image.interpretation == "cmyk":
        if metadata.profile:
            image = image.icc_transform("srgb", embedded=True, intent="relative", depth=16 if deep else 8)
        else:
            image = image.colourspace("rgb16" if deep else "srgb")
        metadata, notes = metadata.without("icc-profile-data"), ("CMYK converted to sRGB",)
    elif image.interpretation in ("lab", "labq", "labs"):
        image = image.colourspace("rgb16" if image.interpretation != "labq" else "srgb")
        metadata, notes = metadata.without("icc-profile-data"), ("CIELAB converted to sRGB",)
    if image.format not in _SAMPLES:
        raise Unsupported(f"{name}: samples of type {image.format}; relume takes 8 and 16 bit, and float in [0, 1]")
    if image.bands > 4:
        raise Unsupported(f"{name}: {image.bands} channels; relume takes gray and RGB, with or without alpha")
    return (image.cast("float") if image.format == "double" else image), metadata, notes


def _tiff_exif(source: Path | bytes, metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """TIFF keeps EXIF in directories of its own, which libvips does not read, and IPTC, which it reads wrongly."""
    try:
        blobs = dict(zip(("exif-data", "iptc-data"), exif.from_tiff(source), strict=True))
    except exif.BadDirectory as error:
        return metadata.without("iptc-data"), (f"EXIF and IPTC not kept: {error}",)
    metadata = metadata.without(*blobs)
    for name, blob in blobs.items():
        metadata = metadata.with_blob(name, blob) if blob else metadata
    return metadata, ()


def _upright(metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """With the orientation of its EXIF reset, since it has been applied; without an EXIF that makes no sense."""
    blob = bytes(metadata.fields.get("exif-data", b""))
    if not blob:
        return metadata, ()
    try:
        return metadata.without("exif-ifd0-Orientation").with_blob("exif-data", exif.upright(blob)), ()
    except exif.BadDirectory as error:
        bad = [name for name in metadata.fields if name.startswith("exif-")]
        return metadata.without(*bad), (f"EXIF not kept: {error}",)


def _lossless(source: Path | bytes, kind: Kind) -> bool:
    if kind != "webp":
        return kind != "jpeg"
    if isinstance(source, bytes):
        head = source[:64]
    else:
        with source.open("rb") as file:
            head = file.read(64)
    return b"VP8L" in head


def _read_all(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    handle = open_file(source)
    with os.fdopen(handle, "rb") as file:
        return file.read()


def _open_heif(source: Path | bytes, limits: _Limits) -> Source:
    import pi_heif

    name = limits.name
    try:
        container = pi_heif.open_heif(io.BytesIO(_read_all(source)), convert_hdr_to_8bit=False)
        image = container[container.primary_index]
        width, height = image.size
        limits.check(width, height, 8)
        array = np.asarray(image)
        info = image.info
    except (ValueError, RuntimeError, OSError, SyntaxError, EOFError, KeyError) as error:
        raise Damaged(f"{name}: not a sound HEIC: {_detail(error)}") from error
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3):
        raise Unsupported(f"{name}: HEIC samples of type {array.dtype}")
    array = array.reshape(height, width, -1)
    if array.dtype == np.uint16:
        array = array | (array >> int(info["bit_depth"]))  # left-aligned, as libheif gives it, has no full white
    blobs = {"icc-profile-data": info.get("icc_profile"), "exif-data": info.get("exif"), "xmp-data": info.get("xmp")}
    metadata = Metadata({key: bytes(value) for key, value in blobs.items() if value})
    metadata, unfit = metadata.fit_for(array.shape[2])
    metadata, senseless = _upright(metadata)
    notes = (f"first of {len(container)} images",) if len(container) > 1 else ()
    rows = ArrayRows(array)
    return Source(
        "heif",
        name,
        width,
        height,
        array.shape[2],
        array.dtype,
        rows,
        metadata,
        notes + unfit + senseless,
        lossless=False,
    )


def _open_bmp(source: Path | bytes, limits: _Limits) -> Source:
    from PIL import Image, UnidentifiedImageError

    name = limits.name
    try:
        with warnings.catch_warnings(), contextlib.closing(io.BytesIO(_read_all(source))) as stream:
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(stream, formats=["BMP"])
            limits.check(*image.size, 4)
            resolution = image.info.get("dpi", (25.4, 25.4))
            if image.mode == "P":
                image = image.convert("RGB")
            array = np.asarray(image.convert("L") if image.mode == "1" else image)
    except Image.DecompressionBombError as error:
        raise TooLarge(f"{name}: {_detail(error)}") from error
    except UnidentifiedImageError as error:
        raise NotAPicture(f"{name}: begins like a BMP and is none") from error
    except (ValueError, OSError, SyntaxError, EOFError, OverflowError, KeyError) as error:
        raise Damaged(f"{name}: not a sound BMP: {_detail(error)}") from error
    array = array.reshape(image.height, image.width, -1)
    metadata = Metadata(xres=resolution[0] / 25.4, yres=resolution[1] / 25.4)
    return Source("bmp", name, image.width, image.height, array.shape[2], array.dtype, ArrayRows(array), metadata)


def _detail(error: Exception) -> str:
    """The most telling line of a library's message, short and without line breaks."""
    lines = [" ".join(line.split()) for line in str(getattr(error, "detail", "") or error).splitlines()]
    lines = [line for line in lines if line and not line.startswith("unable to ")]
    return (lines[0] if lines and lines[0] != "Error" else "its content cannot be decoded")[:160]
