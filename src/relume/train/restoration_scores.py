"""The last validation that a training logged, as a model card keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOGGED = ("step", "seconds", "loss", "gradient_norm")
PROTOCOL = "held-out training pictures, their middles up to 256 pixels a side, damage and noise by fixed seeds"


def last_scores(log: Path) -> dict[str, Any]:
    """The scores of the last validation in ``log.jsonl``, the step they are of, and the protocol; empty if none."""
    if not log.is_file():
        return {}
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    scored = [line for line in lines if set(line) - set(LOGGED)]
    if not scored:
        return {}
    last = {key: value for key, value in scored[-1].items() if key == "step" or key not in LOGGED}
    return {"protocol": PROTOCOL, "held-out training pictures": last}
