import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm import distances
from relume.comm.laboratory import CHANNELS, Samples, as_pairs, find, load_samples, measure, save_samples
from relume.comm.modem import Modem
from relume.signal import InputRejected, OutputRefused, UsageError

RNG = np.random.default_rng(0)


def entries(n=5000):
    x = np.random.default_rng(1).standard_normal((n, 2)).astype(np.float32)
    return {"symbols": x, "received": x + 0.1, "gain": x * 2}


def written(tmp_path, **changes):
    path = tmp_path / "samples.npz"
    np.savez(path, **{k: v for k, v in (entries() | changes).items() if v is not None})
    return path


def test_samples_survive_the_file(tmp_path):
    samples = measure(CHANNELS["rayleigh-block"], 8192, np.random.default_rng(2))
    save_samples(tmp_path / "a.npz", samples)
    again = load_samples(tmp_path / "a.npz")
    for name in ("symbols", "received", "gain"):
        np.testing.assert_array_equal(getattr(again, name), getattr(samples, name))
    assert again.block == 16
    with pytest.raises(OutputRefused, match="exists"):
        save_samples(tmp_path / "a.npz", samples)


def test_complex_and_flat_files_are_taken(tmp_path):
    x = entries()["symbols"]
    samples = load_samples(written(tmp_path, symbols=x[:, 0] + 1j * x[:, 1]))
    np.testing.assert_array_equal(samples.symbols[0], x)


BAD = {
    "nan": ({"received": np.full((5000, 2), np.nan)}, "finite"),
    "infinite": ({"gain": np.full((5000, 2), np.inf)}, "finite"),
    "length": ({"received": np.ones((4999, 2))}, "give one for each"),
    "columns": ({"symbols": np.ones((5000, 3))}, "real I/Q"),
    "few": ({"symbols": np.ones((9, 2)), "received": np.ones((9, 2)), "gain": None}, "too few"),
    "missing": ({"received": None}, "no 'received'"),
    "constant": ({"received": np.ones((5000, 2))}, "never change"),
    "text": ({"symbols": np.array(["a"] * 5000)}, "real I/Q"),
    "block": ({"block": np.array(0)}, "block"),
    "no-block": ({"block": np.array([1, 2])}, "samples.npz"),
    "empty": ({"symbols": np.ones((0, 2))}, "empty"),
    "no-gain": ({"gain": np.zeros((5000, 2))}, "zero throughout"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_samples_are_named(tmp_path, name):
    changes, told = BAD[name]
    with pytest.raises(InputRejected, match=told) as caught:
        load_samples(written(tmp_path, **changes))
    assert "samples.npz" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY", b"text"])
def test_what_is_no_archive_is_rejected(tmp_path, content):
    path = tmp_path / "samples.npz"
    path.write_bytes(content)
    with pytest.raises(InputRejected, match=r"samples\.npz"):
        load_samples(path)


def test_a_single_array_is_no_archive(tmp_path):
    np.save(tmp_path / "samples.npy", np.ones((5000, 2)))
    with pytest.raises(InputRejected, match=r"not an \.npz"):
        load_samples(tmp_path / "samples.npy")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputRejected, match="no such file"):
        load_samples(tmp_path / "none.npz")


@given(st.integers(0, 3), st.integers(1, 5), st.sampled_from(["f4", "f8", "i2", "u1", "c8"]))
@settings(max_examples=40, deadline=None)
def test_as_pairs_gives_pairs_or_says_no(dimensions, last, kind):
    values = np.ones((3,) * dimensions + (last,), kind)
    try:
        pairs = as_pairs(values, "x")
    except InputRejected:
        assert not (kind == "c8" or (dimensions and last == 2))
    else:
        assert pairs.shape[-1] == 2 and pairs.dtype == np.float32


def test_an_unknown_channel_names_the_known():
    with pytest.raises(UsageError, match="saleh"):
        find("ocean")


def test_ks_is_the_largest_gap():
    assert distances.ks(np.array([0.0, 1]), np.array([0.0, 1])) == 0
    assert distances.ks(np.zeros(3), np.ones(5)) == 1
    assert distances.ks(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 13, 14])) == 0.5
    scipy = pytest.importorskip("scipy.stats")
    a, b = RNG.standard_normal(500), RNG.standard_normal(400) + 0.2
    assert distances.ks(a, b) == pytest.approx(scipy.ks_2samp(a, b).statistic)


def test_sliced_distance_of_a_shift_and_of_a_scale():
    y = RNG.standard_normal((20000, 2))
    assert distances.sliced_wasserstein(y, y + np.array([0.3, 0.4])) == pytest.approx(0.5 / np.sqrt(2), rel=1e-6)
    assert distances.sliced_wasserstein(y, y * 1.1) == pytest.approx(0.1, rel=0.05)
    with pytest.raises(UsageError, match="one size"):
        distances.sliced_wasserstein(y, y[1:])


def test_moments_per_symbol():
    symbols = Modem(4).modulate(RNG.integers(0, 2, 4 * 40000, dtype=np.uint8))
    y = 2 * symbols + RNG.standard_normal(symbols.shape) * [1.0, 2.0]
    found = distances.per_symbol(y, symbols)
    assert found.symbols.shape == (16, 2)
    np.testing.assert_allclose(found.means, 2 * found.symbols, atol=0.2)
    np.testing.assert_allclose(found.covariances.mean(0), [[1, 0], [0, 4]], atol=0.1)
    moved = distances.Moments(found.symbols, found.means, found.covariances * 1.1)
    assert distances.variance_error(found, moved) == pytest.approx(0.1)
    assert distances.covariance_error(found, moved) == pytest.approx(0.1)
    assert distances.mean_error(found, moved) == 0


def test_autocorrelation_wants_more_gains_than_lags():
    with pytest.raises(UsageError, match="lags"):
        distances.autocorrelation(np.ones(10, complex), 10)


def test_measure_alternates_16qam_and_probes():
    samples = measure(CHANNELS["awgn"], 4096, np.random.default_rng(3))
    powers = np.round(np.square(samples.symbols[0]).sum(1) * 10)
    assert len(np.unique(powers[:512])) == 3
    assert len(np.unique(powers[512:1024])) > 10
    assert isinstance(samples, Samples)
