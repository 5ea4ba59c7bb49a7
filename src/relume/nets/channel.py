"""Generators in a channel's place: GAN, CGAN and DCGAN over sequences of symbols, and their critics.

After *Channel agnostic end-to-end learning based communication systems with conditional GAN* (Ye et al., 2020) and the
comparison of Cheng, Wang and Wu (2022). A signal is (N, 2, T), real I/Q. The model of a channel is

    fading    noise -> gain h                 where the samples hold gains; an unconditional generator
    emission  symbol x, gain h, noise -> y    conditional on c = (x, h); the plain GAN has no c, so it knows only p(y)

``gan`` and ``cgan`` are perceptrons that see one channel use; ``dcgan`` is fully convolutional along time, in the
generator and in the critic. The dcgan's critic of the fading also judges packs of windows (Lin et al., 2018) by their
mean, power and autocorrelation.

Deviations, all of them: (1) Everything runs in coordinates found from the samples alone: y = W c + b + S u, W and b by
least squares, S from the residual's covariance; the game is about u given c. c holds x, h and the complex product h x
of the two measured inputs or, where there is no gain, x times |x|^0, 2, 4 and 6, the terms of a polynomial amplifier
model. So least squares finds the mean where it is of this form, and the game finds the law around it and what the
form cannot say. (2) u = A n + B c + net(c, n) with A at random and B and the network's last layer at zero: a residual
connection that starts at the least-squares fit with noise of the wrong law. (3) No batch normalisation (it would tie a
sample to its batch), no transposed or strided convolutions (a channel neither stretches nor shortens time).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.gan import SLOPE, Perceptron
from relume.signal import UsageError

Kind = Literal["gan", "cgan", "dcgan"]
NOISE = 4
"""Latent numbers for each channel use; the linear path takes the first two."""


def product(a: Tensor, b: Tensor) -> Tensor:
    """The complex product of two signals (N, 2, T)."""
    return torch.stack([a[:, 0] * b[:, 0] - a[:, 1] * b[:, 1], a[:, 0] * b[:, 1] + a[:, 1] * b[:, 0]], dim=1)


@dataclass(frozen=True)
class ChannelShape:
    """The sizes of a channel model and its critics.

    ``faded``: whether the samples hold gains; ``width``, ``fading_width``: hidden units of the two generators;
    ``critic_width``, ``fading_critic_width``: of the critics; ``taps``: length of the dcgan's linear fading filter;
    ``lags``: of the autocorrelation that its fading critic sees; ``pack``: windows that it judges together.
    """

    kind: Kind
    faded: bool
    width: int
    critic_width: int
    fading_width: int = 0
    fading_critic_width: int = 0
    taps: int = 1
    lags: int = 0
    pack: int = 1

    def __post_init__(self) -> None:
        if self.kind == "gan" and self.fading_width:
            raise UsageError("the plain gan has no condition and no fading part: fading_width must be 0")
        if self.taps < 1 or self.taps % 2 == 0:
            raise UsageError(f"taps must be odd and at least 1, not {self.taps}")

    @property
    def conditional(self) -> bool:
        """Whether the emission knows the symbol (and the gain)."""
        return self.kind != "gan"

    @property
    def conditions(self) -> int:
        """Channels of the condition c."""
        return (6 if self.faded else 8) if self.conditional else 0

    @property
    def draws_gain(self) -> bool:
        """Whether the model has a fading part."""
        return self.faded and self.conditional

    def build(self) -> ChannelModel:
        """The generators."""
        return ChannelModel(self)

    def critics(self) -> ChannelCritics:
        """The critics."""
        return ChannelCritics(self)

    def tiny(self) -> Self:
        """Few hidden units."""
        small = {"width": 6, "critic_width": 6, "taps": min(self.taps, 9), "lags": min(self.lags, 4)}
        if self.draws_gain:
            small |= {"fading_width": 4, "fading_critic_width": 4}
        return dataclasses.replace(self, **small)


class Emission(nn.Module):
    """What arrives for what was sent: y (N, 2, T) of symbols and gain (N, 2, T + 2 R) and noise (N, 4, T + 2 R)."""

    mix: Tensor
    offset: Tensor
    spread: Tensor
    symbol_scale: Tensor
    gain_scale: Tensor

    def __init__(self, shape: ChannelShape) -> None:
        super().__init__()
        self.shape = shape
        self.conditions = shape.conditions
        kernel = 3 if shape.kind == "dcgan" else 1
        self.net = Perceptron(self.conditions + NOISE, shape.width, 2, kernel=kernel)
        self.straight = Perceptron(self.conditions + 2, 0, 2, depth=0)
        self.radius = self.net.radius
        with torch.no_grad():
            self.net.last.weight.zero_()
            self.straight.last.weight[:, : self.conditions] = 0
        self.register_buffer("mix", torch.zeros(2, self.conditions))
        self.register_buffer("offset", torch.zeros(2, 1))
        self.register_buffer("spread", torch.eye(2))
        self.register_buffer("symbol_scale", torch.ones(()))
        self.register_buffer("gain_scale", torch.ones(()))

    def condition(self, symbols: Tensor, gain: Tensor | None) -> Tensor:
        """c as (N, 0, 6 or 8, T): x times |x|^0, 2, 4 and 6, or x, h and h x, in units of the r.m.s. values."""
        if not self.conditions:
            return symbols[:, :0]
        x = symbols / self.symbol_scale
        if gain is None:
            power = x.square().mean(1, keepdim=True)
            return torch.cat([x * power**k for k in range(4)], dim=1)
        h = gain / self.gain_scale
        return torch.cat([x, h, product(x, h)], dim=1)

    @torch.no_grad()
    def fit(self, symbols: Tensor, received: Tensor, gain: Tensor | None, *, regress: bool = True) -> None:
        """Find the coordinates from samples (N, 2, T); W by least squares, or 0 where the game is to find all of it."""
        self.symbol_scale.copy_(symbols.square().mean().sqrt())
        if gain is not None:
            self.gain_scale.copy_(gain.square().mean().sqrt())
        y = received.transpose(0, 1).flatten(1).double()
        c = self.condition(symbols, gain).transpose(0, 1).flatten(1).double()
        design = torch.cat([c if regress else 0 * c, torch.ones_like(y[:1])])
        found = (torch.linalg.pinv(design @ design.T, hermitian=True) @ design @ y.T).T
        self.mix.copy_(found[:, :-1])
        self.offset.copy_(found[:, -1:])
        rest = y - found @ design
        covariance = rest @ rest.T / rest.shape[1] + 1e-12 * torch.eye(2, dtype=torch.double)
        self.spread.copy_(torch.linalg.cholesky(covariance))

    def fitted(self, c: Tensor) -> Tensor:
        """W c + b, (N, 2, T)."""
        return functional.conv1d(c, self.mix[..., None], self.offset[:, 0]) if self.conditions else self.offset

    def standardise(self, received: Tensor, c: Tensor) -> Tensor:
        """y to u."""
        rest = received - self.fitted(c)
        return functional.conv1d(rest, torch.linalg.inv(self.spread)[..., None])

    def innovation(self, c: Tensor, noise: Tensor) -> Tensor:
        """u (N, 2, T) of the condition and noise (N, ., T + 2 R)."""
        inner = slice(self.radius, noise.shape[-1] - self.radius)
        straight = self.straight(torch.cat([c[..., inner], noise[:, :2, inner]], dim=1))
        return straight + self.net(torch.cat([c, noise], dim=1))

    def forward(self, symbols: Tensor, noise: Tensor, gain: Tensor | None = None) -> Tensor:
        c = self.condition(symbols, gain)
        u = functional.conv1d(self.innovation(c, noise), self.spread[..., None])
        return self.fitted(c[..., self.radius : c.shape[-1] - self.radius]) + u


class Fading(nn.Module):
    """Gains (N, 2, T) of noise (N, 4, T + 2 R): a learned linear filter beside a network."""

    scale: Tensor

    def __init__(self, shape: ChannelShape) -> None:
        super().__init__()
        kernel = 3 if shape.kind == "dcgan" else 1
        self.filter = nn.Conv1d(2, 2, shape.taps)
        self.net = Perceptron(NOISE, shape.fading_width, 2, kernel=kernel)
        self.radius = max(shape.taps // 2, self.net.radius)
        self.register_buffer("scale", torch.ones(()))
        nn.init.normal_(self.filter.weight, std=(2 * shape.taps) ** -0.5)

    def forward(self, noise: Tensor) -> Tensor:
        return self.scale * self.innovation(noise)

    def innovation(self, noise: Tensor) -> Tensor:
        """Gains of r.m.s. value 1 in each dimension."""
        cut = [self.radius - r for r in (self.filter.kernel_size[0] // 2, self.net.radius)]
        size = noise.shape[-1]
        return self.filter(noise[:, :2, cut[0] : size - cut[0]]) + self.net(noise[..., cut[1] : size - cut[1]])


class ChannelModel(nn.Module):
    """The generators of one channel model; ``emission`` and, where gains are drawn, ``fading``."""

    def __init__(self, shape: ChannelShape) -> None:
        super().__init__()
        self.shape = shape
        self.emission = Emission(shape)
        self.fading = Fading(shape) if shape.draws_gain else None

    def forward(self, symbols: Tensor, noise: Tensor, gain: Tensor | None = None) -> Tensor:
        return self.emission(symbols, noise, gain)


class UseCritic(nn.Module):
    """u and c (N, C, T) to a logit for each channel use, (N T', 1); with ``kernel`` 3 it sees two uses on either side.

    Beside the network, the projection of Miyato and Koyama (2018): the first and second moments of u, weighed by a
    network of the condition, so that a conditional mean or covariance that is off can be told at once.
    """

    def __init__(self, conditions: int, width: int, kernel: int = 1) -> None:
        super().__init__()
        self.body = Perceptron(2 + conditions, width, 1, kernel=kernel)
        self.weigh = Perceptron(conditions, width // 2, 5, kernel=kernel) if conditions else None

    def forward(self, u: Tensor, c: Tensor) -> Tensor:
        logits = self.body(torch.cat([u, c], dim=1))
        if self.weigh is not None:
            inner = u[..., self.body.radius : u.shape[-1] - self.body.radius]
            moments = torch.cat([inner, inner.square() - 1, inner[:, :1] * inner[:, 1:]], dim=1)
            logits = logits + (self.weigh(c) * moments).sum(1, keepdim=True)
        return logits.transpose(1, 2).reshape(-1, 1)


class FadingCritic(nn.Module):
    """Windows of gains (N, 2, T) to logits: one for each use and, counted as often, one for each pack of windows.

    The second kind judges what no single window shows: the mean, the power and the autocorrelation, averaged over time
    and over ``pack`` windows.
    """

    def __init__(self, width: int, lags: int, pack: int) -> None:
        super().__init__()
        self.lags, self.pack = lags, pack
        self.each = UseCritic(0, width, kernel=3)
        self.together = nn.Sequential(nn.Linear(5 + 2 * lags, width), nn.LeakyReLU(SLOPE), nn.Linear(width, 1))

    def forward(self, u: Tensor, c: Tensor) -> Tensor:
        each = self.each(u, c)
        parts = [u.mean(2), u.square().mean(2) - 1, (u[:, :1] * u[:, 1:]).mean(2), correlations(u, self.lags)]
        pooled = torch.cat(parts, dim=1)
        together = self.together(pooled.view(-1, self.pack, pooled.shape[1]).mean(1))
        return torch.cat([each, together.repeat_interleave(each.shape[0] // together.shape[0], dim=0)])


def correlations(u: Tensor, lags: int) -> Tensor:
    """(N, 2, T) to (N, 2 lags): real and imaginary part of the mean of u(t) conj u(t + k), k = 1 ... lags, halved."""
    size = u.shape[-1]
    z = torch.fft.fft(torch.complex(u[:, 0], u[:, 1]), n=2 * size)
    found = torch.fft.ifft(z.real.square() + z.imag.square())[:, 1 : lags + 1] / (size - torch.arange(1, lags + 1))
    return torch.cat([found.real, found.imag], dim=1) / 2


class ChannelCritics(nn.Module):
    """The critics of one channel model: of the emission and, where gains are drawn, of the fading."""

    def __init__(self, shape: ChannelShape) -> None:
        super().__init__()
        kernel = 3 if shape.kind == "dcgan" else 1
        self.emission = UseCritic(shape.conditions, shape.critic_width, kernel)
        self.fading: nn.Module | None = None
        if shape.draws_gain and shape.kind == "dcgan":
            self.fading = FadingCritic(shape.fading_critic_width, shape.lags, shape.pack)
        elif shape.draws_gain:
            self.fading = UseCritic(0, shape.fading_critic_width)
