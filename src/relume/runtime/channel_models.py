"""A learned channel in the place of a real one: symbols in, received values out, in float32 and without torch.

A model is one or two ONNX files: ``channel-MODEL-CHANNEL.onnx`` (the emission) and, where the model draws gains,
``channel-MODEL-CHANNEL-fading.onnx``, each with its card. All randomness is drawn by NumPy from the seed, one number
for each use and latent, so that the output does not depend on how the work is cut into pieces.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from relume.card import ModelCard
from relume.comm.laboratory import find, gain_of
from relume.runtime.functions import Function
from relume.runtime.zoo import WEIGHTS, read_card
from relume.signal import Array, InputRejected, ModelError, UsageError

KINDS = ("gan", "cgan", "dcgan")
NOISE = 4
PIECE = 1 << 15


@dataclass(frozen=True)
class Received:
    """What arrived, (n, 2) float32, and the gains (n, 2) it arrived with, None where there are none to know."""

    y: Array
    gain: Array | None


@dataclass(frozen=True)
class ChannelModelFile:
    """A learned channel, loaded; ``block``: successive uses that share a gain; ``sha256``: of each file by its name."""

    card: ModelCard
    emission: Function
    fading: Function | None
    fading_radius: int
    block: int
    sha256: dict[str, str]

    def sample(self, symbols: Array, rng: np.random.Generator, gain: Array | None = None) -> Received:
        """Send ``symbols`` (n, 2) float32; with ``gain`` (n, 2) over these, else over gains of its own."""
        count, radius = symbols.shape[0], self.card.radius
        takes_gain = "gain" in self.card.inputs
        if gain is not None and not takes_gain:
            raise UsageError(f"the model {self.card.name} knows no gain; leave --gain away")
        if gain is not None and gain.shape != symbols.shape:
            raise InputRejected(f"{gain.shape[0]} gains for {count} symbols; give one for each")
        if gain is None and self.fading is not None:
            blocks = -(-count // self.block)
            noise = latent(blocks + 2 * self.fading_radius, rng)
            gain = np.repeat(pieces(self.fading, [noise], blocks, self.fading_radius), self.block, axis=0)[:count]
        if gain is None and takes_gain:
            raise UsageError(f"the model {self.card.name} draws no gains of its own; give them with --gain")
        noise = latent(count + 2 * radius, rng)
        edge = ((0, 0), (radius, radius))
        inputs = {"symbols": np.pad(symbols.T, edge), "noise": noise}
        if gain is not None:
            inputs["gain"] = np.pad(gain.T, edge)
        return Received(pieces(self.emission, [inputs[name] for name in self.emission.inputs], count, radius), gain)


def latent(count: int, rng: np.random.Generator) -> Array:
    """Standard normal latents (4, count) float32, those of one use drawn together."""
    return np.ascontiguousarray(rng.standard_normal((count, NOISE), dtype=np.float32).T)


def pieces(network: Function, inputs: list[Array], count: int, radius: int) -> Array:
    """Run ``network`` over inputs (c, count + 2 radius) in pieces: (count, 2) float32."""
    out = np.empty((count, 2), np.float32)
    for first in range(0, count, PIECE):
        last = min(first + PIECE, count)
        parts = [np.ascontiguousarray(x[None, :, first : last + 2 * radius], np.float32) for x in inputs]
        out[first:last] = network(*parts)[0].T
    return out


def file_name(kind: str, channel: str) -> str:
    """The name of a shipped emission network."""
    return f"channel-{kind}-{channel}.onnx"


def load(path: Path) -> ChannelModelFile:
    """The channel model at ``path`` (its emission; the fading is found beside it)."""
    card, digest = _card(path)
    beside = path.with_name(path.stem + "-fading.onnx")
    block = int(card.recipe.get("block", 1))
    if not card.recipe.get("draws_gain", False):
        return ChannelModelFile(card, Function(path), None, 0, block, {path.name: digest})
    fading, fading_digest = _card(beside)
    digests = {path.name: digest, beside.name: fading_digest}
    return ChannelModelFile(card, Function(path), Function(beside), fading.radius, block, digests)


def _card(path: Path) -> tuple[ModelCard, str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the channel model cannot be read ({error.strerror})") from error
    card = read_card(data, str(path))
    if card.task != "channel":
        raise ModelError(f"{path}: a model for '{card.task}', not of a channel")
    return card, hashlib.sha256(data).hexdigest()


def shipped(kind: str, channel: str) -> ChannelModelFile:
    """The shipped model of that kind ('gan', 'cgan' or 'dcgan') of a channel of ``comm.laboratory``."""
    find(channel)
    if kind not in KINDS:
        raise UsageError(f"no model '{kind}'; there are {', '.join(KINDS)} and true")
    path = WEIGHTS / file_name(kind, channel)
    if not path.exists():
        raise ModelError(f"no {kind} of the channel '{channel}' is shipped; train one with 'relume link channel train'")
    return load(path)


def true_channel(channel: str, symbols: Array, rng: np.random.Generator, gain: Array | None = None) -> Received:
    """Send ``symbols`` (n, 2) over the true channel of that name, or over it with the gains (n, 2) given."""
    law = find(channel)
    draw = law.draw(symbols.shape, rng)
    own = gain_of(law, draw.known)
    if gain is not None:
        if own is None:
            raise UsageError(f"the channel {channel} has no gain; leave --gain away")
        if gain.shape != symbols.shape:
            raise InputRejected(f"{gain.shape[0]} gains for {symbols.shape[0]} symbols; give one for each")
        cross = gain[..., 1:] * np.array([-1, 1], np.float32)
        cast("dict[str, Array]", draw.hidden).update(in_phase=gain[..., :1], cross=cross)
        own = gain
    return Received(law.apply(symbols, draw).astype(np.float32), own)
