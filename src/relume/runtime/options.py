"""What a restoration is asked for, and what it reports: plain values, shared by all of the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from relume.runtime.colour_options import ColourOptions
from relume.runtime.photo_options import PhotoOptions
from relume.signal import UsageError

EngineName = Literal["auto", "openvino", "onnxruntime"]
PrecisionName = Literal["auto", "int8", "bf16", "f32"]

DEFAULT_MEMORY = 1 << 30
DEFAULT_PIXELS = 1 << 29
LEAST_MEMORY = 64 << 20
KEEPING = ("repair", "denoise", "depixelate", "colorize")
"""The tasks that keep the size."""

_DIALS = {
    "strength": ("repair", "denoise", "depixelate", "colorize", "photo"),
    "mask": ("repair", "photo", "relic"),
    "sigma": ("denoise", "photo"),
    "block": ("depixelate", "photo"),
    "hints": ("colorize", "photo"),
    "colour": ("photo",),
}
"""field of PhotoOptions -> the tasks that have this dial"""


@dataclass(frozen=True)
class Options:
    """How to restore.

    ``model``: a shipped name or the path of an .onnx of ours, None for the task's own choice. ``max_memory``: bytes
    that the whole process should stay within (default 1 GiB). ``max_pixels``: the largest input that is opened, in
    pixels (default 2^29). ``consistent``: back-project until the result, degraded again, agrees with the input.
    ``self_ensemble``: the mean of eight looks at the picture, flipped and turned (task upscale; eight times the time).
    ``realism``: from 0 (faithful, only estimates) to 1 (rich, may invent texture), by the tasks upscale and relic.
    ``scale``: None for the task's own (4 for upscale, else 1). ``photo``: the dials of the tasks for photographs.
    ``report``: where to write a heat map (PNG) of the disagreement. ``mask_out``: where to write the mask of what was
    filled. ``relic``: how the task relic restores colour; ``lut_out``: where to write its change of colour (.cube).
    ``strip``: drop all metadata but the ICC profile.
    """

    task: str = "upscale"
    scale: int = None  # type: ignore[assignment]  # settled below
    model: str | None = None
    engine: EngineName = "auto"
    precision: PrecisionName = "auto"
    max_memory: int | None = None
    max_pixels: int | None = None
    consistent: bool = False
    self_ensemble: bool = False
    report: Path | None = None
    strip: bool = False
    threads: int | None = None
    realism: float = 0.0
    photo: PhotoOptions = field(default_factory=PhotoOptions)
    mask_out: Path | None = None
    relic: ColourOptions = field(default_factory=ColourOptions)
    lut_out: Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.photo, Mapping):  # as a record has it
            object.__setattr__(self, "photo", PhotoOptions.of(self.photo))
        if isinstance(self.relic, Mapping):
            object.__setattr__(self, "relic", ColourOptions.of(self.relic))
        if self.scale is None:
            object.__setattr__(self, "scale", 4 if self.task == "upscale" else 1)
        if self.scale != 1 and self.task in KEEPING:
            raise UsageError(f"the task {self.task} keeps the size: leave --scale out, or use photo or upscale")
        if self.scale < 1:
            raise UsageError(f"scale must be at least 1, not {self.scale}")
        if self.engine not in get_args(EngineName):
            raise UsageError(f"engine must be one of {', '.join(get_args(EngineName))}, not '{self.engine}'")
        if self.precision not in get_args(PrecisionName):
            raise UsageError(f"precision must be one of {', '.join(get_args(PrecisionName))}, not '{self.precision}'")
        if self.engine == "onnxruntime" and self.precision not in ("auto", "f32"):
            raise UsageError(f"ONNX Runtime computes in f32 here; for {self.precision} choose the engine openvino")
        if self.max_memory is not None and self.max_memory < LEAST_MEMORY:
            raise UsageError(f"max_memory must be at least {LEAST_MEMORY >> 20} MiB, not {self.max_memory} bytes")
        if self.max_pixels is not None and self.max_pixels < 1:
            raise UsageError(f"max_pixels must be at least 1, not {self.max_pixels}")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads must be at least 1, not {self.threads}")

        if not 0 <= self.realism <= 1:
            raise UsageError(f"realism must be between 0 (faithful) and 1 (rich), not {self.realism}")
        if self.realism and self.task not in ("upscale", "relic"):
            raise UsageError(f"realism is a dial of the tasks upscale and relic, not of {self.task}")
        if self.self_ensemble and self.task != "upscale":
            raise UsageError(f"the self-ensemble is for the task upscale, not for {self.task}")
        if self.task == "relic" and not self.relic.fill and (self.photo.mask is not None or self.mask_out is not None):
            raise UsageError("a relic's losses are filled, and a mask taken or given, where --fill asks for it")
        if self.task != "relic" and (self.relic != ColourOptions() or self.lut_out is not None):
            raise UsageError(f"a change of colour is a matter of the task relic, not of {self.task}")

        self._check_dials()

    def _check_dials(self) -> None:
        given = {name: getattr(self.photo, name) for name in _DIALS} | {"mask_out": self.mask_out}
        for name, tasks in (_DIALS | {"mask_out": ("repair", "photo", "relic")}).items():
            if given[name] not in (None, (), False) and self.task not in tasks:
                raise UsageError(f"{name.replace('_', '-')} is a dial of {', '.join(tasks)}, not of {self.task}")

    @property
    def memory(self) -> int:
        """``max_memory`` or its default, bytes."""
        return DEFAULT_MEMORY if self.max_memory is None else self.max_memory

    @property
    def pixels(self) -> int:
        """``max_pixels`` or its default."""
        return DEFAULT_PIXELS if self.max_pixels is None else self.max_pixels


@dataclass(frozen=True)
class Progress:
    """How far one picture is: tiles done of tiles in all, and the seconds since its first tile began."""

    done: int
    total: int
    seconds: float


@dataclass(frozen=True)
class Decision:
    """One step of a task: whether it was taken (``done``), why, and the figures that decided it.

    ``option``: the option of the command line that would have it otherwise.
    """

    step: str
    done: bool
    reason: str
    values: dict[str, Any] = field(default_factory=dict)
    option: str = ""


@dataclass(frozen=True)
class Result:
    """What was made: the output's size, bands and bits a sample, how, how long it took and how well it agrees.

    ``consistency_db``: PSNR over all channels of the input against the result degraded again, 120 at most.
    ``parameters``: all that is needed to make the same output again from the same input. ``realism``: the dial's
    setting and the name and sha256 of the models at both its ends, None where it is at 0. ``model`` is the one that
    shaped the result most, ``models`` all that took part, name to sha256. ``decisions``: what was decided, and why.
    """

    width: int
    height: int
    bands: int
    depth: int
    pixels_out: int
    seconds: float
    network_seconds: float
    task: str
    scale: int
    model: str
    model_sha256: str | None
    engine: str
    precision: str
    tile: tuple[int, int]
    consistency_db: float | None
    source_sha256: str
    output_sha256: str
    digital_source_type: str
    notes: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    realism: dict[str, Any] | None = None
    models: dict[str, str | None] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """What a restoration would give and cost: output size, seconds, bytes of memory and of disk."""

    width: int
    height: int
    pixels_out: int
    seconds: float
    memory: int
    disk: int
