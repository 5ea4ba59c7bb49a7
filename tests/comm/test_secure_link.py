import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.comm import transport
from relume.comm.attacks import (
    affine,
    bit_flips,
    codebook,
    distinguish,
    linear,
    no_key,
    observe,
    run_analytic,
    solve_gf2,
    table,
    verdict,
)
from relume.comm.channels import Awgn, Rayleigh, to_complex
from relume.comm.cipher import (
    Altered,
    NonceCounter,
    NonceReuse,
    WrongKey,
    counter_of,
    keystream,
    load_key,
    nonce_from_counter,
    seal,
    split_key,
    unseal,
    write_key,
)
from relume.comm.codes import CONV7
from relume.comm.schemes import CLASSICAL, TrellisLink
from relume.comm.secure import PEAK, Layers, SecureLink, blocks, energy_spread, radii
from relume.comm.trellis import Trellis
from relume.signal import InputRejected, OutputRefused, UsageError

KEY = bytes(range(32))
INNER = TrellisLink("inner", Trellis((1 - 2 * CONV7.outputs.astype(np.float32)) * np.float32(0.5**0.5)))


class Phases:
    """A stand-in for the generator: the first eight latents as phases."""

    latent = 16
    stride = 4

    def __call__(self, latents):
        count, _, length = latents.shape
        angle = np.pi * latents[:, :8].reshape(count, 2, 4, length).transpose(0, 1, 3, 2).reshape(count, 2, 4 * length)
        return np.exp(1j * angle).astype(np.complex64)


def link(layers=None, inner=INNER, key=KEY):
    return SecureLink("secure-test", inner, split_key(key), Phases(), layers or Layers())


def test_the_key_is_split_into_five_that_differ():
    keys = dataclasses.astuple(split_key(KEY))
    assert len(set(keys)) == 5 and all(len(k) == 32 for k in keys)
    with pytest.raises(UsageError, match="32 bytes"):
        split_key(b"short")


def test_the_keystream_is_chacha20():
    # RFC 8439, appendix A.1, test vector 1
    assert keystream(bytes(32), bytes(12), 8).tobytes().hex() == "76b8e0ada0f13d90"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**48 - 1))
def test_nonces_are_a_permutation_of_counters(counter):
    keys = split_key(KEY)
    nonce = nonce_from_counter(keys, counter)
    assert len(nonce) == 12 and counter_of(keys, nonce) == counter
    with pytest.raises(WrongKey):
        counter_of(split_key(bytes(32)), nonce)


def test_a_seal_refuses_every_changed_bit():
    keys, nonce = split_key(KEY), bytes(12)
    sealed = seal(keys, nonce, b"hello", b"head")
    assert unseal(keys, nonce, sealed, b"head") == b"hello"
    for place in range(len(sealed) * 8):
        bad = bytearray(sealed)
        bad[place // 8] ^= 1 << place % 8
        with pytest.raises(Altered):
            unseal(keys, nonce, bytes(bad), b"head")
    for args in ((nonce, sealed[:-1], b"head"), (b"1" * 12, sealed, b"head"), (nonce, sealed, b"other")):
        with pytest.raises(Altered):
            unseal(keys, *args)


def test_a_counter_never_hands_out_a_number_twice(tmp_path):
    path = tmp_path / "k.counter"
    counter = NonceCounter(path)
    assert [counter.reserve(), counter.reserve(3), NonceCounter(path).reserve()] == [0, 1, 4]
    path.write_text("rubbish")
    with pytest.raises(NonceReuse):
        counter.reserve()
    path.write_text(str(2**48))
    with pytest.raises(NonceReuse):
        counter.reserve()
    path.write_text("0")
    path.with_name("k.counter.lock").touch()
    with pytest.raises(NonceReuse, match="another sender"):
        counter.reserve()


def test_key_files(tmp_path):
    path = tmp_path / "key"
    write_key(path)
    assert len(load_key(path)) == 32 and path.stat().st_mode & 0o077 == 0
    with pytest.raises(OutputRefused):
        write_key(path)
    path.write_text("not a key")
    with pytest.raises(UsageError):
        load_key(path)
    with pytest.raises(UsageError):
        load_key(tmp_path / "nowhere")


@pytest.mark.parametrize("layers", [Layers(), Layers(mix=False, hop=True), Layers(xor=False, mix=False)])
@pytest.mark.parametrize("length", [1, 5, 200, 9000])
def test_bob_reads_every_length_and_recovers_the_counter(layers, length):
    secure = link(layers)
    rng = np.random.default_rng(length)
    bits = rng.integers(0, 2, (2, length), dtype=np.uint8)
    nonces = [nonce_from_counter(secure.keys, c) for c in (5, 2**40)]
    x = secure.send(bits, nonces, rng)
    assert x.shape == (2, secure.uses(length), 2) and secure.uses(length) == 306 + max(64, length + 6)
    read, counters = secure.receive(x, {"n0": 0.01}, length)
    assert (read == bits).all() and counters == [5, 2**40]


def test_bob_reads_through_fading():
    secure = link(Layers(mix=False, hop=True))
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, 3000), dtype=np.uint8)
    x = secure.encode(bits, rng)
    channel = Rayleigh(0.05)
    draw = channel.draw(x.shape, rng)
    assert (secure.decode(channel.apply(x, draw), draw.known, 3000) == bits).all()


