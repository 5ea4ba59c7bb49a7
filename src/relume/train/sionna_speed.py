"""Sionna beside the instrument: whether both mean the same by a symbol and an LLR, and how fast each simulates.

Sionna (Hoydis et al. 2022) is no dependency and is not read from: ``pip install sionna-no-rt`` brings it, over torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from relume.comm.modem import Modem
from relume.signal import UsageError

N0 = 0.1
CHUNKS = (1 << 12, 1 << 14, 1 << 16)
PROTOCOL = (
    "16QAM over AWGN at Es/N0 10 dB: bits, modulation, noise, soft demapping, error count; one thread, processor time; "
    "both in turn, the median of the rounds; Sionna eager on the CPU in inference mode, at the fastest of its chunks "
    "of 4096, 16384 and 65536 symbols; symbol_gap and llr_gap: the largest differences on the same bits and samples"
)


def beside_sionna(
    ours: Callable[[bool], float], *, seconds: float = 2.0, rounds: int = 5, seed: int = 1
) -> list[dict[str, Any]]:
    """Both demappers of both: Mbit/s of each, their ratio, and how far symbols and LLRs differ; a row for each kind.

    ``ours``: whether the demapper is max-log to our bits a second.
    """
    try:
        import sionna
        from sionna.phy.channel import AWGN
        from sionna.phy.mapping import BinarySource, Demapper, Mapper
    except ImportError as error:
        raise UsageError("Sionna is not installed: pip install sionna-no-rt") from error
    torch.set_num_threads(1)
    source, mapper, noise = BinarySource(seed=seed), Mapper("qam", 4), AWGN()

    def speed(demapper: Any, symbols: int) -> float:
        began, bits, errors = time.process_time(), 0, 0
        while (spent := time.process_time() - began) < seconds:
            sent = source([1, 4 * symbols])
            llr = demapper(noise(mapper(sent), N0), N0)
            errors += int(((llr > 0) != (sent > 0.5)).sum())
            bits += 4 * symbols
        if not errors:
            raise UsageError("Sionna's run saw no errors: it measured nothing")
        return bits / spent

    rows = []
    with torch.inference_mode():
        for kind, method in (("exact LLR", "app"), ("max-log", "maxlog")):
            demapper, max_log = Demapper(method, "qam", 4), method == "maxlog"
            gaps = differences(source, mapper, noise, demapper, max_log=max_log)
            best = max(CHUNKS, key=lambda symbols: speed(demapper, symbols))
            pairs = [(ours(max_log), speed(demapper, best)) for _ in range(rounds)]
            here, there = (float(np.median(side)) / 1e6 for side in zip(*pairs, strict=True))
            rows.append(
                {
                    "demapper": kind,
                    "mbit_s": here,
                    "sionna_mbit_s": there,
                    "ratio": here / there,
                    "sionna_chunk": best,
                    "sionna": sionna.__version__,
                    **gaps,
                }
            )
    return rows


def differences(source: Any, mapper: Any, noise: Any, demapper: Any, *, max_log: bool) -> dict[str, float]:
    """The largest gaps of symbols and of LLRs on the same bits and samples; Sionna's LLRs are log P(1)/P(0)."""
    sent = source([1, 4 << 14])
    symbols = mapper(sent)
    received = noise(symbols, N0)
    device = Modem(4)
    ours = device.modulate(sent.numpy()[0].astype(np.uint8))
    samples = torch.view_as_real(received)[0].numpy()
    llr = (device.demap_max_log if max_log else device.demap_soft)(samples, N0)
    return {
        "symbol_gap": float(np.abs(ours - torch.view_as_real(symbols)[0].numpy()).max()),
        "llr_gap": float(np.abs(llr + demapper(received, N0)[0].numpy()).max()),
    }
