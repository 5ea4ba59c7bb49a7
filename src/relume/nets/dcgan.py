"""A fully convolutional DCGAN (Radford, Metz and Chintala 2016) for waveforms, after An et al. 2024.

The generator turns a latent sequence of any length into two phases for every symbol of a transmission; the critic looks
at windows of the transmission. Deviations: one dimension instead of two, no batch normalisation in the generator (it
would make a symbol depend on the rest of the batch), outputs normalised to phasors, and a critic that is shown the
phasors beside the waveform, more than an eavesdropper ever sees.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LATENT = 16
STRIDE = 4
PHASORS = 2


class DriveGenerator(nn.Module):
    """Latents (N, 16, 1, L) in [-1, 1] to unit phasors (N, 4, 1, 4 L): real parts of both, then imaginary parts.

    The first eight latent channels are carriers: one phase in half turns for each of four symbols and two phasors. The
    rest feed the DCGAN, whose phasors turn the carriers'. Because the two halves are independent, uniform carriers
    give exactly uniform and independent phases whatever the network has learned: theory is the floor.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ConvTranspose2d(LATENT // 2, width, (1, 4), (1, 2), (0, 1)),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 32, (1, 4), (1, 2), (0, 1)),
            nn.ReLU(),
            nn.Conv2d(32, 2 * PHASORS, (1, 3), padding=(0, 1)),
        )

    def learned(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts (N, 2, 1, 4 L) of the network's own phasors, from latents (N, 8, 1, L)."""
        plane = torch.tanh(self.body(latents))
        real, imaginary = plane[:, :PHASORS], plane[:, PHASORS:]
        size = torch.sqrt(real.square() + imaginary.square() + 1e-9)
        return real / size, imaginary / size

    def forward(self, latents: Tensor) -> Tensor:
        n, _, height, length = latents.shape
        carriers = latents[:, : LATENT // 2].reshape(n, PHASORS, STRIDE, height, length)
        angle = torch.pi * carriers.permute(0, 1, 3, 4, 2).reshape(n, PHASORS, height, length * STRIDE)
        real, imaginary = self.learned(latents[:, LATENT // 2 :])
        cosine, sine = torch.cos(angle), torch.sin(angle)
        return torch.cat([real * cosine - imaginary * sine, real * sine + imaginary * cosine], dim=1)


class WaveformCritic(nn.Module):
    """Windows (N, channels, 1, 256) to logits (N,): positive means the target."""

    def __init__(self, channels: int = 2 + 2 * PHASORS, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, out in enumerate((width, 2 * width, 2 * width)):
            layers += [nn.Conv2d(channels, out, (1, 8), (1, 4), (0, 2)), nn.LeakyReLU(0.2)]
            channels = out
            if number:
                layers.insert(-1, nn.BatchNorm2d(out))
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(channels, 1)

    def forward(self, windows: Tensor) -> Tensor:
        return self.head(self.body(windows).mean(dim=(2, 3)))[:, 0]


class StaticEncryptor(nn.Module):
    """The paper-literal control: G(message, fixed noise), bits (N, 1, 1, T) and fixed noise (1, 4, 1, P) to symbols.

    Every bit becomes one complex symbol, (N, 2, 1, T), power normalised over the batch; the noise is a constant of the
    model, repeated along the message, so that the encryption is the same for every message.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.register_buffer("noise", torch.rand(1, 4, 1, 8) * 2 - 1)
        self.body = nn.Sequential(
            nn.Conv2d(5, width, (1, 5), padding=(0, 2)),
            nn.ReLU(),
            nn.Conv2d(width, width, (1, 3), padding=(0, 1)),
            nn.ReLU(),
            nn.Conv2d(width, 2, (1, 3), padding=(0, 1)),
        )

    def forward(self, bits: Tensor) -> Tensor:
        length = bits.shape[3]
        noise = self.noise.repeat(bits.shape[0], 1, bits.shape[2], (length + 7) // 8)[..., :length]  # type: ignore[operator]
        symbols = torch.tanh(self.body(torch.cat([2 * bits - 1, noise], dim=1)))
        return symbols * torch.rsqrt(2 * symbols.square().mean() + 1e-9)


class Listener(nn.Module):
    """A convolutional receiver: symbols (N, 2, 1, T) and position phase to logits (N, 1, 1, T) that the bit is 1."""

    def __init__(self, width: int = 32, depth: int = 3, channels: int = 2, out: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, (1, 5), padding=(0, 2)), nn.ReLU()]
            channels = width
        self.body = nn.Sequential(*layers, nn.Conv2d(width, out, (1, 1)))

    def forward(self, symbols: Tensor) -> Tensor:
        return self.body(symbols)
