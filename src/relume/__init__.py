"""relume: recover what a channel has damaged.

    import relume
    larger = relume.restore(picture, task="upscale", scale=4)

The names below are loaded when they are first used: ``import relume`` alone imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relume.runtime.options import Options, Progress, Result
    from relume.runtime.restore import estimate, restore, restore_bytes, restore_file
    from relume.signal import InputRejected, ModelError, OutputRefused, RelumeError, UsageError

__version__ = "0.1.0"

_HOMES = {
    "Options": "relume.runtime.options",
    "Progress": "relume.runtime.options",
    "Result": "relume.runtime.options",
    "estimate": "relume.runtime.restore",
    "restore": "relume.runtime.restore",
    "restore_bytes": "relume.runtime.restore",
    "restore_file": "relume.runtime.restore",
    "InputRejected": "relume.signal",
    "ModelError": "relume.signal",
    "OutputRefused": "relume.signal",
    "RelumeError": "relume.signal",
    "UsageError": "relume.signal",
}

__all__ = [
    "InputRejected",
    "ModelError",
    "Options",
    "OutputRefused",
    "Progress",
    "RelumeError",
    "Result",
    "UsageError",
    "__version__",
    "estimate",
    "restore",
    "restore_bytes",
    "restore_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'relume' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
