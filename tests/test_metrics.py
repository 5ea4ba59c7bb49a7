import numpy as np
import pytest
from skimage.color import deltaE_ciede2000
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from relume.colour import luma
from relume.metrics import ciede2000, delta_e, protocol_y, psnr, psnr_y, ssim, ssim_y
from relume.signal import UsageError


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    truth = rng.random((40, 36, 3))
    return truth, np.clip(truth + rng.normal(0, 0.05, truth.shape), 0, 1)


def test_psnr_against_scikit_image(pair):
    assert psnr(*pair) == pytest.approx(peak_signal_noise_ratio(*pair, data_range=1), abs=1e-9)
    assert psnr(pair[0], pair[0]) == float("inf")


def test_psnr_y_is_psnr_of_rounded_shaved_luma(pair):
    y = [np.rint(luma(np.rint(p * 255) / 255))[4:-4, 4:-4] for p in pair]
    assert psnr_y(*pair, 4) == pytest.approx(peak_signal_noise_ratio(*y, data_range=255), abs=1e-9)


def test_gray_pictures_are_scored_on_their_gray_values(pair):
    truth, other = (p[..., 0] for p in pair)
    levels = [np.rint(p * 255)[3:-3, 3:-3] for p in (truth, other)]
    assert psnr_y(truth, other, 3) == pytest.approx(peak_signal_noise_ratio(*levels, data_range=255), abs=1e-9)
    assert protocol_y(truth, 0).max() > 235  # no studio range for gray


def test_ssim_y_against_scikit_image(pair):
    y = [protocol_y(p, 2) for p in pair]
    expected, full = structural_similarity(
        *y, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    assert ssim_y(*pair, 2) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-7)
    assert expected == pytest.approx(ssim_y(*pair, 2), abs=1e-6)


def test_ssim_of_colour_is_the_mean_over_channels(pair):
    assert ssim(*pair) == pytest.approx(np.mean([ssim(pair[0][..., c], pair[1][..., c]) for c in range(3)]))


def test_ciede2000_against_scikit_image():
    rng = np.random.default_rng(1)
    one = rng.uniform([0, -100, -100], [100, 100, 100], (500, 3))
    two = one + rng.normal(0, 15, one.shape)
    np.testing.assert_allclose(ciede2000(one, two), deltaE_ciede2000(one, two), atol=1e-6)


# Four of the reference pairs of Sharma, Wu and Dalal (2005), table 1: where implementations tend to differ.
@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_reference_pairs(one, two, expected):
    assert ciede2000(np.array(one), np.array(two)) == pytest.approx(expected, abs=1e-4)


def test_delta_e_is_zero_only_for_equal_pictures(pair):
    assert delta_e(pair[0], pair[0]) == 0
    assert delta_e(*pair) > 1


def test_pictures_that_differ_in_shape_are_refused(pair):
    for metric in (psnr, ssim, delta_e):
        with pytest.raises(UsageError, match="differ in shape"):
            metric(pair[0], pair[1][1:])
    with pytest.raises(UsageError, match="11 pixels"):
        ssim(np.zeros((8, 8)), np.zeros((8, 8)))
