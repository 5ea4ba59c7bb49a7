"""The last validation that a training logged, as a model card keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STEPPED = {
    *("step", "seconds", "loss", "gradient_norm", "critic", "adversarial", "real", "fake"),
    *("pixel", "perceptual", "features", "lpips", "vgg", "delta_e94", "rough"),
}
"""What a step logs, whatever is trained; the rest of a line is a validation's."""

RESTORATION = "held-out training pictures, their middles up to 256 pixels a side, damage and noise by fixed seeds"


def last_scores(checkpoint: Path, protocol: str) -> dict[str, Any]:
    """The last validation in the ``log.jsonl`` beside ``checkpoint``, its step and ``protocol``; empty if none."""
    log = checkpoint.parent / "log.jsonl"
    if not log.is_file():
        return {}
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    scored = [line for line in lines if set(line) - STEPPED]
    if not scored:
        return {}
    last = {key: value for key, value in scored[-1].items() if key == "step" or key not in STEPPED}
    return {"protocol": protocol, "held-out training pictures": last}
