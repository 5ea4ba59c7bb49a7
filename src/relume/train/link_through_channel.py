"""A link trained through a learned channel, alternating as Ye et al. (2020): generator, receiver, transmitter.

Only the transmitter needs a gradient through the channel. In every round the generator is refreshed on what the true
channel makes of the constellation as it now is (and of points around it), the receiver learns from the true channel's
output, and the transmitter learns through the generator, whose weights are held. The reference is the same link with
the same budget whose transmitter's gradient runs through the true channel instead, where that has a formula.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from relume.comm.laboratory import Channel, Samples, block_of, find, gain_of
from relume.comm.modem import Modem
from relume.nets.channel import NOISE, ChannelModel
from relume.nets.symbol_link import BITS, Constellation, Listener
from relume.signal import Array, UsageError
from relume.train.channel_gan import Bank, ChannelTask, samples_of
from relume.train.channel_recipe import ChannelGan

Through = Callable[[Tensor, np.random.Generator], tuple[Tensor, Tensor | None]]


@dataclass(frozen=True)
class LinkThroughChannel:
    """``rounds`` of ``refresh`` generator steps, and ``steps`` steps each of receiver and transmitter.

    ``displacement``: how far from Gray 16QAM the points start, standard deviation in each dimension; ``spread``: of the
    points that the generator is refreshed on, around the constellation.
    """

    name: str
    gan: ChannelGan
    rounds: int = 6
    refresh: int = 25
    steps: int = 150
    batch: int = 4096
    lr: float = 5e-3
    displacement: float = 0.15
    spread: float = 0.1
    seed: int = 1
    samples: int = field(default=1 << 15)

    def __post_init__(self) -> None:
        if min(self.rounds, self.steps, self.batch) < 1 or self.refresh < 0:
            raise UsageError(f"rounds, steps and batch must be at least 1 and refresh at least 0: {self}")
        if not self.gan.net.conditional:
            raise UsageError("a link is trained through a conditional model: cgan or dcgan")

    def tiny(self) -> Self:
        """The same experiment in a second."""
        return dataclasses.replace(self, gan=self.gan.tiny(), rounds=2, refresh=2, steps=3, batch=64, samples=1 << 13)


@dataclass
class Link:
    """A trained link: its points (16, 2) and its receiver."""

    sender: Constellation
    listener: Listener

    def ber(self, channel: Channel, bits: int, rng: np.random.Generator) -> tuple[int, int]:
        """(errors, bits) over the true channel."""
        errors, done = 0, 0
        with torch.no_grad():
            points = self.sender.points()
            while done < bits:
                labels = torch.from_numpy(rng.integers(0, 16, 1 << 16))
                y, gain = over(channel)(points[labels], rng)
                wrong = (self.listener(y, gain) > 0) != bits_of(labels)
                errors, done = errors + int(wrong.sum()), done + wrong.numel()
        return errors, done


def bits_of(labels: Tensor) -> Tensor:
    """(n,) labels to (n, 4) booleans, most significant first."""
    return (labels[:, None] >> torch.arange(BITS - 1, -1, -1)) & 1 == 1


def gray() -> Tensor:
    """Gray 16QAM by label, (16, 2)."""
    labels = np.arange(16)[:, None] >> np.arange(BITS - 1, -1, -1) & 1
    return torch.from_numpy(Modem(BITS).modulate(labels.reshape(-1).astype(np.uint8)))


def over(channel: Channel) -> Through:
    """The true channel, differentiable in the symbols (n, 2)."""

    def through(x: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor | None]:
        draw = channel.draw(tuple(x.shape), rng)
        tensors = {k: torch.from_numpy(v) for k, v in draw.hidden.items()}
        gain = gain_of(channel, draw.known)
        y: Any = channel.apply(x, dataclasses.replace(draw, hidden=tensors))  # type: ignore[arg-type]
        return y, None if gain is None else torch.from_numpy(gain)

    return through


def through_model(net: ChannelModel, block: int) -> Through:
    """The learned channel, differentiable in the symbols (n, 2); gains are drawn by the model itself."""

    def through(x: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor | None]:
        count, radius = x.shape[0], net.emission.radius
        gain = None
        if net.fading is not None:
            noise = torch.from_numpy(
                rng.standard_normal((1, NOISE, -(-count // block) + 2 * net.fading.radius), np.float32)
            )
            with torch.no_grad():
                gain = net.fading(noise).repeat_interleave(block, dim=2)[..., :count]
        pad = nn.functional.pad
        noise = torch.from_numpy(rng.standard_normal((1, NOISE, count + 2 * radius), np.float32))
        padded = None if gain is None else pad(gain, (radius, radius))
        y = net.emission(pad(x.T[None], (radius, radius)), noise, padded)
        return y[0].T, None if gain is None else gain[0].T

    return through


def start(recipe: LinkThroughChannel) -> Link:
    """The link before training: the same for every way of training it."""
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    return Link(Constellation(gray(), recipe.displacement, generator), Listener(recipe.gan.net.faded))


def train_link(recipe: LinkThroughChannel, net: ChannelModel | None, report: Callable[[str], None] = print) -> Link:
    """Train through ``net`` (refreshed in place as it goes), or through the true channel where ``net`` is None."""
    channel = find(recipe.gan.channel)
    link = start(recipe)
    block = block_of(channel)
    true = over(channel)
    with tempfile.TemporaryDirectory() as folder:
        task = None if net is None else ChannelTask(recipe.gan, samples_of(recipe.gan), Path(folder))
        if task is not None and net is not None:
            task.net.load_state_dict(net.state_dict())
            net = task.net
        for number in range(recipe.rounds):
            rng = np.random.default_rng([recipe.seed, number])
            if task is not None and recipe.refresh:
                refresh(task, recipe, link.sender, channel, number, rng)
            way = true if net is None else through_model(net, block)
            low = 0.5 * (1 + math.cos(math.pi * number / recipe.rounds))
            loss = turns(recipe, link, true, way, recipe.lr * (0.05 + 0.95 * low), rng)
            report(f"round {number + 1} of {recipe.rounds}: bit loss on the true channel {loss:.4f} bits")
    return link


def refresh(
    task: ChannelTask,
    recipe: LinkThroughChannel,
    sender: Constellation,
    channel: Channel,
    number: int,
    rng: np.random.Generator,
) -> None:
    """Some steps of the game on what the true channel makes of the constellation and of points around it."""
    with torch.no_grad():
        x = sender(torch.from_numpy(rng.integers(0, 16, recipe.samples))).numpy()
    x = x + recipe.spread * rng.standard_normal(x.shape, dtype=np.float32) * (rng.random((len(x), 1)) < 0.5)
    draw = channel.draw(x.shape, rng)
    y = channel.apply(x, draw).astype(np.float32)
    gain: Array | None = gain_of(channel, draw.known)
    task.bank = Bank(
        Samples(x[None], y[None], None if gain is None else gain[None], task.bank.block), recipe.gan.window
    )
    task.net.requires_grad_(True)
    for optimiser in task.optimisers:
        for group in optimiser.param_groups:
            group["lr"] = 0.1 * recipe.gan.optim.lr
    for step in range(recipe.refresh):
        task.step(number * recipe.refresh + step, rng)
    task.net.requires_grad_(False)


def turns(
    recipe: LinkThroughChannel, link: Link, true: Through, way: Through, lr: float, rng: np.random.Generator
) -> float:
    """Receiver and transmitter in turn, one step each; returns the last bit loss over the true channel, in bits."""
    hear = torch.optim.Adam(link.listener.parameters(), lr)
    send = torch.optim.Adam(link.sender.parameters(), lr)
    loss = torch.zeros(())
    for _ in range(recipe.steps):
        labels = torch.from_numpy(rng.integers(0, 16, recipe.batch))
        with torch.no_grad():
            y, gain = true(link.sender(labels), rng)
        loss = bit_loss(link.listener(y, gain), labels)
        hear.zero_grad()
        loss.backward()
        hear.step()

        y, gain = way(link.sender(labels), rng)
        send.zero_grad()
        bit_loss(link.listener(y, gain), labels).backward()
        send.step()
    return float(loss.detach())


def bit_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of a bit, in bits."""
    return nn.functional.binary_cross_entropy_with_logits(logits, bits_of(labels).float()) / math.log(2)
