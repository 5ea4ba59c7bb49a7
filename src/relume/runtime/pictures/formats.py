"""What the image libraries of this installation can do, and which of them took part: for ``doctor`` and the record."""

from __future__ import annotations

import sys
from typing import Any

_LOADERS = {"png": "pngload", "jpg": "jpegload", "webp": "webpload", "tif": "tiffload", "gif": "gifload"}
_SAVERS = {"png": "pngsave", "jpg": "jpegsave", "webp": "webpsave", "tif": "tiffsave"}


def support() -> dict[str, Any]:
    """Formats ``read``, ``written`` and ``missing`` (which should be there), and the libraries' own versions."""
    import pi_heif
    import PIL
    import pyvips

    read = [kind for kind, name in _LOADERS.items() if pyvips.type_find("VipsOperation", f"{name}_source")]
    written = [kind for kind, name in _SAVERS.items() if pyvips.type_find("VipsOperation", f"{name}_target")]
    return {
        "read": [*read, "heic", "bmp"],
        "written": written,
        "missing": sorted({*_LOADERS} - {*read} | {*_SAVERS} - {*written}),
        "libvips": _libvips(pyvips),
        "libheif": pi_heif.libheif_version(),
        "pillow": PIL.__version__,
    }


def loaded() -> dict[str, str]:
    """The versions of the image libraries that this process has used so far."""
    found = {}
    if "pyvips" in sys.modules:
        found["libvips"] = _libvips(sys.modules["pyvips"])
    if "pi_heif" in sys.modules:
        found["libheif"] = str(sys.modules["pi_heif"].libheif_version())
    if "tifffile" in sys.modules:
        found["tifffile"] = str(sys.modules["tifffile"].__version__)
    return found


def _libvips(pyvips: Any) -> str:
    return ".".join(str(pyvips.version(part)) for part in range(3))
