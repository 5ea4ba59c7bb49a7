"""The losses of *Image super-resolution reconstruction based on improved GAN* (Wang et al., 2020), by equation number.

    (2)  l_MSE = 1/(r^2 W H) sum (I_HR - G(I_LR))^2
    (3)  l = l_X + 10^-3 l_Gen,  l_X holding both l_MSE and l_VGG  (SRGAN's l_SR is the same function)
    (4)  l_VGG/i,j = 1/(W_ij H_ij) sum (Phi_ij(I_HR) - Phi_ij(G(I_LR)))^2
    (5)  l_Gen = sum_n -log D(G(I_LR))

and, behind one typed choice each, the pixel losses and adversarial games that train more steadily.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from relume.nets.shape import luma

PixelLoss = Literal["l1", "mse", "charbonnier", "psnr"]
Game = Literal["paper", "bce", "minimax", "relativistic", "hinge", "lsgan", "wasserstein"]


def l_mse(restored: Tensor, truth: Tensor) -> Tensor:
    """Eq. 2: the mean squared error of (N, C, rH, rW) pictures in [0, 1], also over channels and the batch."""
    return (truth - restored).square().mean()


def l_vgg(restored: Tensor, truth: Tensor) -> Tensor:
    """Eq. 4: features (N, C, H, W), squared differences summed over channels, divided by W H; the mean of the batch."""
    return (truth - restored).square().sum(1).mean()


def l_gen(logits: Tensor) -> Tensor:
    """Eq. 5: sum over pictures n of -log D, D the sigmoid of (N, ...) logits; a PatchGAN's patches are averaged."""
    return functional.softplus(-logits).flatten(1).mean(1).sum()


def l_lattice(restored: Tensor, truth: Tensor, scale: int, block: int = 6) -> Tensor:
    """How much of the difference of (N, C, sH, sW) pictures repeats from one input pixel to the next: a weave.

    The difference d has s^2 phases, its places within an input pixel. Over ``block`` x ``block`` input pixels what is
    texture averages out and what the network puts everywhere at the same phase stays:
    mean |m_ab - mean_ab m_ab| with m_ab the mean of d[s i + a, s j + b] over the block.
    """
    phases = functional.pixel_unshuffle(restored - truth, scale)
    means = functional.avg_pool2d(phases, block).unflatten(1, (restored.shape[1], scale * scale))
    return (means - means.mean(2, keepdim=True)).abs().mean()


def l_total(content: Tensor, adversarial: Tensor, weight: float = 1e-3) -> Tensor:
    """Eq. 3: l_X + 10^-3 l_Gen."""
    return content + weight * adversarial


def pixel_loss(choice: PixelLoss, restored: Tensor, truth: Tensor) -> Tensor:
    """l1, mse (eq. 2) or charbonnier, sqrt(d^2 + 10^-6), their means over pixels and channels; or :func:`l_psnr`."""
    if choice == "psnr":
        return l_psnr(restored, truth)
    if choice == "l1":
        return functional.l1_loss(restored, truth)
    if choice == "mse":
        return l_mse(restored, truth)
    return torch.sqrt((restored - truth).square() + 1e-6).mean()


def l_psnr(restored: Tensor, truth: Tensor) -> Tensor:
    """10 lg MSE of each picture (N, C, H, W) in [0, 1], their mean in dB: what benchmarks average, but for the sign.

    A smooth picture counts as much as a rough one, where the mean error hears the rough one alone. Of colours the
    error is half that of luma and half that of R, G and B. 10^-5 is added to it: flat patches need not be exact.
    """
    error = (restored - truth).square().mean((1, 2, 3))
    if restored.shape[1] == 3:
        error = (error + (luma(restored) - luma(truth)).square().mean((1, 2, 3))) / 2
    return 10 * torch.log10(error + 1e-5).mean()


