"""Training of the secure link's generator against a critic, and of the static control by three players."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from relume.nets.dcgan import LATENT, PHASORS, STRIDE, DriveGenerator, Listener, StaticEncryptor, WaveformCritic
from relume.signal import UsageError

WINDOW = 256


@dataclass(frozen=True)
class DriveRecipe:
    """The generator of the secure waveform against a critic on windows of 256 symbols.

    ``moments`` weighs how far the network's own phases, without the carriers, are from uniform and white.
    """

    name: str
    steps: int = 600
    batch: int = 64
    lr: float = 1e-3
    moments: float = 10.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 2:
            raise UsageError(f"steps >= 1 and batch >= 2 are needed: {self}")

    def tiny(self) -> Self:
        """The same experiment in a second."""
        return dataclasses.replace(self, steps=2, batch=4)


@dataclass(frozen=True)
class StaticRecipe:
    """Encryptor, Bob and Eve, trained together: the paper's arrangement without a key stream."""

    name: str
    steps: int = 1500
    batch: int = 64
    length: int = 64
    n0: float = 0.1
    eve_weight: float = 0.1
    lr: float = 2e-3
    seed: int = 1

    def tiny(self) -> Self:
        """The same experiment in a second."""
        return dataclasses.replace(self, steps=2, batch=4, length=16)


def transmit(phasors: Tensor, symbols: Tensor) -> Tensor:
    """Phasors (N, 4, 1, n) on QPSK symbols (N, n) complex, mixed in one block and given a Gaussian's energy: (N, n)."""
    turn, mix = (torch.complex(phasors[:, i, 0], phasors[:, PHASORS + i, 0]) for i in range(PHASORS))
    mixed = torch.fft.fft(torch.fft.fft(symbols * turn, norm="ortho") * mix, norm="ortho")
    n = symbols.shape[1]
    radius = torch.distributions.Gamma(float(n), float(n)).sample((symbols.shape[0], 1)).sqrt()
    return mixed * radius


def show(phasors: Tensor, waveform: Tensor) -> Tensor:
    """What the critic sees, (N, 6, 1, n)."""
    return torch.cat([torch.view_as_real(waveform).permute(0, 2, 1)[:, :, None], phasors], dim=1)


def unevenness(phasors: Tensor) -> Tensor:
    """What a uniform, white phase sequence would have at zero: power of the first four moments and 16 lags."""
    total = torch.zeros(())
    for i in range(PHASORS):
        z = torch.complex(phasors[:, i, 0], phasors[:, PHASORS + i, 0])
        power = torch.ones_like(z)
        for _ in range(4):
            power = power * z
            total = total + power.mean().abs().square()
        for lag in range(1, 17):
            total = total + (z[:, lag:] * z[:, :-lag].conj()).mean().abs().square()
    return total


def train_drive(recipe: DriveRecipe, report: Callable[[str], None] = print) -> tuple[DriveGenerator, float]:
    """Train the generator; returns it and the critic's last accuracy (0.5 is a critic that cannot tell)."""
    torch.manual_seed(recipe.seed)
    generator, critic = DriveGenerator(), WaveformCritic()
    makers = torch.optim.Adam(generator.parameters(), lr=recipe.lr, betas=(0.5, 0.999))
    judges = torch.optim.Adam(critic.parameters(), lr=recipe.lr, betas=(0.5, 0.999))
    bce = nn.functional.binary_cross_entropy_with_logits
    accuracy = 0.5
    for step in range(recipe.steps):
        symbols = (torch.randint(0, 2, (recipe.batch, WINDOW, 2)) * 2 - 1).float() * 0.5**0.5
        symbols = torch.view_as_complex(symbols)
        angles = torch.rand(recipe.batch, PHASORS, 1, WINDOW) * 2 * torch.pi
        ideal = torch.cat([angles.cos(), angles.sin()], dim=1)
        real = show(ideal, transmit(ideal, symbols))
        made = torch.cat(generator.learned(torch.rand(recipe.batch, LATENT // 2, 1, WINDOW // STRIDE) * 2 - 1), dim=1)
        fake = show(made, transmit(made, symbols))

        right, wrong = critic(real), critic(fake.detach())
        loss = bce(right, torch.ones_like(right)) + bce(wrong, torch.zeros_like(wrong))
        judges.zero_grad(set_to_none=True)
        loss.backward()
        judges.step()

        fooled = critic(fake)
        cost = bce(fooled, torch.ones_like(fooled)) + recipe.moments * unevenness(made)
        makers.zero_grad(set_to_none=True)
        cost.backward()
        makers.step()

        hit = 0.5 * ((right > 0).float().mean() + (wrong < 0).float().mean()).item()
        accuracy += 0.02 * (hit - accuracy)
        if step % 100 == 0:
            report(f"step {step} critic {loss.item():.4f} generator {cost.item():.4f} accuracy {accuracy:.3f}")
    return generator, accuracy


def train_static(recipe: StaticRecipe, report: Callable[[str], None] = print) -> tuple[StaticEncryptor, Listener]:
    """Encryptor and Bob lower Bob's bit loss and raise Eve's; Eve, in turn, lowers her own."""
    torch.manual_seed(recipe.seed)
    encryptor, bob, eve = StaticEncryptor(), Listener(), Listener(width=16, depth=2)
    ours = torch.optim.Adam([*encryptor.parameters(), *bob.parameters()], lr=recipe.lr)
    hers = torch.optim.Adam(eve.parameters(), lr=recipe.lr)
    bce = nn.functional.binary_cross_entropy_with_logits
    for step in range(recipe.steps):
        bits = torch.randint(0, 2, (recipe.batch, 1, 1, recipe.length)).float()
        sent = encryptor(bits)
        received = sent + torch.randn_like(sent) * (recipe.n0 / 2) ** 0.5
        loss_bob, loss_eve = bce(bob(received), bits), bce(eve(received), bits)
        ours.zero_grad(set_to_none=True)
        (loss_bob + recipe.eve_weight * (1 - loss_eve).clamp_min(0)).backward()
        ours.step()

        heard = bce(eve(received.detach()), bits)
        hers.zero_grad(set_to_none=True)
        heard.backward()
        hers.step()
        if step % 100 == 0:
            report(f"step {step} Bob {loss_bob.item():.4f} Eve {loss_eve.item():.4f}")
    return encryptor, bob
