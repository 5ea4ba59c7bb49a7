import numpy as np
import pytest

from relume.comm import theory
from relume.comm.attacks import run_analytic
from relume.comm.ber import Air, Limits, simulate
from relume.comm.cipher import split_key
from relume.comm.pilots import Piloted
from relume.comm.schemes import CLASSICAL
from relume.comm.traffic import TrafficLink
from relume.runtime.tasks import link as links
from relume.signal import UsageError

MANY = Limits(10**9, 40_000)


@pytest.mark.parametrize("length", [1, 7, 997])
def test_pilots_are_charged_and_the_message_comes_back(length):
    scheme = links.build("ae-2+pilots")
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (3, length), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    assert x.shape == (3, scheme.uses(length), 2)
    assert scheme.rate(length) < links.build("ae-2").rate(length) * 14 / 16 + 1e-9
    turned = np.stack([-x[..., 1], x[..., 0]], axis=-1)
    assert (scheme.decode(turned.astype(np.float32), {"n0": 1e-4}, length) == bits).all()


def test_a_receiver_with_pilots_is_close_to_one_that_is_told_the_gain_and_one_without_either_reads_nothing():
    air = Air("rayleigh", 16, csi=False)
    ours = simulate(links.build("ae-1+pilots"), air, (10.0,), length=8192, limits=MANY).points[0]
    told = simulate(links.build("ae-1"), Air("rayleigh", 16), (7.0,), length=8192, limits=MANY).points[0]
    lost = simulate(links.build("ae-1"), air, (10.0,), length=8192, limits=MANY).points[0]
    assert ours.ber < told.ber and lost.ber > 0.4
    plain = simulate(links.build("16qam+pilots"), air, (15.0,), length=8192, limits=MANY).points[0]
    exact = theory.ber("16qam", "rayleigh", 15.0)
    assert exact < plain.ber < 3 * exact


def test_a_block_needs_room_for_more_than_pilots():
    with pytest.raises(UsageError, match="a block of 4 symbols holds 1 to 3 pilots, not 4"):
        Piloted("x", CLASSICAL["qpsk"], 4, 4)


def test_the_secure_link_in_plain_traffic_reads_with_the_key_alone():
    scheme = links.build("traffic-4")
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (4, 3000), dtype=np.uint8)
    x = scheme.encode(bits, rng)
    assert x.shape == (4, scheme.uses(3000), 2) and scheme.uses(3000) - links.build("ae-4").uses(3000) < 80
    assert (scheme.decode(x, {"n0": 0.01}, 3000) == bits).all()
    other = TrafficLink("x", scheme.inner, split_key(bytes(32)))
    assert not other.decode(x, {"n0": 0.01}, 3000).any()
    whole = scheme.header_bits + 3000
    read = scheme.inner.decode(x, {"n0": 0.01}, whole)
    assert scheme.inner.encode(read, rng) == pytest.approx(x, abs=1e-6)  # on the air it is a message of ae-4


def test_analytic_attacks_find_nothing_in_plain_traffic():
    verdicts = run_analytic(links.build("traffic-4"), train=600, test=1500, rng=np.random.default_rng(3))
    assert not any(v.broken for v in verdicts)
