"""The only file that imports an inference engine: OpenVINO on the processor, ONNX Runtime where it is preferred.

With OpenVINO a network is compiled as two graphs of free size (see :mod:`relume.runtime.graph`), the first in the
precision chosen and the second in float32, and kept in the user's cache. int8 is for networks whose card says how
(``eight_bits``); what lies between their convolutions is then in float32, so that int8 means the same numbers wherever
it is computed.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import platform
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol

import numpy as np

from relume.runtime import cache
from relume.runtime.graph import footprint, in_eight_bits, split
from relume.runtime.rates import convolution_rates
from relume.signal import Array, ModelError, UsageError

Precision = Literal["int8", "bf16", "f32"]
Choice = Literal["auto", "int8", "bf16", "f32"]
Reaches = tuple[tuple[str, tuple[float, ...]], ...]
GRAPH_VERSION = 7
"""Raise it when the graphs built here change: compiled ones in users' caches are then made anew."""
FINER_FIRST: tuple[Precision, ...] = ("f32", "bf16", "int8")
WORTH = 1.2
"""How many times as fast as a finer one a coarser precision must have measured to be taken."""


class Network(Protocol):
    """A loaded network with one output. ``footprint``: bytes it holds at once for each pixel of its input."""

    engine: str
    precision: str
    footprint: int

    def __call__(self, *inputs: Array) -> Array:
        """Inputs (h, w, c) float32 in the file's order to (s h, s w, c'), not clipped; ModelError if that fails."""
        ...


def load(
    path: Path,
    sha256: str,
    output: str,
    engine: str,
    precision: Choice,
    threads: int | None,
    eight_bits: Mapping[str, Sequence[float]] | None = None,
) -> Network:
    """The network at ``path`` cut down to ``output``, compiled once in a process (the last eight are kept).

    ``engine``: 'auto' (OpenVINO), 'openvino' or 'onnxruntime'; ``precision``: 'auto' is the fastest measured on this
    processor, int8 only where the card's ``eight_bits`` is given. Raises ModelError if the file cannot be loaded,
    UsageError if the engine is not there or the network cannot be computed so.
    """
    if engine == "onnxruntime":
        return _onnxruntime(path, sha256, output, threads)
    chosen: Precision = precision if precision != "auto" else fastest_precision(bool(eight_bits))
    if chosen == "int8" and not eight_bits:
        raise UsageError(f"{path.stem} is not measured for int8: choose the precision auto, bf16 or f32")
    reaches = tuple((k, tuple(v)) for k, v in sorted((eight_bits or {}).items())) if chosen == "int8" else ()
    return _openvino(path, sha256, output, chosen, threads, reaches)