def test_a_wrong_key_or_a_ruined_header_is_an_error_and_never_bits():
    secure = link()
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (1, 100), dtype=np.uint8)
    x = secure.encode(bits, rng)
    with pytest.raises(WrongKey):
        link(key=bytes(32)).receive(x, {"n0": 0.01}, 100)
    noise = rng.standard_normal(x.shape).astype(np.float32)
    with pytest.raises(WrongKey):
        secure.receive(noise, {"n0": 0.01}, 100)
    assert not secure.decode(noise, {"n0": 0.01}, 100).any()
    with pytest.raises(UsageError):
        secure.receive(x[:, :-1], {"n0": 0.01}, 100)
    with pytest.raises(UsageError):
        secure.uses(0)


def test_the_waveform_looks_gaussian_under_its_peak_limit():
    secure = link()
    rng = np.random.default_rng(0)
    z = to_complex(secure.encode(np.zeros((3, 60_000), np.uint8), rng))
    power = np.abs(z) ** 2
    assert power.max() <= PEAK * 1.0001
    assert power.mean() == pytest.approx(1, abs=0.02)
    assert (power**2).mean() / power.mean() ** 2 == pytest.approx(2, abs=0.03)
    assert np.abs((z[:, 1:] * z[:, :-1].conj()).mean()) < 0.01 and np.abs((z**2).mean()) < 0.01


def test_block_energies_vary_as_those_of_noise():
    u = np.random.default_rng(0).random((4000, 1))
    square = radii(u, 64, 1.0) ** 2
    assert square.mean() == pytest.approx(1, abs=0.01) and square.var() == pytest.approx(1 / 64, rel=0.1)
    assert energy_spread(CLASSICAL["qpsk"], np.random.default_rng(0)) == pytest.approx(1, abs=1e-6)
    assert energy_spread(CLASSICAL["16qam"], np.random.default_rng(0)) == pytest.approx(0.68, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30_000))
def test_blocks_tile_a_message(symbols):
    parts = blocks(symbols)
    assert parts[0].start == 0 and parts[-1].stop == symbols
    assert all(a.stop == b.start for a, b in pairwise(parts))
    assert max(p.stop - p.start for p in parts) <= 6144


def test_the_same_nonce_gives_the_same_waveform_and_another_does_not():
    secure = link()
    bits = np.zeros((1, 300), np.uint8)
    waves = [secure.body(bits, [nonce_from_counter(secure.keys, c)], np.random.default_rng(0)) for c in (1, 1, 2)]
    assert (waves[0] == waves[1]).all()
    assert np.abs(np.vdot(waves[0], waves[2])) / 306 < 0.2


def test_gf2_elimination_finds_an_affine_map():
    rng = np.random.default_rng(0)
    a, x = rng.integers(0, 2, (80, 40), dtype=np.uint8), rng.integers(0, 2, (40, 3), dtype=np.uint8)
    b = (a.astype(int) @ x % 2).astype(np.uint8)
    assert ((a.astype(int) @ solve_gf2(a, b) % 2) == b).all()


def test_the_attacks_break_what_they_should_and_not_the_secure_link():
    rng = np.random.default_rng(0)
    plain = {v.name: v for v in run_analytic(INNER, train=2000, test=2000, rng=rng)}
    assert plain["no-key"].ber_mean == plain["affine-gf2"].ber_mean == plain["codebook"].ber_mean == 0
    assert plain["table"].broken and plain["linear"].broken
    reused = {v.name: v for v in run_analytic(link(Layers(fresh=False)), train=4000, test=2000, rng=rng)}
    assert reused["codebook"].ber_mean < 0.001
    phase_only = link(Layers(xor=False, mix=False), inner=CLASSICAL["16qam"])
    masked = {v.name: v for v in run_analytic(phase_only, train=4000, test=4000, rng=rng)}
    assert masked["table"].ber_mean == pytest.approx(0.375, abs=0.02)
    assert masked["table"].ber_worst_bit == pytest.approx(0.25, abs=0.03)
    secure = run_analytic(link(), train=2000, test=4000, rng=rng)
    assert not any(v.broken for v in secure)


