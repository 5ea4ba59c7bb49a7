"""The paper's equations, each against its own arithmetic."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from relume.train.losses import (
    Content,
    ContentLoss,
    critic_loss,
    generator_loss,
    l_gen,
    l_lattice,
    l_mse,
    l_total,
    l_vgg,
    pixel_loss,
    r1,
)

GAMES = ("paper", "bce", "relativistic", "hinge", "lsgan")
A = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(1))
B = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(2))


def test_eq2_mse():
    per_picture = ((A - B).numpy() ** 2).sum((1, 2, 3)) / (4 * 6) / 3
    assert l_mse(A, B).item() == pytest.approx(per_picture.mean(), rel=1e-6)


def test_eq4_vgg_divides_by_width_and_height_alone():
    per_picture = ((A - B).numpy() ** 2).sum((1, 2, 3)) / (4 * 6)
    assert l_vgg(A, B).item() == pytest.approx(per_picture.mean(), rel=1e-6)


def test_a_weave_is_seen_and_a_shade_or_one_dot_is_not():
    truth = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(3))
    weave = torch.zeros(4, 4)
    weave[0, 0] = 0.16
    woven = truth + weave.repeat(12, 12)
    assert l_lattice(woven, truth, 4).item() == pytest.approx((0.15 + 15 * 0.01) / 16, rel=1e-4)
    assert l_lattice(truth + 0.3, truth, 4).item() == pytest.approx(0, abs=1e-6)
    assert l_lattice(woven, truth, 3).item() < 0.3 * l_lattice(woven, truth, 4).item()


def test_eq5_sums_minus_log_d_over_pictures():
    logits = torch.tensor([[0.0], [2.0], [-3.0]])
    expected = sum(-math.log(1 / (1 + math.exp(-x))) for x in (0, 2, -3))
    assert l_gen(logits).item() == pytest.approx(expected, rel=1e-6)
    patches = logits.view(3, 1, 1, 1).expand(3, 1, 5, 5)
    assert l_gen(patches).item() == pytest.approx(expected, rel=1e-6)


def test_eq3_weighs_the_adversary_by_a_thousandth():
    assert l_total(torch.tensor(2.0), torch.tensor(3.0)).item() == pytest.approx(2.003)


def test_pixel_losses():
    d = (A - B).numpy().astype(np.float64)
    assert pixel_loss("l1", A, B).item() == pytest.approx(np.abs(d).mean(), rel=1e-6)
    assert pixel_loss("mse", A, B).item() == pytest.approx((d**2).mean(), rel=1e-6)
    assert pixel_loss("charbonnier", A, B).item() == pytest.approx(np.sqrt(d**2 + 1e-6).mean(), rel=1e-6)


def test_psnr_is_the_mean_of_the_pictures_decibels():
    gray, near = torch.rand(2, 1, 6, 5), torch.rand(2, 1, 6, 5)
    errors = (gray - near).square().mean((1, 2, 3))
    expected = np.mean([10 * math.log10(float(error) + 1e-5) for error in errors])
    assert pixel_loss("psnr", near, gray).item() == pytest.approx(expected, rel=1e-5)


def test_psnr_of_colours_hears_luma_as_much_as_all_channels():
    truth = torch.full((1, 3, 4, 4), 0.5)
    green = truth + torch.tensor([0.0, 0.1, 0.0]).view(1, 3, 1, 1)
    mean, luma = 0.01 / 3, (0.1 * 128.553 / 255) ** 2
    assert pixel_loss("psnr", green, truth).item() == pytest.approx(10 * math.log10((mean + luma) / 2 + 1e-5), rel=1e-5)


@pytest.mark.parametrize("game", GAMES)
def test_games_pull_the_two_apart(game):
    real, fake = torch.full((4, 1), 0.3, requires_grad=True), torch.full((4, 1), 0.2, requires_grad=True)
    critic_loss(game, real, fake).backward()
    assert (real.grad < 0).all()  # a step down the loss raises the logit of true pictures
    assert (fake.grad > 0).all()
    fake = torch.full((4, 1), 0.2, requires_grad=True)
    generator_loss(game, real.detach(), fake).backward()
    assert (fake.grad < 0).all()  # and the generator raises its own


def test_a_fooled_critic_of_the_logit_games_pays_log_two():
    zero = torch.zeros(3, 1)
    for game in ("paper", "bce", "relativistic"):
        assert critic_loss(game, zero, zero).item() == pytest.approx(math.log(2))
    assert critic_loss("hinge", zero, zero).item() == 1
    assert critic_loss("lsgan", zero, zero).item() == 0.5


def test_r1_of_a_linear_critic_is_half_its_squared_slope():
    slope = torch.rand(3, 4, 6, generator=torch.Generator().manual_seed(3))
    assert r1(lambda x: (x * slope).sum((1, 2, 3)), A).item() == pytest.approx(
        slope.square().sum().item() / 2, rel=1e-5
    )


class Doubled(nn.Module):
    def forward(self, x):
        return [2 * x, x[:, :1]]


class Distance(nn.Module):
    def forward(self, a, b):
        return (a - b).abs().mean((1, 2, 3), keepdim=True)


def test_content_holds_both_terms():
    choice = Content(pixel=0.5, depths=("conv1_1", "conv1_2"), weights=(0.1, 10.0), perceptual=2.0)
    total, parts = ContentLoss(choice, "mse", Doubled(), Distance())(A, B)
    vgg = 0.1 * l_vgg(2 * A, 2 * B) / 3 + 10 * l_vgg(A[:, :1], B[:, :1])
    torch.testing.assert_close(parts["vgg"], vgg)
    torch.testing.assert_close(total, 0.5 * l_mse(A, B) + vgg + 2 * (A - B).abs().mean())


def test_content_without_weights_for_its_depths_is_refused():
    with pytest.raises(ValueError, match="one weight for each depth"):
        Content(depths=("conv5_3",), weights=())
