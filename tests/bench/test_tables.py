import pytest
from hypothesis import given
from hypothesis import strategies as st

from relume.bench import papers, tables
from relume.bench.results import provenance, write
from relume.signal import UsageError


def row(model, set_name, psnr, **more):
    return {
        "model": model,
        "set": set_name,
        "scale": 4,
        "psnr_y": psnr,
        "ssim_y": 0.8,
        "psnr_rgb": psnr - 2,
        "lpips_alex": 0.3,
        "lpips_vgg": None,
        "n": 5,
        "parameters": 57281,
        "macs_per_output_pixel": 1234.5,
        "interval_95": {"psnr_y": [psnr - 1, psnr + 1]},
        "weights_sha256": "0" * 64,
    } | more


ROWS = [
    row("bicubic", "Set5", 28.42, gain_psnr_y=0.0, gain_interval_95=[0.0, 0.0], time_over_bicubic=1.0),
    row("cascade-gan", "Set5", 31.5, gain_psnr_y=3.08, gain_interval_95=[2.5, 3.7], time_over_bicubic=4.25),
]


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "docs").mkdir()
    write(tmp_path / "results" / "images-x4.json", provenance(["bench", "images"], "p", 0), ROWS)
    (tmp_path / "README.md").write_text("# A\n<!-- table: gains -->\nold\n<!-- /table -->\nend\n")
    (tmp_path / "docs" / "b.md").write_text("no tables here\n")
    return tmp_path


def test_documents_are_brought_up_to_date_once(checkout):
    assert tables.stale(checkout) == [checkout / "README.md"]
    assert tables.write(checkout) == [checkout / "README.md"]
    text = (checkout / "README.md").read_text()
    assert "old" not in text
    assert text.startswith("# A\n") and text.endswith("<!-- /table -->\nend\n")
    assert "`relume bench images`" in text
    assert tables.stale(checkout) == []
    assert tables.write(checkout) == []


def test_a_changed_result_makes_the_table_stale(checkout):
    tables.write(checkout)
    changed = [ROWS[0], row("cascade-gan", "Set5", 31.5, gain_psnr_y=3.2, gain_interval_95=[2.5, 3.7])]
    write(checkout / "results" / "images-x4.json", provenance(["bench", "images"], "p", 0), changed)
    assert tables.stale(checkout) == [checkout / "README.md"]


def test_gains_stand_beside_what_was_printed():
    line = tables.gains(ROWS).splitlines()[-1]
    assert line == "| cascade-gan | +3.08 [+2.50, +3.70] | – | +2.54 |"


def test_images_table():
    first, last = tables.images(ROWS).splitlines()[2:]
    assert first.startswith("| bicubic | 28.42 / 0.8000 / 0.300 | 57.3k | 1.23k | 1.0x |")
    assert last.endswith("| 4.2x |")


def test_details_show_intervals_and_dashes():
    assert "| 28.42 [27.42, 29.42] | 0.8000 | 26.42 | 0.300 | – |" in tables.details(ROWS)


def test_missing_results_are_said(checkout):
    assert "Not measured: `results/speed.json` is missing." in tables.render("speed", checkout / "results")
    with pytest.raises(UsageError, match="no table is called 'pace'; there are images"):
        tables.render("pace", checkout / "results")


def test_a_table_left_open_is_an_error(checkout):
    with pytest.raises(UsageError, match="1 marked tables are not closed"):
        tables.update("<!-- table: gains -->\nx\n", checkout / "results")


def test_the_papers_own_gains():
    found = [papers.gain(papers.COMPARED, "cascade-gan", name) for name in papers.SETS]
    assert found == pytest.approx([2.54, 1.77, 1.66], abs=0.005)
    assert papers.gain(papers.COMPARED, "srgan", "Set14") < 0
    assert papers.gain(papers.COMPARED, "vdsr", "Set5") is None


@given(st.text(alphabet="abc \n|<>", max_size=60))
def test_text_without_markers_is_left_alone(text):
    assert tables.update(text, None) == text


@pytest.mark.parametrize(("value", "text"), [(12, "12"), (57281, "57.3k"), (1_549_462, "1.55M")])
def test_counts(value, text):
    assert tables.count(value) == text


def test_attacks_and_camouflage_become_tables():
    attack = {"name": "cnn", "knowledge": "known-plaintext", "ber_worst_bit": 0.4996, "low": 0.4985, "high": 0.5007}
    forged = {"name": "forgery", "knowledge": "a packet in clear, no key", "accepted": 0, "tried": 2000}
    told = {"accuracy": 0.503, "low": 0.4926, "high": 0.5135, "waveforms": 25000}
    counted = {"bits": 4_000_000, "positions": 8, "outside": 0}
    text = tables.attacks([{"scheme": "secure-4", "attacks": [attack | counted, forged], "distinguisher": told}])
    assert "| cnn | known-plaintext | 4,000,000 | 0.4996 | 0.4985 to 0.5007 | 0 of 8 |" in text
    assert "0 of 2000" in text and "right on 0.5030 of 25,000" in text
    row = {"scheme": "traffic-4", "target": "ae-4", "snr_db": "10", "windows": 100_000, "accuracy": 0.5}
    text = tables.camouflage([row | {"low": 0.49, "high": 0.51}])
    assert "| traffic-4 against ae-4 | 10 dB | 100,000 | 0.500 | 0.490 to 0.510 |" in text
