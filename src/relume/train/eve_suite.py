"""Everything an eavesdropper may try against one scheme, in one report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from relume.comm.attacks import bit_flips, distinguish, run_analytic
from relume.comm.schemes import Scheme
from relume.comm.secure import SecureLink
from relume.comm.transport import Framing, forge
from relume.signal import UsageError
from relume.train.eve import FULL, QUICK, Budget, cnn_attack

BUDGETS: dict[str, tuple[Budget, int, int, int, int]] = {
    "quick": (QUICK, 4_000, 20_000, 2_000, 64),
    "full": (FULL, 40_000, 4_000_000, 50_000, 8_000),
}
"""name -> (networks, training messages, test messages, distinguisher pairs, flipped messages of 4096 bits)."""
FLIPPED_LENGTH = 4096
PARTS = ("all", "analytic", "trained")


def run_suite(
    scheme: Scheme, key: bytes, budget: str, seed: int, report: Callable[[str], None], part: str = "all"
) -> dict[str, Any]:
    """Analytic attacks, a network trained from scratch, key and nonce flips, forgery, and a distinguisher.

    The answer is the JSON of ``relume link attack``. ``ber_worst_bit`` is the lowest error rate over bit positions,
    ``low`` and ``high`` its interval at 99.9 %, corrected for positions and attacks; ``outside`` counts the positions
    whose interval leaves 1/2 out. ``forgery`` is tried on sealed packets of secure schemes and on bare ones of the
    controls. ``part`` 'analytic' leaves the network, the flips and the forgery out; 'trained' leaves the analytic out.
    """
    if budget not in BUDGETS:
        raise UsageError(f"a budget is {' or '.join(BUDGETS)}, not '{budget}'")
    if part not in PARTS:
        raise UsageError(f"a part is {', '.join(PARTS)}, not '{part}'")
    networks, train, test, pairs, flipped = BUDGETS[budget]
    rng = np.random.default_rng(seed)
    verdicts = []
    if part in ("all", "analytic"):
        verdicts += run_analytic(scheme, train=train, test=test, rng=rng, report=report)
    if part in ("all", "trained"):
        verdicts.append(cnn_attack(scheme, networks, rng, report))
    flippable = isinstance(scheme, SecureLink) and scheme.layers.xor and scheme.layers.fresh
    if part in ("all", "trained") and isinstance(scheme, SecureLink) and flippable:
        report("key and nonce flips")
        verdicts += bit_flips(scheme, key, messages=flipped, length=FLIPPED_LENGTH, rng=rng)
    attacks = [asdict(verdict) for verdict in verdicts]
    if part != "analytic" and isinstance(scheme, SecureLink):
        protected = scheme.name.startswith("secure")
        accepted = forge(scheme, Framing(64, protected), tries=2000, rng=rng)
        attacks.append(
            {
                "name": "forgery",
                "knowledge": "a packet in clear, no key",
                "accepted": accepted,
                "tried": 2000,
                "aead": protected,
            }
        )
    report("distinguisher")
    return {
        "scheme": scheme.name,
        "budget": budget,
        "seed": seed,
        "attacks": attacks,
        "distinguisher": distinguish(scheme, pairs=pairs, rng=rng),
    }
