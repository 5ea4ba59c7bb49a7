"""The links by name: classical, learned, secure and the controls, from shipped weights, without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from relume.comm.channels import equalise
from relume.comm.cipher import split_key
from relume.comm.codes import all_messages
from relume.comm.pilots import Piloted
from relume.comm.schemes import CLASSICAL, Codebook, Scheme, TrellisLink, check_bits, check_received
from relume.comm.secure import Drive, Layers, SecureLink, energy_spread
from relume.comm.traffic import TrafficLink
from relume.comm.trellis import Trellis
from relume.runtime import engine, zoo
from relume.signal import Array, UsageError

LEARNED = ("ae-1", "ae-2", "ae-4", "ae74", "ae22")
SECURE = ("secure-1", "secure-2", "secure-4")
CONTROLS = ("plain", "static", "nonce-reuse", "phase-only")
PILOTED = ("16qam+pilots", "ae-1+pilots", "ae-2+pilots", "ae-4+pilots")
TRAFFIC = ("traffic-1", "traffic-2", "traffic-4")
NAMES = (*CLASSICAL, *LEARNED, *PILOTED, *SECURE, *TRAFFIC, *CONTROLS)
PROTECTION = {"secure-1": 6, "secure-2": 3, "secure-4": 2}
STEP_BITS = {"ae-1": 1, "ae-2": 1, "ae-4": 2, "ae-4-low": 2}
EVER = float("inf")
REACH = {
    "awgn": ((4, -EVER), (7, 4.0), (EVER, 7.7)),
    "rayleigh": ((4, -EVER), (7, 5.0), (EVER, 10.1)),
}
"""From which Eb/N0 in dB the code of ``ae-4`` has fewer errors than padded 16QAM: (longest message, dB)."""


def network(name: str) -> Any:
    """The shipped network called ``name``: (N, C, 1, W) float32 in and out."""
    model = zoo.find(name)
    if model.path is None or model.sha256 is None:
        raise UsageError(f"'{name}' is no network of a link")
    return engine.load_sequence(model.path, model.sha256)


def simulation_key(seed: int) -> bytes:
    """The key of a simulated link: public, so that figures can be repeated; never for a real message."""
    return hashlib.sha256(f"relume simulation key {seed}".encode()).digest()


def build(name: str, *, key: bytes | None = None, mix: bool = True) -> Scheme:
    """The scheme called ``name``. ``key``: 32 bytes for secure schemes and controls (default: the simulation's).

    ``mix`` chooses the waveform of secure schemes: keyed unitary blocks (AWGN) or, if False, keyed permutation (fast
    fading). Raises UsageError for an unknown name and ModelError if weights are missing or damaged.
    """
    if name in CLASSICAL:
        return CLASSICAL[name]
    if name == "ae-4":
        return TrellisLink(name, learned_trellis(name), learned_trellis("ae-4-low"), REACH)
    if name in LEARNED and name in STEP_BITS:
        return TrellisLink(name, learned_trellis(name))
    if name in ("ae74", "ae22"):
        return Codebook(name, learned_codewords(name))
    if name in PILOTED:
        return Piloted(name, build(name.removesuffix("+pilots")))
    if name == "plain":
        return TrellisLink(name, learned_trellis("ae-1"))
    if name == "static":
        return Static()
    keys = split_key(simulation_key(1) if key is None else key)
    waveform = Layers(mix=mix, hop=not mix)
    if name in SECURE:
        inner = build(name.replace("secure", "ae"))
        return SecureLink(name, inner, keys, GeneratorDrive(), waveform, spread_of(inner.name), PROTECTION[name])
    if name in TRAFFIC:
        return TrafficLink(name, build(name.replace("traffic", "ae")), keys)
    if name == "nonce-reuse":
        fixed = Layers(mix=mix, hop=not mix, fresh=False)
        return SecureLink(name, build("ae-1"), keys, GeneratorDrive(), fixed, spread_of("ae-1"))
    if name == "phase-only":
        return SecureLink(name, CLASSICAL["16qam"], keys, GeneratorDrive(), Layers(xor=False, mix=False))
    raise UsageError(f"no scheme '{name}'; there are {', '.join(NAMES)}")


@lru_cache(maxsize=4)
def learned_trellis(name: str) -> Trellis:
    """The learned transmitter as a table: its output for every content of its window."""
    m = STEP_BITS[name]
    run = network(f"link-{name.replace('ae-', 'ae')}-encoder")
    width = int(np.log2(zoo_rows(name)))
    contents = np.arange(2**width)[:, None] >> np.arange(width) & 1
    steps = contents.reshape(-1, width // m, m)[:, :, ::-1]
    return Trellis(run(steps.transpose(0, 2, 1)[:, :, None].astype(np.float32))[:, :, 0, 0], m)


def zoo_rows(name: str) -> int:
    """How many contents the window of a learned transmitter has, from its card's recipe."""
    recipe = zoo.find(f"link-{name.replace('ae-', 'ae')}-encoder").card.recipe
    result: int = 2 ** int(recipe["memory"] + recipe["m"])
    return result


@lru_cache(maxsize=4)
def learned_codewords(name: str) -> Array:
    """The codebook of a learned block code, (2 ** k, n)."""
    bits = int(zoo.find(f"link-{name}-encoder").card.recipe["bits"])
    words: Array = network(f"link-{name}-encoder")(np.eye(2**bits, dtype=np.float32)[:, :, None, None])[:, :, 0, 0]
    return words


@lru_cache(maxsize=8)
def spread_of(name: str) -> float:
    """The energy variance that a secure waveform must add to the symbols of a link."""
    return energy_spread(build(name), np.random.default_rng(0))


@dataclass(frozen=True)
class GeneratorDrive(Drive):
    """The shipped DCGAN generator; loads on first use, so that it travels to other processes as nothing."""

    latent: int = 16
    stride: int = 4

    def __call__(self, latents: Array) -> Array:
        plane = network("link-drive")(latents[:, :, None])[:, :, 0]
        phasors: Array = (plane[:, :2] + 1j * plane[:, 2:]).astype(np.complex64)
        return phasors / np.maximum(np.abs(phasors), np.float32(1e-6))


@dataclass(frozen=True)
class Static:
    """The paper-literal control: a static generator as encryptor, a learned Bob; one complex symbol for each bit."""

    name: str = "static"

    def uses(self, bits: int) -> int:
        check_bits(bits)
        return bits

    def rate(self, bits: int) -> float:
        return bits / self.uses(bits)

    def encode(self, bits: Array, rng: np.random.Generator) -> Array:
        symbols: Array = network("link-static-encoder")(bits[:, None, None].astype(np.float32))[:, :, 0]
        return symbols.transpose(0, 2, 1)

    def decode(self, y: Array, known: Mapping[str, Any], bits: int) -> Array:
        check_received(y, self.uses(bits))
        equal, _ = equalise(y, known)
        logits: Array = network("link-static-decoder")(equal.transpose(0, 2, 1)[:, :, None])
        return (logits[:, 0, 0] > 0).astype(np.uint8)


def block_scores(name: str, y: Array) -> Array:
    """Bits that the learned receiver of a block code reads: (B, n) real values to (B, k)."""
    scores = network(f"link-{name}-decoder")(y[:, :, None, None].astype(np.float32))[:, :, 0, 0]
    bits = all_messages(int(scores.shape[1]).bit_length() - 1)
    read: Array = bits[np.argmax(scores, axis=1)]
    return read
