import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm.channels import ebn0_to_n0
from relume.comm.codes import (
    CONV7,
    Convolutional,
    all_messages,
    deinterleave,
    hamming_decode,
    hamming_encode,
    interleaver,
)
from relume.comm.schemes import CLASSICAL, Codebook, TrellisLink, gather, spread
from relume.comm.trellis import Trellis
from relume.comm.windows import Windows
from relume.signal import UsageError

CODE_TABLE = (1 - 2 * CONV7.outputs.astype(np.float32)) * np.float32(0.5**0.5)


def test_hamming_corrects_every_single_error_and_has_distance_three():
    words = hamming_encode(all_messages(4))
    distance = (words[:, None] != words[None]).sum(-1)
    assert distance[~np.eye(16, dtype=bool)].min() == 3
    for flip in range(7):
        soft = 1.0 - 2 * words
        soft[:, flip] *= -1
        assert (hamming_decode(soft) == all_messages(4)).all()


def test_hamming_ml_block_error_rate_at_six_decibels():
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2, (600_000, 4), dtype=np.uint8)
    sigma = (2 * 4 / 7 * 10**0.6) ** -0.5
    y = 1 - 2 * hamming_encode(bits).astype(np.float32) + sigma * rng.standard_normal((600_000, 7), dtype=np.float32)
    assert (hamming_decode(y) != bits).any(1).mean() == pytest.approx(7.9e-4, rel=0.15)


def test_the_k7_code_has_free_distance_ten():
    bits = np.zeros((1, 40), np.uint8)
    bits[0, 0] = 1
    assert CONV7.encode(bits).sum() == 10
    assert CONV7.encode(bits).shape == (1, 46, 2)
    first = CONV7.encode(bits)[0, :7]
    assert first[:, 0].tolist() == [1, 1, 1, 1, 0, 0, 1] and first[:, 1].tolist() == [1, 0, 1, 1, 0, 1, 1]


@pytest.mark.parametrize("length", [1, 2, 64, 700, 3001])
def test_viterbi_and_map_read_a_clean_and_a_noisy_signal(length):
    rng = np.random.default_rng(length)
    bits = rng.integers(0, 2, (2, length), dtype=np.uint8)
    trellis = Trellis(CODE_TABLE)
    x = trellis.encode(bits)
    assert (x < 0).astype(np.uint8) == pytest.approx(CONV7.encode(bits))
    y = x + 0.3 * rng.standard_normal(x.shape).astype(np.float32)
    assert (CONV7.decode(y) == bits).all()
    assert ((trellis.decode(y, np.float32(0.18), length) < 0) == bits).all()


def test_viterbi_at_three_decibels():
    scheme = CLASSICAL["qpsk+conv7"]
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (6000, 64), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    n0 = ebn0_to_n0(3.0, scheme.rate(64))
    y = x + (n0 / 2) ** 0.5 * rng.standard_normal(x.shape).astype(np.float32)
    assert (scheme.decode(y, {"n0": n0}, 64) != bits).mean() == pytest.approx(7.7e-4, rel=0.35)


def test_the_map_rule_gives_the_true_posterior():
    rng = np.random.default_rng(5)
    trellis = Trellis(rng.normal(0, 0.5, (16, 1)).astype(np.float32), m=2)
    k = 5
    messages = all_messages(k)
    words = trellis.encode(messages).reshape(32, -1).astype(np.float64)
    y = (words[11] + rng.normal(0, 0.4, words.shape[1])).astype(np.float32)
    metric = -((y - words) ** 2).sum(1) / 0.32
    expected = [
        np.logaddexp.reduce(metric[messages[:, b] == 0]) - np.logaddexp.reduce(metric[messages[:, b] == 1])
        for b in range(k)
    ]
    found = trellis.decode(y.reshape(1, -1, 1), np.float32(0.32), k)
    assert found[0] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 12])
def test_the_expected_energy_is_exactly_one_at_any_length(length):
    trellis = Trellis(np.random.default_rng(0).normal(0.3, 0.6, (64, 1)).astype(np.float32), m=2)
    x = trellis.encode(all_messages(length)).astype(np.float64)
    assert (x**2).sum(axis=(1, 2)).mean() == pytest.approx(trellis.steps(length) / 2, rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.sampled_from([1, 2]))
def test_every_length_survives_a_clean_channel(length, m):
    rng = np.random.default_rng(length)
    table = rng.normal(0, 0.7, (2 ** (4 + m), 1)).astype(np.float32)
    link = TrellisLink("t", Trellis(table, m))
    bits = rng.integers(0, 2, (1, length), dtype=np.uint8)
    x = link.encode(bits, rng)
    assert x.shape == (1, link.uses(length), 2)
    assert (link.decode(x, {"n0": 1e-3}, length) == bits).all()


def test_spreading_is_undone():
    rng = np.random.default_rng(0)
    for d, steps in ((1, 8), (2, 5)):
        values = rng.normal(size=(3, steps, d))
        assert (gather(spread(values), d) == values).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 200), st.integers(0, 60))
def test_windows_cover_every_step_once(steps, core, guard):
    out = np.full((2, steps), -1.0)
    x = np.arange(2 * steps, dtype=float).reshape(2, steps)
    cut = Windows(steps, core, guard)
    written = np.zeros(steps, int)
    for place in cut.groups():
        cut.paste(out, cut.cut(x, place), place)
        mark = np.zeros((1, steps))
        cut.paste(mark, np.ones((len(place.starts), place.length)), place)
        written += mark[0].astype(int)
    assert (out == x).all() and (written == 1).all()


def test_an_interleaver_is_a_permutation_and_is_undone():
    p = interleaver(1000)
    x = np.arange(1000)
    assert sorted(p) == list(range(1000)) and (deinterleave(x[p], p) == x).all()
    assert np.abs(np.diff(p)).min() >= 1
    with pytest.raises(UsageError):
        interleaver(0)


def test_a_codebook_is_read_by_distance_over_fading():
    words = (1 - 2 * hamming_encode(all_messages(4)).astype(np.float32)) * np.float32(0.5**0.5)
    scheme, twin = Codebook("c", words), CLASSICAL["hamming74"]
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (50, 13), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    assert (x == twin.encode(bits, rng)).all() and scheme.rate(4) == twin.rate(4) == pytest.approx(8 / 7)
    y = x + 0.4 * rng.standard_normal(x.shape).astype(np.float32)
    known = {"n0": 0.3, "gain": np.ones_like(x) * np.array([1, 0], np.float32)}
    assert (scheme.decode(y, known, 13) == twin.decode(y, known, 13)).all()


@pytest.mark.parametrize("name", CLASSICAL)
def test_empty_truncated_and_broken_waveforms_are_refused(name):
    scheme = CLASSICAL[name]
    with pytest.raises(UsageError):
        scheme.uses(0)
    x = scheme.encode(np.zeros((1, 24), np.uint8), np.random.default_rng(0))
    with pytest.raises(UsageError, match="takes"):
        scheme.decode(x[:, :-1], {"n0": 0.1}, 24)
    with pytest.raises(UsageError, match="finite"):
        scheme.decode(np.full_like(x, np.nan), {"n0": 0.1}, 24)


def test_impossible_codes_are_refused():
    with pytest.raises(UsageError):
        Convolutional(3, (0o17,))
    with pytest.raises(UsageError):
        Convolutional(1, (1,))
    with pytest.raises(UsageError):
        Trellis(np.zeros((6, 1), np.float32))
    with pytest.raises(UsageError):
        Trellis(np.zeros((8, 1), np.float32), m=2)
