import json
import sys

import numpy as np
import pytest

from relume import cli


@pytest.fixture
def main(capsys):
    """Run the whole command line: (status, standard output, standard error)."""

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


def test_ber_keeps_the_contract(answer):
    status, found = answer(
        "link", "ber", "--scheme", "16qam", "--channel", "awgn", "--ebn0", "6:10:2", "--bits", 200_000
    )
    assert status == 0
    assert (found["scheme"], found["channel"], found["rate_bits_per_use"]) == ("16qam", "awgn", 4.0)
    assert [p["ebn0_db"] for p in found["points"]] == [6, 8, 10]
    for point in found["points"]:
        assert {"errors", "bits", "ber", "low", "high", "blocks", "block_errors", "bler", "theory"} <= set(point)
        assert point["low"] <= point["ber"] <= point["high"]
        assert point["ber"] == pytest.approx(point["theory"], rel=0.25)


@pytest.mark.parametrize(
    "scheme",
    ["ae-2", "ae-4", "ae74", "16qam+pilots", "secure-4", "traffic-2", "plain", "static", "nonce-reuse", "phase-only"],
)
def test_every_kind_of_scheme_is_measured_alike(answer, scheme):
    status, found = answer(
        "link", "ber", "--scheme", scheme, "--channel", "rayleigh", "--ebn0", "14", "--length", 500, "--bits", 2000
    )
    assert status == 0 and found["scheme"] == scheme
    assert found["points"][0]["bits"] == 2000 and found["points"][0]["blocks"] == 4


def test_without_the_gain_only_pilots_help(answer):
    words = ("link", "ber", "--channel", "rayleigh", "--block", 16, "--no-csi", "--ebn0", "20", "--bits", 20_000)
    _, lost = answer(*words, "--scheme", "16qam", "--length", 4000)
    _, found = answer(*words, "--scheme", "16qam+pilots", "--length", 4000)
    assert lost["points"][0]["ber"] > 0.3 > 0.03 > found["points"][0]["ber"]


def test_bler_compare_and_csv(relume, answer):
    status, found = answer("link", "bler", "--scheme", "hamming74", "--ebn0", "4", "--errors", 500)
    assert status == 0 and 0.005 < found["points"][0]["bler"] < 0.02 and found["length"] == 4
    words = ("link", "compare", "--scheme", "qpsk", "--scheme", "bpsk", "--ebn0", "6:8:1", "--bits", 300_000)
    status, found = answer(*words)
    assert status == 0 and found["schemes"][0]["ebn0_db"] == pytest.approx(6.79, abs=0.15)
    assert found["schemes"][0]["capacity_db"] == pytest.approx(1.76, abs=0.01)
    result = relume("link", "ber", "--scheme", "qpsk", "--ebn0", "2", "--bits", 1000, "--csv")
    assert result.stdout.splitlines()[0].startswith("scheme,channel,ebn0_db")
    assert "theory" in relume("link", "ber", "--scheme", "qpsk", "--ebn0", "2", "--bits", 1000).stdout
    assert "secure-4" in relume("link", "schemes").stdout.split()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--scheme", "wifi"), "no scheme"),
        (("--scheme", "qpsk", "--ebn0", "4000"), "between -200 and 200 dB"),
        (("--scheme", "qpsk", "--ebn0", "nan"), "finite dB"),
        (("--scheme", "qpsk", "--length", "0"), "at least 1"),
        (("--scheme", "qpsk", "--errors", "0"), "at least 1"),
        (("--scheme", "qpsk", "--channel", "cable"), "no channel"),
        (("--scheme", "secure-1", "--length", "-5"), "at least 1"),
        (("--scheme", "qpsk", "--length", "1000000000000"), "at most 10000000 bits"),
        (("--scheme", "qpsk", "--ebn0", "0:100000:0.001"), "more than 1000 points"),
    ],
)
def test_bad_measurements_are_usage_errors(main, arguments, part):
    status, _, told = main("link", "ber", *arguments)
    assert status == 2 and part in told and len(told.strip().splitlines()) == 1


def test_a_seed_below_zero_is_a_usage_error(main):
    status, _, told = main("link", "ber", "--scheme", "qpsk", "--seed", "-1")
    assert status == 2 and "--seed" in told


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("camouflage", "--scheme", "qpsk", "--seconds", "nan"), "finite time"),
        (("compare", "--scheme", "qpsk", "--target", "0"), "between 0 and 0.5"),
        (("train", "nothing", "--out", "there"), "no link recipe"),
    ],
)
def test_what_cannot_be_asked_for_leaves_nothing(main, tmp_path, monkeypatch, arguments, part):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    status, _, told = main("link", *arguments)
    assert status == 2 and part in told and not list(tmp_path.iterdir())


def test_sionna_is_no_dependency(main, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "sionna", None)
    status, _, told = main("link", "speed", "--sionna")
    assert status == 2 and "pip install sionna-no-rt" in told


def test_figures_are_drawn(relume, tmp_path):
    pytest.importorskip("matplotlib")
    curve = tmp_path / "c.json"
    curve.write_text(relume("link", "ber", "--scheme", "qpsk", "--ebn0", "4,30", "--bits", 4000, "--json").stdout)
    for extra in ((), ("--esn0",), ("--bler",)):
        out = tmp_path / f"f{len(extra)}{''.join(extra)}.png"
        assert relume("link", "plot", curve, "-o", out, *extra).exit_code == 0 and out.stat().st_size > 5000
    out = tmp_path / "s.png"
    assert relume("link", "constellation", "--scheme", "ae-4", "-o", out).exit_code == 0 and out.stat().st_size > 5000


