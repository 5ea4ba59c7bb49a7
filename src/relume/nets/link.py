"""The learned link: a convolutional encoder of finite receptive field and the trellis network that listens to it.

End-to-end learning of a physical layer: O'Shea and Hoydis 2017; sequences of any length by convolution: Wu et al. 2019;
a code as the start of learning: Jiang et al. 2019 (TurboAE). Deviations: the encoder is the most general function of
its window of bits (one hidden unit for every content), it starts as a classical trellis code with a zero-initialised
residual, so that theory is the floor, and the receiver is not a black box but the unrolled forward-backward recursion
of that very encoder, through which the gradient runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn


class WindowEncoder(nn.Module):
    """Bits (N, m, 1, T) in {0, 1}, zeros before the message, to values (N, d, 1, T - memory / m).

    Layer one holds a matched filter with bias for each of the ``2 ** (memory + m)`` contents of the window, so that
    exactly one of its rectified outputs is 1; layer two is the start plus the learned residual.
    """

    def __init__(self, start: Tensor, m: int) -> None:
        super().__init__()
        rows, d = start.shape
        width = rows.bit_length() - 1
        contents = torch.arange(rows)[:, None] >> torch.arange(width) & 1  # bit p of the index in column p
        signs = (2 * contents - 1).float()
        kernel = signs.reshape(rows, width // m, m).flip(2).permute(0, 2, 1)  # oldest step first, first bit first
        self.register_buffer("matched", kernel.reshape(rows, m, 1, width // m).contiguous())
        self.register_buffer("threshold", torch.full((rows,), 1.0 - width))
        self.register_buffer("start", start.float().clone())
        self.residual = nn.Parameter(torch.zeros(rows, d))

    def table(self) -> Tensor:
        """The outputs for every window, (2 ** (memory + m), d), mean energy d / 2."""
        free = self.start + self.residual  # type: ignore[operator]
        return free * torch.rsqrt(2 * free.square().mean())

    def forward(self, bits: Tensor) -> Tensor:
        active = torch.relu(nn.functional.conv2d(2 * bits - 1, self.matched, self.threshold))  # type: ignore[arg-type]
        return nn.functional.conv2d(active, self.table().t()[:, :, None, None])


class TrellisReceiver(nn.Module):
    """Received values and precisions (N, 2 d, 1, T) to LLRs (N, m, 1, T): forward-backward over the encoder's table.

    Channel order: d values, then d precisions 1 / n0. A recurrent cell with one state for every past of the window,
    run in both directions from ignorance; the weights are the table's.
    """

    def __init__(self, table: Tensor, m: int) -> None:
        super().__init__()
        self.sweep = kept_loop()
        rows = table.shape[0]
        self.m = m
        self.inputs = 2**m
        self.states = rows // self.inputs
        self.table = nn.Parameter(table.detach().clone())
        labels = torch.arange(self.inputs)[:, None] >> torch.arange(m - 1, -1, -1) & 1
        self.register_buffer("ones", labels.float())

    def forward(self, received: Tensor) -> Tensor:
        gammas = branch_weights(self.table, received)
        posteriors = self.sweep(gammas, self.states, self.inputs)
        return bit_llrs(posteriors.permute(1, 0, 2), self.ones)  # type: ignore[arg-type]


def recursion(table: Tensor, received: Tensor, states: int, inputs: int, ones: Tensor) -> Tensor:
    """The forward-backward recursion in normalised probabilities; shapes as in :class:`TrellisReceiver`."""
    gammas = branch_weights(table, received)
    alpha = torch.full_like(gammas[0, :, :states], 1 / states)
    beta, alphas, posteriors = alpha, [], []
    for gamma in gammas.unbind(0):
        alphas.append(alpha)
        moved = gamma.reshape(-1, inputs, states) * alpha[:, None]
        alpha = normalise(moved.reshape(-1, states, inputs).sum(2))
    for gamma, alpha in zip(gammas.flip(0).unbind(0), reversed(alphas), strict=True):
        moved = (gamma.reshape(-1, states, inputs) * beta[:, :, None]).reshape(-1, inputs, states)
        posteriors.append((moved * alpha[:, None]).sum(2))
        beta = normalise(moved.sum(1))
    return bit_llrs(torch.stack(posteriors[::-1], dim=1), ones)


def branch_weights(table: Tensor, received: Tensor) -> Tensor:
    """How well every window explains every step, (T, N, rows), summing to 1 over rows."""
    d = table.shape[1]
    values, precision = received[:, :d, 0].permute(2, 0, 1), received[:, d:, 0].permute(2, 0, 1)
    return torch.softmax((2 * values * precision) @ table.t() - precision @ table.square().t(), dim=2)


def bit_llrs(posterior: Tensor, ones: Tensor) -> Tensor:
    """Weights of the 2 ** m inputs (N, T, 2 ** m) to bit LLRs (N, m, 1, T)."""
    posterior = posterior + 1e-30
    posterior = posterior / posterior.sum(2, keepdim=True)
    zero, one = posterior @ (1 - ones), posterior @ ones
    return (torch.log(zero + 1e-30) - torch.log(one + 1e-30)).permute(0, 2, 1)[:, :, None]


def normalise(weights: Tensor) -> Tensor:
    """Non-negative weights (N, states) to probabilities."""
    weights = weights + 1e-30
    return weights / weights.sum(1, keepdim=True)


class BlockAutoencoder(nn.Module):
    """The (n, k) autoencoder of O'Shea and Hoydis 2017, table IV: 2^k messages to n real uses of energy 1/2 each.

    Deviations: the codebook is normalised to a fixed energy for each codeword, and the receiver's hidden layer starts
    as the correlator, which for codewords of equal energy is the maximum-likelihood rule.
    """

    def __init__(self, messages: int, uses: int) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(messages, uses))
        self.correct = nn.Sequential(nn.Linear(uses, 32), nn.ReLU(), nn.Linear(32, messages))
        nn.init.zeros_(self.correct[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.correct[2].bias)  # type: ignore[arg-type]

    def codebook(self) -> Tensor:
        """All codewords, (2 ** k, n), energy n / 2 each."""
        return nn.functional.normalize(self.code, dim=1) * (self.code.shape[1] / 2) ** 0.5

    def receive(self, y: Tensor) -> Tensor:
        """Scores of all messages, (N, 2 ** k), from received values (N, n)."""
        return y @ self.codebook().t() + self.correct(y)

    def forward(self, messages: Tensor, noise: Tensor) -> Tensor:
        """Scores (N, 2 ** k) of ``messages`` (N,) sent through additive ``noise`` (N, n)."""
        return self.receive(self.codebook()[messages] + noise)


def sweep(gammas: Tensor, states: int, inputs: int) -> Tensor:
    """The recursion of :func:`recursion` in plain indices, for :func:`kept_loop`; (T, N, rows) to (T, N, inputs)."""
    alpha = torch.ones([gammas.shape[1], states]) / states
    beta = alpha
    alphas = torch.zeros([0, gammas.shape[1], states])
    posteriors = torch.zeros([0, gammas.shape[1], inputs])
    for t in range(gammas.shape[0]):
        alphas = torch.cat([alphas, alpha[None]], 0)
        weights = (gammas[t].reshape(-1, inputs, states) * alpha[:, None]).reshape(-1, states, inputs).sum(2) + 1e-30
        alpha = weights / weights.sum(1, keepdim=True)
    for k in range(gammas.shape[0]):
        t = gammas.shape[0] - 1 - k
        moved = (gammas[t].reshape(-1, states, inputs) * beta[:, :, None]).reshape(-1, inputs, states)
        posteriors = torch.cat([(moved * alphas[t][:, None]).sum(2)[None], posteriors], 0)
        weights = moved.sum(1) + 1e-30
        beta = weights / weights.sum(1, keepdim=True)
    return posteriors


def kept_loop() -> Callable[[Tensor, int, int], Tensor]:
    """:func:`sweep` as a loop that ONNX keeps for any length; torch deprecates scripting and has no other way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(sweep)  # type: ignore[no-any-return]
