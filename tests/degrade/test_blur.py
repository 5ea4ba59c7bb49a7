"""Blur kernels and their convolution against SciPy."""

import numpy as np
import pytest
from scipy import ndimage

from relume.degrade import blur
from relume.degrade.blur import Defocus, GaussianBlur, GeneralisedBlur, convolve, disc, generalised


def moments(kernel: np.ndarray) -> np.ndarray:
    ticks = np.arange(len(kernel)) - len(kernel) // 2
    y, x = np.meshgrid(ticks, ticks, indexing="ij")
    return np.array(
        [[(kernel * x * x).sum(), (kernel * x * y).sum()], [(kernel * x * y).sum(), (kernel * y * y).sum()]]
    )


@pytest.mark.parametrize("kernel", [generalised(1.0, 3.0, 0.4, 0.7), generalised(2, 2, 0, 2), disc(2.3), disc(0.1)])
def test_kernels_sum_to_one_and_have_their_centre_in_the_middle(kernel: np.ndarray) -> None:
    assert kernel.sum() == pytest.approx(1)
    assert len(kernel) % 2 == 1
    assert ndimage.center_of_mass(kernel) == pytest.approx((len(kernel) // 2,) * 2)


def test_a_gaussian_kernel_has_the_covariance_of_its_widths_and_angle() -> None:
    turn = np.array([[np.cos(0.6), np.sin(0.6)], [-np.sin(0.6), np.cos(0.6)]])
    wanted = turn.T @ np.diag([3.0**2, 1.5**2]) @ turn
    assert moments(generalised(3.0, 1.5, 0.6, 2.0)) == pytest.approx(wanted, rel=0.05, abs=0.05)


@pytest.mark.parametrize("beta", [0.7, 1.0, 2.0, 4.0, 8.0])
def test_the_deviation_is_the_kernels_own_whatever_its_shape(beta: float) -> None:
    assert moments(generalised(4.0, 4.0, 0.0, beta))[0, 0] == pytest.approx(16, rel=0.1)


def test_a_large_disc_has_the_second_moment_of_a_disc() -> None:
    assert moments(disc(9.0))[0, 0] == pytest.approx(9.0**2 / 4, rel=0.02)


@pytest.mark.parametrize("shape", [(40, 33), (40, 33, 3), (5, 90)])
@pytest.mark.parametrize("kernel", [generalised(1.2, 2.0, 0.3, 1.5), disc(3.0)])
def test_convolution_is_scipys_with_mirrored_edges(shape: tuple[int, ...], kernel: np.ndarray) -> None:
    x = np.random.default_rng(0).random(shape)
    planes = x.reshape(*shape[:2], -1)
    wanted = np.stack([ndimage.convolve(p, kernel, mode="reflect") for p in np.moveaxis(planes, 2, 0)], -1)
    assert convolve(x, kernel) == pytest.approx(wanted.reshape(shape), abs=1e-12)


def test_blocks_of_a_large_picture_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    x, kernel = np.random.default_rng(0).random((50, 70, 3)), disc(2.5)
    whole = convolve(x, kernel)
    monkeypatch.setattr(blur, "BLOCK", 16)
    assert convolve(x, kernel) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("made", [GaussianBlur(), GaussianBlur(isotropic=False), GeneralisedBlur(), Defocus()])
def test_a_flat_picture_stays_flat(made) -> None:
    x = np.full((20, 30, 3), 0.4)
    assert made.apply(x, made.draw(x.shape, np.random.default_rng(3))) == pytest.approx(x)


def test_an_isotropic_blur_is_scipys_gaussian_filter() -> None:
    x, made = np.random.default_rng(0).random((60, 60)), GaussianBlur(1.5)
    y = made.apply(x, made.draw(x.shape, np.random.default_rng(0)))
    assert y == pytest.approx(ndimage.gaussian_filter(x, 1.5, truncate=4), abs=3e-3)
