"""What a link trained through a learned channel is worth: bit errors over the true channel, beside its references."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from relume.comm import theory
from relume.comm.amplifier import Saleh
from relume.comm.channels import Awgn, ebn0_to_n0, to_complex, to_pairs
from relume.comm.laboratory import Channel, find
from relume.comm.modem import Modem
from relume.nets.channel import ChannelModel
from relume.signal import ModelError
from relume.train.channel_gan import run_channel
from relume.train.link_through_channel import BITS, Link, LinkThroughChannel, train_link
from relume.train.loop import Run, load_checkpoint, load_weights

TARGET = 1e-2
BACKOFFS = (3.0, 4.0, 5.0, 6.0, 7.0)
PROTOCOL = (
    "uncoded, 4 bits a use, bit errors over the true channel, {bits} bits a point; Eb/N0 against the mean symbol "
    "energy (saleh: against the saturated output power), crossing of 1e-2 by linear interpolation of log10 BER"
)

Measure = Callable[[float], tuple[int, int]]


def experiment(
    recipe: LinkThroughChannel, bits: int, report: Callable[[str], None], run: Path | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train both links and measure all curves; (rows, summary). ``run``: a trained channel model's folder."""
    law = find(recipe.gan.channel)
    net = trained(recipe, run, report)
    digest = fingerprint(net)
    report("transmitter's gradient through the learned channel")
    learned = train_link(recipe, net, report)
    report("transmitter's gradient through the true channel")
    reference = train_link(recipe, None, report)

    rng = np.random.default_rng([recipe.seed, 99])
    curves: dict[str, Measure] = {
        "trained through the learned channel": lambda db: learned.ber(at(law, db), bits, rng),
        "trained through the true channel": lambda db: reference.ber(at(law, db), bits, rng),
    }
    if isinstance(law, Saleh):
        curves |= amplifier_references(law, bits, rng)
        axis = np.arange(7.0, 18.0)
    else:
        axis = np.arange(4.0, 12.0) if isinstance(law, Awgn) else np.arange(13.0, 21.0)
    rows, crossings = [], {}
    for name, measure in curves.items():
        rates = []
        for db in axis:
            errors, done = measure(float(db))
            rates.append(errors / done)
            rows.append({"link": name, "ebn0_db": float(db), "errors": errors, "bits": done, "ber": errors / done})
            if rates[-1] < TARGET / 3:
                break
        crossings[name] = theory.ebn0_at(axis[: len(rates)], np.array(rates), TARGET)
        report(f"{name}: BER 1e-2 at {crossings[name]:.2f} dB")
    return rows, {"weights_sha256": digest} | summary(law, crossings, learned)


def trained(recipe: LinkThroughChannel, run: Path | None, report: Callable[[str], None]) -> ChannelModel:
    """The channel model to train through: that of ``run``, or one trained now."""
    if run is None:
        with tempfile.TemporaryDirectory() as folder:
            return run_channel(recipe.gan, Run.of(recipe.gan, Path(folder), report=report))
    state = load_checkpoint(run / "checkpoint.pt")
    if state["recipe"]["net"] != dataclasses.asdict(recipe.gan.net):
        raise ModelError(f"{run}: a channel model of other sizes than the recipe's; train it anew")
    net = recipe.gan.net.build()
    load_weights(net, state["average"], str(run))
    return net


def fingerprint(net: ChannelModel) -> str:
    """sha256 over the weights of a model, in the order of their names."""
    digest = hashlib.sha256()
    for name, value in sorted(net.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


def at(law: Channel, ebn0_db: float) -> Channel:
    """The channel at another noise energy: 4 bits for each use."""
    return dataclasses.replace(law, n0=ebn0_to_n0(ebn0_db, BITS))


def amplifier_references(law: Saleh, bits: int, rng: np.random.Generator) -> dict[str, Measure]:
    """16QAM through the amplifier: with a linear equaliser, with the nearest of the 16 distorted points, and with the
    linear equaliser at whichever back-off suits it best (which is another mean power)."""
    modem = Modem(BITS)

    def send(db: float, backoff: float, nearest: bool) -> tuple[int, int]:
        channel = Saleh(ebn0_to_n0(db, BITS), backoff)
        sent = rng.integers(0, 2, bits // BITS * BITS, dtype=np.uint8)
        x = modem.modulate(sent)
        y = to_complex(channel.apply(x, channel.draw(x.shape, rng)).astype(np.float32))
        if nearest:
            labels = np.arange(16)[:, None] >> np.arange(BITS - 1, -1, -1) & 1
            points = to_complex(channel.amplify(modem.modulate(labels.reshape(-1).astype(np.uint8))))
            chosen = np.abs(y[:, None] - points).argmin(axis=1)
            return int((labels[chosen].reshape(-1) != sent).sum()), sent.size
        z = to_complex(x)
        weight = np.vdot(y, z) / np.vdot(y, y)  # the least mean squared error of one complex tap
        return int((modem.demap_hard(to_pairs(weight * y)) != sent).sum()), sent.size

    best: Measure = lambda db: min((send(db, b, False) for b in BACKOFFS), key=lambda pair: pair[0])  # noqa: E731
    return {
        "16QAM, linear equaliser": lambda db: send(db, law.backoff_db, False),
        "16QAM, nearest distorted point": lambda db: send(db, law.backoff_db, True),
        "16QAM, linear equaliser, best back-off": best,
    }


def summary(law: Channel, crossings: dict[str, float], learned: Link) -> dict[str, Any]:
    """The outcome: Eb/N0 at BER 1e-2 in dB, their differences, and the constellation found."""
    own, reference = crossings["trained through the learned channel"], crossings["trained through the true channel"]
    found: dict[str, Any] = {f"ebn0_db at 1e-2, {name}": round(value, 3) for name, value in crossings.items()}
    found["loss_to_true_channel_db"] = round(own - reference, 3)
    with torch.no_grad():
        points = learned.sender.points().numpy()
    if isinstance(law, Saleh):
        found["gain_over_16qam_db"] = round(crossings["16QAM, linear equaliser"] - own, 3)
        powers = [float(np.square(law.amplify(p)).sum(1).mean()) for p in (points, Modem(BITS).modulate(_all()))]
        found["output_power, learned and 16QAM"] = [round(power, 4) for power in powers]
    else:
        name = "awgn" if isinstance(law, Awgn) else "rayleigh"
        axis = np.arange(0.0, 40.0, 0.05)
        exact = theory.ebn0_at(axis, np.array([theory.ber("16qam", name, db) for db in axis]), TARGET)
        found["ebn0_db at 1e-2, Gray 16QAM in theory"] = round(exact, 3)
    found["constellation"] = [[round(float(v), 4) for v in point] for point in points]
    return found


def _all() -> np.ndarray:
    return (np.arange(16)[:, None] >> np.arange(BITS - 1, -1, -1) & 1).reshape(-1).astype(np.uint8)
