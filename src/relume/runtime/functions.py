"""Small networks as plain functions of several inputs, in float32, by the engine: metrics, not pictures."""

from __future__ import annotations

from pathlib import Path

from relume.runtime.engine import _core, _settings
from relume.signal import Array, ModelError


class Function:
    """The ONNX file at ``path`` as a function of its ``inputs`` in order, to its first output; float32 arrays."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelError(f"{path}: no such network")
        try:
            model = _core().read_model(str(path))
            self.inputs = tuple(value.get_any_name() for value in model.inputs)
            self._request = _core().compile_model(model, "CPU", _settings("f32", None)).create_infer_request()
        except RuntimeError as error:
            raise ModelError(f"{path}: not a network that OpenVINO can load") from error
        self._path = path

    def __call__(self, *values: Array) -> Array:
        try:
            found: Array = self._request.infer(list(values), share_inputs=True)[0]
        except RuntimeError as error:
            shapes = ", ".join(str(value.shape) for value in values)
            raise ModelError(f"{self._path}: OpenVINO failed on {shapes}") from error
        return found
