"""Training of the learned link: the gradient of the bit losses, through the exact recursion, to the encoder."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from relume.nets.link import BlockAutoencoder, WindowEncoder, recursion
from relume.signal import UsageError

EDGE = 10


@dataclass(frozen=True)
class LinkRecipe:
    """One learned link over AWGN and fast Rayleigh fading with known gain.

    ``parities``: the start, one mask over the window of ``memory + m`` bits for each label bit, most significant first;
    ``mapping``: how a label becomes a level ('natural', 'gray'; 'axes' puts one antipodal value on each of d axes).
    ``ebn0_awgn`` and ``ebn0_rayleigh`` in dB are where training ends; it begins ``anneal`` dB above.
    """

    name: str
    m: int
    memory: int
    parities: tuple[int, ...]
    mapping: str
    bits_per_use: int
    ebn0_awgn: float
    ebn0_rayleigh: float
    anneal: float = 1.0
    fading_share: float = 0.4
    steps: int = 400
    batch: int = 512
    length: int = 48
    lr: float = 4e-3
    seed: int = 1

    def __post_init__(self) -> None:
        if self.mapping not in ("natural", "gray", "axes"):
            raise UsageError(f"a mapping is natural, gray or axes, not '{self.mapping}'")
        if self.steps < 1 or self.batch < 2 or self.length <= 2 * EDGE:
            raise UsageError(
                f"steps of at least 1, a batch of at least 2 and a length above {2 * EDGE} are needed: {self}"
            )

    def tiny(self) -> Self:
        """The same experiment in seconds."""
        return dataclasses.replace(self, steps=2, batch=8, length=2 * EDGE + 4)


@dataclass(frozen=True)
class BlockRecipe:
    """A small (n, k) autoencoder of O'Shea and Hoydis over AWGN."""

    name: str
    bits: int
    uses: int
    ebn0: float = 5.0
    steps: int = 4000
    batch: int = 1024
    lr: float = 5e-3
    seed: int = 1

    def tiny(self) -> Self:
        """The same experiment in seconds."""
        return dataclasses.replace(self, steps=5, batch=64)


def start_table(recipe: LinkRecipe) -> Tensor:
    """The classical code that learning starts from: (2 ** (memory + m), d) with mean energy d / 2."""
    contents = torch.arange(2 ** (recipe.memory + recipe.m))
    label_bits = [parity(contents & mask) for mask in recipe.parities]
    if recipe.mapping == "axes":
        return torch.stack([(1 - 2 * bit) * 0.5**0.5 for bit in label_bits], dim=1).float()
    label, before = torch.zeros_like(contents), torch.zeros_like(contents)
    for bit in label_bits:
        before = bit ^ before if recipe.mapping == "gray" else bit
        label = 2 * label + before
    levels = 2.0 * label - (2 ** len(label_bits) - 1)
    return (levels / (2 * levels.square().mean()).sqrt())[:, None]


def parity(values: Tensor) -> Tensor:
    """The parity of the set bits of non-negative integers below 2 ** 16."""
    for shift in (8, 4, 2, 1):
        values = values ^ values >> shift
    return values & 1


def train_link(recipe: LinkRecipe, report: Callable[[str], None] = print) -> WindowEncoder:
    """Train the encoder's residual; the receiver is at every step the exact MAP rule of the encoder as it is."""
    torch.manual_seed(recipe.seed)
    encoder = WindowEncoder(start_table(recipe), recipe.m)
    average = encoder.residual.detach().clone()
    optimiser = torch.optim.Adam(encoder.parameters(), lr=recipe.lr, betas=(0.9, 0.98))
    began = time.monotonic()
    for step in range(recipe.steps):
        progress = step / recipe.steps
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        loss = link_loss(encoder, recipe, recipe.anneal * max(0.0, 1 - 2 * progress))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            average.lerp_(encoder.residual, 0.02 if step > 50 else 1.0)
        if step % 25 == 0:
            report(f"step {step} loss {loss.item():.5f} {time.monotonic() - began:.0f} s")
    with torch.no_grad():
        encoder.residual.copy_(average)
    return encoder


def link_loss(encoder: WindowEncoder, recipe: LinkRecipe, above: float) -> Tensor:
    """Mean bit loss (bits of cross-entropy) of a batch, part AWGN and part fast fading, edges left out."""
    steps = recipe.memory // recipe.m
    bits = torch.randint(0, 2, (recipe.batch, recipe.m, 1, recipe.length + steps)).float()
    values = encoder(bits)
    faded = int(recipe.batch * recipe.fading_share)
    energy = torch.ones_like(values)
    gains = torch.randn(faded, *values.shape[1:], 2).square().sum(-1) / 2
    energy[:faded] = gains.clamp_min(1e-4)
    precision = energy * 10 ** ((recipe.ebn0_awgn + above) / 10) * recipe.bits_per_use
    precision[:faded] *= 10 ** ((recipe.ebn0_rayleigh - recipe.ebn0_awgn) / 10)
    received = values + torch.randn_like(values) * (0.5 / precision).sqrt()
    states, inputs = 2**recipe.memory, 2**recipe.m
    labels = torch.arange(inputs)[:, None] >> torch.arange(recipe.m - 1, -1, -1) & 1
    llr = recursion(encoder.table(), torch.cat([received, precision], 1), states, inputs, labels.float())
    inside = slice(EDGE, recipe.length - EDGE)
    sent = bits[..., steps:][..., inside]
    return nn.functional.binary_cross_entropy_with_logits(-llr[..., inside], sent) / math.log(2)


def train_block(recipe: BlockRecipe, report: Callable[[str], None] = print) -> BlockAutoencoder:
    """Train a block autoencoder: cross-entropy of the message, noise energy by the true rate."""
    torch.manual_seed(recipe.seed)
    net = BlockAutoencoder(2**recipe.bits, recipe.uses)
    rate = 2 * recipe.bits / recipe.uses
    optimiser = torch.optim.Adam(net.parameters(), lr=recipe.lr)
    for step in range(recipe.steps):
        progress = step / recipe.steps
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        messages = torch.randint(0, 2**recipe.bits, (recipe.batch,))
        n0 = 10 ** (-recipe.ebn0 / 10) / rate
        loss = nn.functional.cross_entropy(
            net(messages, torch.randn(recipe.batch, recipe.uses) * (n0 / 2) ** 0.5), messages
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 500 == 0:
            report(f"step {step} loss {loss.item():.5f}")
    return net
