"""What one update of a channel model does: for the emission and for the fading, the critic, then the generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from relume.comm import distances
from relume.comm.laboratory import Samples, find, load_samples, measure
from relume.nets.channel import NOISE, ChannelModel, Fading
from relume.signal import InputRejected, UsageError
from relume.train.channel_recipe import ChannelGan
from relume.train.equilibrium import Curve, stand
from relume.train.health import Health, Pulse
from relume.train.loop import Run, load_checkpoint, load_weights, train
from relume.train.losses import critic_loss, generator_loss, gradient_penalty, r1
from relume.train.optim import descend, optimisers
from relume.train.recipe import plain

HELD_OUT = 0.1
JUDGED = 20000

Critic = Callable[[Tensor], Tensor]


class Bank:
    """Samples as tensors (m, 2, n); the last tenth of every recording is held out for validation."""

    def __init__(self, samples: Samples, window: int) -> None:
        self.cut = int(samples.symbols.shape[1] * (1 - HELD_OUT)) // samples.block * samples.block
        if self.cut < 2 * window or samples.symbols.shape[1] - self.cut <= samples.block:
            raise InputRejected(
                f"recordings of {samples.symbols.shape[1]} uses are too short for windows of {window}; give longer ones"
            )
        self.block = samples.block
        self.symbols, self.received = (self.planes(part) for part in (samples.symbols, samples.received))
        self.gain = None if samples.gain is None else self.planes(samples.gain)
        self.block_gain = None if self.gain is None else self.gain[..., self.block // 2 :: self.block].contiguous()

    @staticmethod
    def planes(part: np.ndarray) -> Tensor:
        """(m, n, 2) to (m, 2, n)."""
        return torch.from_numpy(np.ascontiguousarray(part, np.float32)).transpose(1, 2).contiguous()

    def windows(self, count: int, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor | None]:
        """``count`` random windows (count, 2, size) of symbols, received and gain."""
        record = torch.from_numpy(rng.integers(0, self.symbols.shape[0], count))[:, None]
        at = torch.from_numpy(rng.integers(0, self.cut - size + 1, count))[:, None] + torch.arange(size)
        parts = [x[record, :, at].transpose(1, 2) for x in (self.symbols, self.received)]
        gain = None if self.gain is None else self.gain[record, :, at].transpose(1, 2)
        return parts[0], parts[1], gain

    def gains(self, count: int, size: int, rng: np.random.Generator) -> Tensor:
        """``count`` random windows (count, 2, size) of the gain, one value for each block."""
        assert self.block_gain is not None
        record = torch.from_numpy(rng.integers(0, self.symbols.shape[0], count))[:, None]
        at = torch.from_numpy(rng.integers(0, self.cut // self.block - size + 1, count))[:, None] + torch.arange(size)
        return self.block_gain[record, :, at].transpose(1, 2)


class ChannelTask:
    """The game of a channel model; plugs into the loop."""

    def __init__(self, recipe: ChannelGan, samples: Samples, folder: Path) -> None:
        if recipe.net.faded != (samples.gain is not None):
            has = "hold gains" if samples.gain is not None else "hold no gains"
            raise UsageError(f"the samples {has}, but the recipe's net.faded is {str(recipe.net.faded).lower()}")
        torch.manual_seed(recipe.seed)
        self.recipe, self.bank = recipe, Bank(samples, recipe.window)
        self.net: ChannelModel = recipe.net.build()
        self.critics = recipe.net.critics()
        self.prepare()
        optim = recipe.optim
        self.pairs = []
        for part in ("emission", "fading"):
            net, critic = getattr(self.net, part), getattr(self.critics, part)
            if net is not None:
                both = [optimisers(m, optim.choice, optim.lr, optim.betas) for m in (net, critic)]
                for optimiser in both[1]:
                    for group in optimiser.param_groups:
                        group["lr_scale"] = recipe.critic_lr
                self.pairs.append(both)
        self.optimisers = [optimiser for both in self.pairs for each in both for optimiser in each]
        self.curve = Curve(folder / "equilibrium.csv")
        self.health = Health(folder, plain(recipe) | {"block": samples.block})

    def prepare(self) -> None:
        """Find the coordinates from the training part of the samples."""
        bank = self.bank
        gain = None if bank.gain is None else bank.gain[..., : bank.cut]
        whole = bank.symbols[..., : bank.cut], bank.received[..., : bank.cut]
        self.net.emission.fit(*whole, gain, regress=self.recipe.regress)
        if self.net.fading is not None and gain is not None:
            self.net.fading.scale.copy_(gain.square().mean().sqrt())

    def modules(self) -> dict[str, nn.Module]:
        return {"net": self.net, "critics": self.critics}

    def step(self, number: int, rng: np.random.Generator) -> dict[str, float]:
        pulse, logged = self.step_emission(number, rng)
        games = {"emission": pulse}
        fading, critic = self.net.fading, self.critics.fading
        if fading is not None and critic is not None:
            games["fading"], more = self.step_fading(number, rng, fading, critic)
            logged |= more
        self.curve.add(number, pulse.at)
        self.health.check(number, self.net, games, logged)
        return logged

    def step_emission(self, number: int, rng: np.random.Generator) -> tuple[Pulse, dict[str, float]]:
        """The game about what arrives, given c: the one whose equilibrium is watched."""
        recipe, emission = self.recipe, self.net.emission
        symbols, received, gain = self.bank.windows(recipe.batch, recipe.window + 2 * emission.radius, rng)
        inner = slice(emission.radius, emission.radius + recipe.window)
        with torch.no_grad():
            c = emission.condition(symbols, gain)
            real = emission.standardise(received, c)[..., inner]
        seen = c[..., inner]
        made = emission.innovation(c, torch.randn(recipe.batch, NOISE, c.shape[-1]))
        pulse, norm = self.play(number, lambda u: self.critics.emission(u, seen), real, made, self.pairs[0])
        at = pulse.at
        logged = {"value": at.value, "critic": at.critic, "generator": at.generator, "accuracy": at.accuracy}
        return pulse, logged | {"distance": at.distance, "gradient_norm": norm}

    def step_fading(
        self, number: int, rng: np.random.Generator, fading: Fading, judge: nn.Module
    ) -> tuple[Pulse, dict[str, float]]:
        """The game about the gain: no condition."""
        recipe = self.recipe
        real = self.bank.gains(recipe.batch, recipe.window, rng) / fading.scale
        made = fading.innovation(torch.randn(recipe.batch, NOISE, recipe.window + 2 * fading.radius))
        nothing = real[:, :0]
        critic: Critic = lambda u: judge(u, nothing)  # noqa: E731
        pulse, norm = self.play(number, critic, real, made, self.pairs[1])
        at = pulse.at
        return pulse, {"fading_value": at.value, "fading_accuracy": at.accuracy, "fading_gradient_norm": norm}

    def play(
        self,
        number: int,
        critic: Critic,
        real: Tensor,
        made: Tensor,
        pair: Sequence[list[torch.optim.Optimizer]],
    ) -> tuple[Pulse, float]:
        """One move of the critic, then one of the generator; how the game stood, and the gradient's norm."""
        recipe = self.recipe
        on_real, on_made = critic(real), critic(made.detach())
        at = stand(on_real, on_made)
        loss = critic_loss(recipe.game, on_real, on_made)
        if recipe.r1 and number % recipe.r1_every == 0:
            loss = loss + recipe.r1 * recipe.r1_every / recipe.window * r1(critic, real)
        if recipe.penalty:
            loss = loss + recipe.penalty * gradient_penalty(critic, real, made, torch.rand(real.shape[0], 1, 1))
        descend(loss, pair[1], bound=recipe.optim.clip)

        against = generator_loss(recipe.game, on_real.detach(), critic(made))
        norm = descend(against, pair[0], bound=recipe.optim.clip)
        return Pulse(at, float(made.detach().var() / real.var())), norm

    @torch.no_grad()
    def validate(self, net: ChannelModel) -> dict[str, float]:  # type: ignore[override]
        """Distances of what ``net`` makes from the held-out samples, each with its real-vs-real value."""
        self.curve.write()
        bank, radius = self.bank, net.emission.radius
        part = slice(bank.cut, min(bank.symbols.shape[-1], bank.cut + JUDGED))
        symbols, received = bank.symbols[:1, :, part], bank.received[:1, :, part]
        gain = None if bank.gain is None else bank.gain[:1, :, part]
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(1, NOISE, symbols.shape[-1], generator=generator)
        made = net.emission(symbols, noise, gain)[0].T.numpy()
        real = received[0, :, radius : received.shape[-1] - radius].T.numpy()
        half = len(real) // 2
        scores = {
            "ks_amplitude": distances.ks_amplitude(real, made),
            "ks_real": distances.ks_amplitude(real[:half], real[half : 2 * half]),
            "sliced_w2": distances.sliced_wasserstein(real, made),
            "sliced_w2_real": distances.sliced_wasserstein(real[:half], real[half : 2 * half]),
        }
        if net.fading is not None and bank.block_gain is not None:
            noise = torch.randn(1, NOISE, JUDGED + 2 * net.fading.radius, generator=generator)
            drawn = net.fading(noise)[0].T.numpy()
            expected = bank.block_gain[0].T.numpy()
            lags = min(32, len(expected) // 8)
            gap = distances.autocorrelation(drawn @ [1, 1j], lags) - distances.autocorrelation(expected @ [1, 1j], lags)
            scores |= {
                "gain_power": float(np.square(drawn).sum(1).mean()),
                "autocorrelation_gap": float(abs(gap).max()),
            }
        return scores


def samples_of(recipe: ChannelGan) -> Samples:
    """The samples of the recipe's channel, drawn from its seed; a model that knows no symbol sees 16QAM alone."""
    rng = np.random.default_rng([recipe.seed, 8])
    return measure(find(recipe.channel), recipe.samples, rng, probes=recipe.net.conditional)


def run_channel(recipe: ChannelGan, run: Run, samples: Path | None = None) -> ChannelModel:
    """Train ``recipe``, from its channel or from a file of samples; the averaged network."""
    measured = samples_of(recipe) if samples is None else load_samples(samples)
    run.folder.mkdir(parents=True, exist_ok=True)
    task = ChannelTask(recipe, measured, run.folder)
    try:
        train(task, run)
    finally:
        task.curve.write()
    average = recipe.net.build()
    load_weights(average, load_checkpoint(run.checkpoint)["average"], str(run.checkpoint))
    return average.eval().requires_grad_(False)
