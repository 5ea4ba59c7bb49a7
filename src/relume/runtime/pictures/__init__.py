"""Pictures in and out: the only package that imports the image libraries (libvips, libheif, tifffile, Pillow)."""

from relume.runtime.pictures.kinds import output_suffix, written_kind
from relume.runtime.pictures.metadata import SOURCE_TYPE, Metadata
from relume.runtime.pictures.sink import Sink, Target, check_target, open_sink, written_dtype
from relume.runtime.pictures.source import ArrayRows, Source, open_source

__all__ = [
    "SOURCE_TYPE",
    "ArrayRows",
    "Metadata",
    "Sink",
    "Source",
    "Target",
    "check_target",
    "open_sink",
    "open_source",
    "output_suffix",
    "written_dtype",
    "written_kind",
]