def test_each_attack_reads_fresh_messages_of_a_plain_link():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (1500, 8), dtype=np.uint8)
    view = observe(CLASSICAL["qpsk"], bits, rng)
    fresh = rng.integers(0, 2, (200, 8), dtype=np.uint8)
    seen = observe(CLASSICAL["qpsk"], fresh, rng)
    for read in (linear(view, bits), table(view, bits), affine(view, bits), no_key(CLASSICAL["qpsk"], 8)):
        assert (read(seen) == fresh).all()
    assert (codebook(view, bits)(seen) == fresh).mean() > 0.99


def test_flipped_keys_and_nonces_read_nothing():
    for v in bit_flips(link(), KEY, messages=6, length=1600, rng=np.random.default_rng(0)):
        assert not v.broken and v.bits == 1200


def test_the_distinguisher_tells_plain_messages_and_not_secure_ones():
    assert distinguish(INNER, pairs=400, rng=np.random.default_rng(0))["accuracy"] == 1
    found = distinguish(link(), pairs=1500, rng=np.random.default_rng(0))
    assert found["low"] <= 0.5 <= found["high"]


def test_a_verdict_counts_the_positions_that_give_something_away():
    v = verdict("x", "k", np.array([5000, 4000, 5030]), 10_000)
    assert (v.ber_worst_bit, v.outside, v.positions) == (0.4, 1, 3) and v.low < 0.4 < v.high


def capture(data=b"a message" * 80, snr_n0=0.1, framing=None, seed=0):
    secure = link()
    numbers = iter(range(10_000))
    air, report = transport.send(
        data,
        secure,
        Awgn(snr_n0),
        framing or transport.Framing(256),
        reserve=lambda: next(numbers),
        rng=np.random.default_rng(seed),
    )
    return secure, air, report


@pytest.mark.parametrize("aead", [True, False])
def test_a_file_travels_and_damaged_packets_are_sent_again(aead):
    framing = transport.Framing(256, aead)
    data = bytes(np.random.default_rng(0).integers(0, 256, 700, dtype=np.uint8))
    secure, air, report = capture(data, 0.5, framing)
    assert report.packets == 3 and report.retransmissions > 0 and report.attempts == len(air)
    assert transport.receive(air, secure, framing) == data
    again, about = transport.load_capture(transport.save_capture(air, {"scheme": "s"}))
    assert about["scheme"] == "s" and transport.receive(again, secure, framing) == data


def test_what_cannot_be_believed_is_an_error():
    framing = transport.Framing(256)
    secure, air, _ = capture()
    with pytest.raises(WrongKey):
        transport.receive(air, link(key=bytes(32)), framing)
    with pytest.raises(transport.Incomplete, match="1 of 3"):
        transport.receive(air[:-1], secure, framing)
    broken = [dataclasses.replace(heard, y=-heard.y) for heard in air]
    with pytest.raises((WrongKey, Altered)):
        transport.receive(broken, secure, framing)
    assert transport.receive(air + air[:2], secure, framing) == b"a message" * 80
    with pytest.raises(UsageError, match="empty"):
        capture(b"")
    with pytest.raises(transport.Undelivered):
        capture(b"x", 30.0)
    with pytest.raises(UsageError):
        transport.Framing(0)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_capture_or_refused(data):
    for candidate in (data, transport.MAGIC + data):
        with pytest.raises(InputRejected):
            transport.load_capture(candidate)


def test_truncated_captures_are_refused():
    _, air, _ = capture(b"short")
    whole = transport.save_capture(air, {})
    for cut in (8, 20, len(whole) // 2, len(whole) - 1):
        with pytest.raises(InputRejected):
            transport.load_capture(whole[:cut])


def test_forgery_is_accepted_without_a_seal_and_never_with_one():
    rng = np.random.default_rng(0)
    assert transport.forge(link(), transport.Framing(64, True), tries=200, rng=rng) == 0
    assert transport.forge(link(), transport.Framing(64, False), tries=50, rng=rng) == 50