def shapes(path: Path, side: int) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor in the network at ``path`` by its name, for one input of ``side`` where that is free.

    Raises ModelError if the file cannot be loaded.
    """
    try:
        model = _core().read_model(str(path))
        free = {
            own.output(0): [d.get_length() if d.is_static else 1 if i == 0 else side for i, d in enumerate(sizes)]
            for own in model.get_parameters()
            for sizes in [own.get_partial_shape()]
        }
        model.reshape(free)
    except RuntimeError as error:
        raise ModelError(f"{path}: OpenVINO cannot load it: {_one_line(error)}") from error
    return {
        name: tuple(output.get_shape())
        for node in model.get_ops()
        for output in node.outputs()
        if output.get_partial_shape().is_static
        for name in output.get_names()
    }


@lru_cache(maxsize=8)
def load_sequence(path: Path, sha256: str) -> Callable[[Array], Array]:
    """The network of one input and one output at ``path``, for sequences: (N, C, 1, W) to (N, C', 1, W') float32.

    OpenVINO in float32, whatever the processor would prefer; ``sha256`` names the file's content in the cache of this
    process. Raises ModelError if the file cannot be loaded or the engine fails.
    """
    try:
        compiled = _core().compile_model(str(path), "CPU", _settings("f32", None))
    except RuntimeError as error:
        raise ModelError(f"{path}: OpenVINO cannot load it: {_one_line(error)}") from error
    request, lock = compiled.create_infer_request(), threading.Lock()

    def run(x: Array) -> Array:
        try:
            with lock:
                out: Array = request.infer([np.ascontiguousarray(x, dtype=np.float32)], share_outputs=False)[0]
        except RuntimeError as error:
            raise ModelError(f"{path}: OpenVINO failed on {x.shape}: {_one_line(error)}") from error
        return out

    return run


@lru_cache(maxsize=1)
def _ov() -> ModuleType:
    """OpenVINO without its model converter, which would import (and call) a telemetry package."""
    blocked = "openvino.tools.ovc"
    if "openvino" not in sys.modules and blocked not in sys.modules:
        sys.modules[blocked] = None  # type: ignore[assignment]
        try:
            return importlib.import_module("openvino")
        finally:
            del sys.modules[blocked]
    return importlib.import_module("openvino")


@lru_cache(maxsize=1)
def _core() -> Any:
    return _ov().Core()


def _settings(precision: str, threads: int | None) -> dict[str, Any]:
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
    return settings if threads is None else settings | {"INFERENCE_NUM_THREADS": threads}


@lru_cache(maxsize=8)
def _openvino(
    path: Path, sha256: str, output: str, precision: Precision, threads: int | None, reaches: Reaches
) -> Network:
    return _OpenVino(path, sha256, output, precision, threads, reaches)


class _OpenVino:
    engine = "openvino"

    def __init__(
        self, path: Path, sha256: str, output: str, precision: Precision, threads: int | None, reaches: Reaches
    ) -> None:
        self.precision: str = precision
        self._lock = threading.Lock()
        core = _core()
        name = "graph-" + cache.key(GRAPH_VERSION, _ov().__version__, processor(), sha256, output, precision, threads)
        settings = (_settings("f32" if precision == "int8" else precision, threads), _settings("f32", threads))
        stored = _unpack(cache.get(name))
        compiled = None
        if stored is not None:
            with contextlib.suppress(RuntimeError):
                compiled = [
                    core.import_model(io.BytesIO(g), "CPU", s) for g, s in zip(stored[1], settings, strict=True)
                ]
                self.footprint = stored[0]
        if compiled is None:
            try:
                model = core.read_model(str(path))
                self.footprint = footprint(model, output)
                in_eight_bits(_ov(), model, dict(reaches))
                graphs = split(_ov(), model, output)
                compiled = [core.compile_model(g, "CPU", s) for g, s in zip(graphs, settings, strict=True)]
            except RuntimeError as error:
                raise ModelError(f"{path}: OpenVINO cannot load it: {_one_line(error)}") from error
            cache.put(name, _pack(self.footprint, [_exported(graph) for graph in compiled]))
        self._body, self._tail = (graph.create_infer_request() for graph in compiled)

    def __call__(self, *inputs: Array) -> Array:
        values = [np.ascontiguousarray(x, dtype=np.float32)[None] for x in inputs]
        try:
            with self._lock:
                features = self._body.infer(values, share_inputs=True, share_outputs=True)
                inner = [features[index] for index in range(len(features))]
                out = self._tail.infer([*values, *inner], share_inputs=True, share_outputs=False)
        except RuntimeError as error:
            size = "x".join(map(str, inputs[0].shape[:2]))
            raise ModelError(f"OpenVINO failed on a tile of {size}: {_one_line(error)}") from error
        picture: Array = out[0][0]
        if picture.ndim == 4:  # rows of cells: (h, s, w, s c)
            height, scale, width, _ = picture.shape
            picture = picture.reshape(height * scale, width * scale, -1)
        return picture


def _exported(graph: Any) -> bytes:
    stream = io.BytesIO()
    graph.export_model(stream)
    return stream.getvalue()


def _pack(footprint: int, graphs: list[bytes]) -> bytes:
    head = json.dumps([footprint, *map(len, graphs)]).encode()
    return head + b"\n" + b"".join(graphs)


def _unpack(data: bytes | None) -> tuple[int, list[bytes]] | None:
    if data is None:
        return None
    head, _, rest = data.partition(b"\n")
    footprint, *sizes = json.loads(head)
    return footprint, [rest[a:b] for a, b in pairwise(accumulate(sizes, initial=0))]


@lru_cache(maxsize=8)
def _onnxruntime(path: Path, sha256: str, output: str, threads: int | None) -> Network:
    return _OnnxRuntime(path, output, threads)


class _OnnxRuntime:
    precision = "f32"

    def __init__(self, path: Path, output: str, threads: int | None) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise UsageError("the engine onnxruntime is not installed: pip install onnxruntime") from error
        available = onnxruntime.get_available_providers()
        providers = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider") if p in available]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        self._path_only = onnxruntime.RunOptions()
        self._path_only.only_execute_path_to_fetches = True
        self._output = output
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
            self.footprint = footprint(_core().read_model(str(path)), output)
        except Exception as error:  # the engine's own kinds share no base but Exception
            raise ModelError(f"{path}: ONNX Runtime cannot load it: {_one_line(error)}") from error
        self._inputs = [value.name for value in self._session.get_inputs()]
        used = self._session.get_providers()[0].removesuffix("ExecutionProvider").lower()
        self.engine = "onnxruntime" if used == "cpu" else f"onnxruntime-{used}"

    def __call__(self, *inputs: Array) -> Array:
        planes = [np.ascontiguousarray(x.transpose(2, 0, 1)[None], dtype=np.float32) for x in inputs]
        try:
            feed = dict(zip(self._inputs, planes, strict=True))
            out: Array = self._session.run([self._output], feed, self._path_only)[0]
        except Exception as error:  # as above
            size = "x".join(map(str, inputs[0].shape[:2]))
            raise ModelError(f"ONNX Runtime failed on a tile of {size}: {_one_line(error)}") from error
        return np.ascontiguousarray(out[0].transpose(1, 2, 0))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _threads() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """What the engine knows of the processor: its name, kind and threads, and the arithmetics it has."""
    capabilities = " ".join(sorted(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")))
    return f"{_core().get_property('CPU', 'FULL_DEVICE_NAME')} {platform.machine()} {_threads()} {capabilities}"


def fastest_precision(eight_bits: bool = False) -> Precision:
    """The precision for this processor: a coarser one where it measured at least 1.2 times as fast as the finer ones.

    Measured once and cached. int8 only for networks with ``eight_bits``, and where it computes without an error.
    """
    rates = _measured()
    best: Precision = "f32"
    for coarser in FINER_FIRST[1:] if eight_bits else FINER_FIRST[1:2]:
        if rates.get(coarser, 0) >= WORTH * rates[best]:
            best = coarser
    return best


def gigaflops(precision: str) -> float:
    """Convolution GFLOP/s of this machine in ``precision``, were it doing nothing else."""
    rates = _measured()
    return rates.get(precision, rates["f32"])


@lru_cache(maxsize=1)
def _measured() -> dict[str, float]:
    """Convolution GFLOP/s by precision, measured once (in a fraction of a second) and cached."""
    name = "undisturbed-rates-" + cache.key(GRAPH_VERSION, _ov().__version__, processor())
    rates = cache.get_json(name)
    if rates is None or "f32" not in rates:
        rates = _rates(seconds=0.05)
        cache.put_json(name, rates)
    return dict(rates)


def _rates(seconds: float) -> dict[str, float]:
    def built(model: Any, precision: str) -> Any:
        return _core().compile_model(model, "CPU", _settings(precision, None))

    has_bf16 = "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return convolution_rates(_ov(), built, has_bf16=has_bf16, seconds=seconds)


def probe() -> dict[str, Any]:
    """What ``relume doctor`` shows: engines and versions, processor, convolution GFLOP/s by precision, the choice."""
    rates = _rates(seconds=0.5)
    try:
        import onnxruntime

        runtime: dict[str, Any] | None = {
            "version": onnxruntime.__version__,
            "providers": list(onnxruntime.get_available_providers()),
        }
    except ImportError:
        runtime = None
    return {
        "processor": _core().get_property("CPU", "FULL_DEVICE_NAME").strip(),
        "threads": _threads(),
        "capabilities": sorted(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "openvino": _ov().__version__,
        "onnxruntime": runtime,
        "convolution_gflops": {precision: round(rate, 1) for precision, rate in rates.items()},
        "precision": fastest_precision(),
        "precision_eight_bits": fastest_precision(eight_bits=True),
        "cache": str(cache.folder()),
    }
