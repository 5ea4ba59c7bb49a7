"""The record: whole or not at all, read back as written, and no crash on whatever else lies there."""

import dataclasses
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relume.runtime import record
from relume.runtime.options import Options, Result
from relume.runtime.record import Record, RecordRejected, heat_path, is_result, record_path, recorded_source
from relume.signal import OutputRefused

RESULT = Result(
    width=8,
    height=6,
    bands=3,
    depth=8,
    pixels_out=48,
    seconds=0.5,
    network_seconds=0.25,
    task="upscale",
    scale=2,
    model="m",
    model_sha256="a" * 64,
    engine="openvino",
    precision="f32",
    tile=(4, 3),
    consistency_db=41.5,
    source_sha256="b" * 64,
    output_sha256="c" * 64,
    digital_source_type="d",
    notes=("n",),
    parameters={"p": 1},
)


def made(folder: Path, source: Path | None = None) -> Record:
    (folder / "out.png").write_bytes(b"12345")
    return record.compose(source, folder / "out.png", Options(report=folder / "r.png"), RESULT, 99, 5)


def write(made: Record, output: Path) -> None:
    with record.beginning(output) as keep:
        keep(made)


def test_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "out.png.relume.json"
    first = made(tmp_path, tmp_path / "in" / "a\nb\udcff.png")
    write(first, tmp_path / "out.png")
    again = record.read(path)
    assert again.source == first.source
    assert again.source.path == "in/a\nb\udcff.png"
    assert again.output.bytes == 5
    assert again.to_json() == first.to_json()
    assert path.read_bytes().isascii()
    assert list(tmp_path.glob(".relume-*")) == []


def test_the_place_of_the_heat_map_is_no_parameter(tmp_path: Path) -> None:
    assert "report" not in made(tmp_path).parameters


def test_a_stream_has_no_path(tmp_path: Path) -> None:
    source = made(tmp_path).source
    assert (source.name, source.path, source.bytes) == ("-", None, 99)


def test_every_field_of_the_result_is_in_the_record(tmp_path: Path) -> None:
    text = json.loads(made(tmp_path).to_json())
    known = {"pixels_out": None, "source_sha256": None, "output_sha256": None, "parameters": "applied"}
    for field in dataclasses.fields(Result):
        name = known.get(field.name, field.name)
        if name is not None:
            value = getattr(RESULT, field.name)
            assert text[name] == (list(value) if isinstance(value, tuple) else value)
    assert (text["source"]["sha256"], text["output"]["sha256"]) == ("b" * 64, "c" * 64)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(junk=st.binary(max_size=300))
def test_junk_is_rejected_with_its_name(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.relume.json"
    path.write_bytes(junk)
    with pytest.raises(RecordRejected, match=r"junk\.relume\.json"):
        record.read(path)


@settings(max_examples=40, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=5,
    )
)
def test_other_json_is_rejected(value: object) -> None:
    with pytest.raises(RecordRejected):
        Record.from_json(json.dumps(value))


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Record) if f.default is dataclasses.MISSING])
def test_a_record_without_one_of_its_fields_is_rejected(tmp_path: Path, field: str) -> None:
    raw = json.loads(made(tmp_path).to_json())
    del raw[field]
    with pytest.raises(RecordRejected):
        Record.from_json(json.dumps(raw))


@pytest.mark.parametrize(
    ("field", "value"), [("source", {"name": 3}), ("output", None), ("parameters", []), ("scale", "2"), ("notes", 7)]
)
def test_a_field_of_another_kind_is_rejected(tmp_path: Path, field: str, value: object) -> None:
    raw = json.loads(made(tmp_path).to_json()) | {field: value}
    with pytest.raises(RecordRejected):
        Record.from_json(json.dumps(raw))


def test_a_failed_write_leaves_neither_half_nor_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputRefused, match="No space left"):
        write(first, tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_results_are_known_by_the_record_beside_them(tmp_path: Path) -> None:
    source, output = tmp_path / "a.png", tmp_path / "out.png"
    write(made(tmp_path, source), output)
    assert is_result(output)
    assert is_result(heat_path(output))
    assert not is_result(source)
    assert recorded_source(output) == source
    assert recorded_source(source) is None
    record_path(output).write_text("damaged")
    assert recorded_source(output) is None
    assert not is_result(tmp_path / ("x" * 300))


def test_paths_in_a_record_may_not_be_what_they_like(tmp_path: Path) -> None:
    raw = json.loads(made(tmp_path).to_json())
    raw["output"]["path"] = None
    record_path(tmp_path / "out.png").write_text(json.dumps(raw))
    output = record.check(record_path(tmp_path / "out.png"), lambda name: None)[0]
    assert (output.what, output.state) == ("output", "unknown")
