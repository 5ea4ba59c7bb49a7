"""How fast a processor is at the networks' convolutions, by precision; OpenVINO is handed in (``runtime.engine``)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from relume.runtime.graph import in_eight_bits
from relume.signal import Array


def convolution_rates(
    ov: ModuleType, built: Callable[[Any, str], Any], *, has_bf16: bool, seconds: float
) -> dict[str, float]:
    """GFLOP/s by precision of a few residual units as the networks have them, the best of interleaved runs.

    ``ov``: OpenVINO; ``built``: what compiles a model of it in f32 or bf16. Measured for ``seconds`` a precision,
    without int8 where it adds up wrongly. By processor time, so that what else the machine is doing does not decide
    which precision is used from then on.
    """
    side, channels, units = 128, 64, 3
    settings = {"f32": "f32", "int8": "f32"} | ({"bf16": "bf16"} if has_bf16 else {})
    graphs = {p: built(_units(ov, channels, units, p == "int8"), s) for p, s in settings.items()}
    data = np.ones((1, side, side, channels), np.float32)
    runs = {p: graph.create_infer_request() for p, graph in graphs.items()}
    if not _exact(runs["f32"].infer([data])[0], runs["int8"].infer([data])[0]):
        del runs["int8"]
    threads = {p: graph.get_property("INFERENCE_NUM_THREADS") for p, graph in graphs.items()}
    best = dict.fromkeys(runs, float("inf"))
    started = time.perf_counter()
    for _ in _at_least_thrice(started, seconds * len(runs)):
        for precision, request in runs.items():
            once = partial(request.infer, [data], share_inputs=True, share_outputs=True)
            best[precision] = min(best[precision], _share(once, threads[precision]))
    flops = 2 * 2 * units * 9 * channels * channels * side * side
    return {precision: flops / lowest / 1e9 for precision, lowest in best.items()}


def _share(work: Callable[[], object], threads: int) -> float:
    """Seconds of processor time that ``work`` takes of each of its ``threads``; waiting does not count.

    On Windows, which counts them in sixtieths of a second, the seconds until it is done.
    """
    clock, shares = (time.perf_counter, 1) if sys.platform == "win32" else (time.process_time, threads)
    before = clock()
    work()
    return (clock() - before) / shares


def _units(ov: ModuleType, channels: int, units: int, eight_bits: bool) -> Any:
    """``units`` times ``x + conv(relu(conv(x)))``, each of which doubles a picture of ones but for its border."""
    op = ov.opset13
    picture = op.parameter([1, -1, -1, channels])
    x: Any = op.transpose(picture, np.array([0, 3, 1, 2]))
    reaches = {}
    for unit in range(units):
        y = x
        for layer in ("first", "second"):
            name = f"{unit}.{layer}"
            weights = op.constant(np.full((channels, channels, 3, 3), 1 / (9 * channels), np.float32))
            weights.set_friendly_name(name)
            y = op.convolution(y if layer == "first" else op.relu(y), weights, [1, 1], [1, 1], [1, 1], [1, 1])
            reaches[name] = [2.0**unit * (2 if layer == "first" else 1)] * channels
        x = op.add(x, y)
    model = ov.Model([op.result(x)], [picture], "probe")
    if eight_bits:
        in_eight_bits(ov, model, reaches)
    return model


def _exact(right: Array, found: Array) -> bool:
    """Whether whole numbers added up as they should: sums of pairs can overflow on processors without VNNI."""
    return bool(np.abs(right - found).max() < 0.02 * right.max())


def _at_least_thrice(started: float, seconds: float) -> Iterator[None]:
    rounds = 0
    while rounds < 3 or time.perf_counter() - started < seconds:
        yield
        rounds += 1
