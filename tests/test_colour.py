import numpy as np
import pytest
from skimage import color

from relume import colour
from relume.signal import UsageError

RGB = np.random.default_rng(0).random((50, 3))


def test_ycbcr_against_scikit_image_and_back():
    np.testing.assert_allclose(colour.rgb_to_ycbcr(RGB), color.rgb2ycbcr(RGB), atol=1e-9)
    np.testing.assert_allclose(colour.ycbcr_to_rgb(colour.rgb_to_ycbcr(RGB)), RGB, atol=1e-12)


def test_luma_spans_the_studio_range():
    assert colour.luma(np.zeros(3)) == 16
    assert colour.luma(np.ones(3)) == pytest.approx(235)


def test_lab_against_scikit_image_and_back():
    np.testing.assert_allclose(colour.rgb_to_lab(RGB), color.rgb2lab(RGB), atol=0.02)
    np.testing.assert_allclose(colour.lab_to_rgb(colour.rgb_to_lab(RGB)), RGB, atol=1e-6)


def test_gray_keeps_neutral_values():
    np.testing.assert_allclose(colour.gray(np.repeat(RGB[:, :1], 3, 1)), RGB[:, 0])


def test_transfer_curve_inverts():
    np.testing.assert_allclose(colour.linear_to_srgb(colour.srgb_to_linear(RGB)), RGB, atol=1e-9)


def test_a_gray_array_is_no_colour_picture():
    with pytest.raises(UsageError, match="colour picture"):
        colour.luma(np.zeros((4, 4)))