@pytest.fixture
def key(relume, tmp_path):
    path = tmp_path / "key"
    assert relume("link", "key", path).exit_code == 0
    return path


@pytest.mark.parametrize("name", ["text", "picture", "sound"])
def test_a_file_crosses_the_air(answer, relume, tmp_path, key, name):
    data = {
        "text": "Ünïcode, and a line.\n".encode() * 5,
        "picture": b"P5 8 8 255\n" + bytes(range(64)),
        "sound": np.sin(np.arange(100)).astype("<f4").tobytes(),
    }[name]
    source, out = tmp_path / name, tmp_path / "out"
    source.write_bytes(data)
    status, report = answer(
        "link", "send", source, "--key-file", key, "--snr", "8", "--channel", "rayleigh", "--chunk", 64
    )
    assert status == 0 and report["packets"] == -(-len(data) // 64) and report["aead"]
    result = relume("link", "receive", tmp_path / f"{name}.air", "--key-file", key, "-o", out)
    assert result.exit_code == 0 and out.read_bytes() == data


def test_nothing_is_written_for_a_wrong_key_or_an_altered_capture(main, tmp_path, key):
    source, out = tmp_path / "m", tmp_path / "out"
    source.write_bytes(b"message")
    assert main("link", "send", source, "--key-file", key, "--chunk", "32")[0] == 0
    other = tmp_path / "other"
    main("link", "key", other)
    status, _, told = main("link", "receive", tmp_path / "m.air", "--key-file", other, "-o", out)
    assert status == 4 and "wrong-key" in told and not out.exists()
    cut = tmp_path / "cut.air"
    cut.write_bytes((tmp_path / "m.air").read_bytes()[:-9])
    status, _, told = main("link", "receive", cut, "--key-file", key, "-o", out)
    assert status == 4 and not out.exists()
    spent = (tmp_path / "key.counter").read_text()
    assert main("link", "send", source, "--key-file", key)[0] == 5  # the capture exists already
    assert main("link", "send", source, "--key-file", key, "-o", tmp_path / "no" / "m.air")[0] == 5
    assert main("link", "send", tmp_path, "--key-file", key)[0] == 2
    assert (tmp_path / "key.counter").read_text() == spent
    other_scheme = tmp_path / "scheme.air"
    other_scheme.write_bytes((tmp_path / "m.air").read_bytes().replace(b"secure-1", b"secure-2"))
    status, _, told = main("link", "receive", other_scheme, "--key-file", key, "-o", out)
    assert status == 4 and "symbols" in told and not out.exists()
    source.write_bytes(b"")
    assert main("link", "send", source, "--key-file", key, "-o", tmp_path / "e")[0] == 2
    assert main("link", "send", source, "--key-file", key, "--snr", "nan", "-o", tmp_path / "e")[0] == 2
    assert main("link", "send", source, "-o", tmp_path / "e")[0] == 2 and not (tmp_path / "e").exists()


def test_raw_waveforms_go_out_and_come_back(main, tmp_path, key):
    bits = np.random.default_rng(0).integers(0, 2, 301, dtype=np.uint8)
    source, iq, out = tmp_path / "bits.npy", tmp_path / "iq.npy", tmp_path / "back.npy"
    np.save(source, bits)
    words = ("--scheme", "secure-4", "--key-file", key)
    assert main("link", "modulate", *words, "--in", source, "--out", iq)[0] == 0
    wave = np.load(iq)
    assert wave.dtype == np.complex64 and wave.ndim == 1
    status, _, told = main("link", "demodulate", *words, "--in", iq, "--out", out, "--bits", 301, "--snr", 25)
    assert status == 0, told
    assert (np.load(out) == bits).all()
    assert json.loads((tmp_path / "key.counter").read_text()) == 1
    again = tmp_path / "iq2.npy"
    assert main("link", "modulate", *words, "--in", source, "--out", again)[0] == 0
    assert not np.array_equal(np.load(again), wave)
    np.save(tmp_path / "short.npy", wave[:-3])
    short = ("--in", tmp_path / "short.npy", "--out", tmp_path / "x.npy", "--bits", 301, "--snr", 25)
    assert main("link", "demodulate", *words, *short)[0] == 4
    np.save(source, np.zeros(0, np.uint8))
    assert main("link", "modulate", *words, "--in", source, "--out", tmp_path / "y.npy")[0] == 4
    source.write_bytes(b"no array")
    assert main("link", "modulate", *words, "--in", source, "--out", tmp_path / "y.npy")[0] == 4


def test_traffic_takes_the_key_that_it_is_given(main, tmp_path, key):
    source, iq, out = tmp_path / "bits.npy", tmp_path / "iq.npy", tmp_path / "back.npy"
    bits = np.random.default_rng(0).integers(0, 2, 300, dtype=np.uint8)
    np.save(source, bits)
    words = ("--scheme", "traffic-4", "--key-file")
    assert main("link", "modulate", *words, key, "--in", source, "--out", iq)[0] == 0
    assert json.loads((tmp_path / "key.counter").read_text()) == 1
    assert main("link", "modulate", *words[:2], "--in", source, "--out", tmp_path / "x.npy")[0] == 2
    read = ("--in", iq, "--out", out, "--bits", 300, "--snr", 25)
    assert main("link", "demodulate", *words, key, *read)[0] == 0 and (np.load(out) == bits).all()
    other = tmp_path / "other"
    main("link", "key", other)
    out.unlink()
    status, _, told = main("link", "demodulate", *words, other, *read)
    assert status == 4 and "wrong-key" in told and not out.exists()