@dataclass(frozen=True)
class Content:
    """l_X: ``pixel`` times the pixel loss and, for each depth, its weight times eq. 4 per channel.

    ``depths`` names VGG16 layers (``conv5_3`` is before its ReLU). Deviation: eq. 4 sums over channels, which makes
    deep layers weigh hundreds of times more than shallow ones; here each depth is divided by its channels, so that its
    weight says how much it counts. ``perceptual`` weighs LPIPS (VGG), the same features with learned weights.
    """

    pixel: float = 1.0
    depths: tuple[str, ...] = ("conv5_3",)
    weights: tuple[float, ...] = (0.01,)
    perceptual: float = 0.0

    def __post_init__(self) -> None:
        if len(self.depths) != len(self.weights):
            raise ValueError(f"one weight for each depth: depths={self.depths}, weights={self.weights}")


class ContentLoss(nn.Module):
    """l_X of restored and true pictures (N, 3, H, W) in [0, 1], and its parts by name."""

    def __init__(
        self, choice: Content, pixel: PixelLoss, features: nn.Module | None = None, lpips: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.choice, self.pixel, self.features, self.lpips = choice, pixel, features, lpips

    def forward(self, restored: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        parts = {"pixel": pixel_loss(self.pixel, restored, truth)}
        total = self.choice.pixel * parts["pixel"]
        if self.features is not None:
            with torch.no_grad():
                wanted: Sequence[Tensor] = self.features(truth)
            terms = [
                weight * l_vgg(found.float(), real.float()) / real.shape[1]
                for weight, found, real in zip(self.choice.weights, self.features(restored), wanted, strict=True)
            ]
            parts["vgg"] = torch.stack(terms).sum()
            total = total + parts["vgg"]
        if self.lpips is not None:
            parts["lpips"] = self.lpips(restored, truth).mean()
            total = total + self.choice.perceptual * parts["lpips"]
        return total, parts


def critic_loss(game: Game, real: Tensor, fake: Tensor) -> Tensor:
    """What the critic minimises; real, fake: its logits on true and on made examples.

    wasserstein wants :func:`gradient_penalty` beside it (WGAN-GP); any game takes :func:`r1`.
    """
    if game == "wasserstein":
        return fake.mean() - real.mean()
    if game == "relativistic":
        return (functional.softplus(fake.mean() - real) + functional.softplus(fake - real.mean())).mean() / 2
    if game == "hinge":
        return (functional.relu(1 - real) + functional.relu(1 + fake)).mean() / 2
    if game == "lsgan":
        return ((real - 1).square() + fake.square()).mean() / 2
    return (functional.softplus(-real) + functional.softplus(fake)).mean() / 2


def generator_loss(game: Game, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises; real, fake: the critic's logits on true and on made examples.

    paper: eq. 5; bce: its mean; minimax: E log(1 - D), the generator's part of the value itself; relativistic: the
    average form of Jolicoeur-Martineau (2018); hinge: Lim and Ye (2017); lsgan: Mao et al. (2017); wasserstein:
    Arjovsky et al. (2017).
    """
    if game == "minimax":
        return -functional.softplus(fake).mean()
    if game == "wasserstein":
        return -fake.mean()
    if game == "paper":
        return l_gen(fake)
    if game == "relativistic":
        return (functional.softplus(real.mean() - fake) + functional.softplus(real - fake.mean())).mean() / 2
    if game == "hinge":
        return -fake.mean()
    if game == "lsgan":
        return (fake - 1).square().mean() / 2
    return functional.softplus(-fake).mean()


def r1(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Mescheder et al. (2018), eq. 9: 1/2 E ||grad_x D(x)||^2 at true pictures (N, C, H, W), summed over a picture."""
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean() / 2


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, along: Tensor) -> Tensor:
    """Gulrajani et al. (2017), eq. 3 without its weight: E (||grad_x D(x)|| - 1)^2 between true and made examples.

    ``along`` (N, 1, ...) in [0, 1] says where on the way from ``fake`` to ``real`` each x lies.
    """
    between = torch.lerp(fake.detach(), real.detach(), along).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()
