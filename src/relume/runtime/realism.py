"""The realism dial: between a faithful model and a generative one of the same shape, by interpolating their weights.

At 0 the faithful model, at 1 the rich one, between them ``(1 - t) w_faithful + t w_rich`` for every weight w (Wang et
al., *Deep Network Interpolation*, CVPR 2019). The weights are mixed as the model is loaded; the mixed file has its own
card, so that a record says what was used, and its own sha256.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from relume.card import KEY, ModelCard
from relume.runtime import wire, zoo
from relume.runtime.zoo import Model
from relume.signal import ModelError, UsageError

PARTNERS = {
    "cascade-psnr": "cascade-gan",
    "cascade-real": "cascade-real-gan",
    "relic-detail": "relic-detail-gan",
}
"""faithful model -> the generative one of the same network that the dial leads to"""

# Field numbers in onnx.proto: ModelProto.graph, .metadata_props; GraphProto.initializer; TensorProto.name, .raw_data.
_GRAPH, _METADATA, _INITIALIZER, _NAME, _RAW = 7, 14, 5, 8, 9


class NoGenerativeModel(ModelError):
    """The dial has no other end: no generative model of this shape ships."""

    code = "no-generative-model"


@dataclass(frozen=True)
class Dial:
    """A dial set to ``realism`` in (0, 1] between two models."""

    realism: float
    faithful: Model
    rich: Model

    @classmethod
    def beside(cls, faithful: Model, realism: float) -> Dial:
        """The dial from ``faithful`` to its shipped partner; raises NoGenerativeModel where there is none."""
        partner = PARTNERS.get(faithful.name, "")
        if partner not in zoo.SHIPPED:
            raise NoGenerativeModel(
                f"no generative model of this shape ships beside {faithful.name}: leave realism at 0"
            )
        return cls(realism, faithful, zoo.find(partner))

    def model(self) -> Model:
        """The model at this setting."""
        return blended(self.faithful, self.rich, self.realism)

    def recorded(self) -> dict[str, Any]:
        """What a record keeps: the setting, and name and sha256 of both ends."""
        ends = {"faithful": self.faithful, "rich": self.rich}
        return {"realism": self.realism} | {
            end: {"name": model.name, "sha256": model.sha256} for end, model in ends.items()
        }


def blended(faithful: Model, rich: Model, realism: float) -> Model:
    """The model at ``realism`` in [0, 1] between two of the same network; its file lives until the process ends.

    Raises UsageError for a setting out of bounds or a model without weights, ModelError for networks that differ.
    """
    if not 0 <= realism <= 1:
        raise UsageError(f"realism must be between 0 (faithful) and 1 (rich), not {realism}")
    if realism == 0:
        return faithful
    if realism == 1:
        return rich
    card, data = mixture(faithful, rich, realism)
    digest = hashlib.sha256(data).hexdigest()
    path = Path(_folder().name) / f"{digest}.onnx"
    path.write_bytes(data)
    return Model(card.name, card, path, digest)


def mixture(faithful: Model, rich: Model, realism: float) -> tuple[ModelCard, bytes]:
    """The card and the bytes of the model at ``realism`` on the line through two of the same network.

    Raises UsageError for a model without weights, ModelError for networks that differ.
    """
    if faithful.path is None or rich.path is None:
        raise UsageError("realism mixes two trained models; bicubic has no weights")
    if faithful.card.recipe.get("net") != rich.card.recipe.get("net") or faithful.card.outputs != rich.card.outputs:
        raise ModelError(f"{faithful.name} and {rich.name} are not of one shape: their weights cannot be mixed")
    card = dataclasses.replace(
        rich.card,
        name=f"{rich.card.name}@{realism:g}",
        scores={},
        parity=None,
        recipe=dict(rich.card.recipe)
        | {"realism": realism, "faithful_sha256": faithful.sha256, "rich_sha256": rich.sha256},
        description=f"{realism:g} of the way from {faithful.card.name} to {rich.card.name}",
    )
    return card, with_card(mix(faithful.path.read_bytes(), rich.path.read_bytes(), realism), card)


def with_card(data: bytes, card: ModelCard) -> bytes:
    """The bytes of an ONNX file with ``card`` behind its metadata, where it counts in place of any before it."""
    return data + wire.entry(_METADATA, wire.entry(1, KEY.encode()) + wire.entry(2, card.to_json().encode()))


def mix(faithful: bytes, rich: bytes, realism: float) -> bytes:
    """The bytes of the first of two ONNX files, its weights ``realism`` of the way to those of the other."""
    buffer = bytearray(faithful)
    mine, other = dict(_weights(memoryview(buffer))), dict(_weights(memoryview(rich)))
    if [(name, len(raw)) for name, raw in mine.items()] != [(name, len(raw)) for name, raw in other.items()]:
        raise ModelError("the two files hold other weights: they were not exported from one network")
    for name, raw in mine.items():
        if raw == other[name]:
            continue
        kind = np.dtype("<f2" if name.endswith("_half") else "<f4")
        weights, target = np.frombuffer(raw, kind), np.frombuffer(other[name], kind)
        weights[:] = ((1 - realism) * weights.astype(np.float64) + realism * target).astype(kind)
    return bytes(buffer)


def _weights(data: memoryview) -> Iterator[tuple[str, memoryview]]:
    for field, graph in wire.blobs(data):
        if field == _GRAPH:
            for inner, tensor in wire.blobs(graph):
                if inner == _INITIALIZER:
                    parts = dict(wire.blobs(tensor))
                    if _RAW in parts:
                        yield bytes(parts[_NAME]).decode(), parts[_RAW]


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="relume-")
