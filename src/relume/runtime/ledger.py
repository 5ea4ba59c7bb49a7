"""The ledger of a batch: one JSON line for each picture that is finished, so that ``--resume`` can go on.

A line holds as long as the source's bytes, the options, the weights and the output's bytes are still what it says.
Lines are appended and flushed to disk one by one; a last line that a crash has torn is ignored.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from relume.runtime.pictures.errors import Unwritable

LEDGER_NAME = "relume.ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """One finished picture: output path from the ledger's folder, hashes, the options' fingerprint, UTC time.

    ``models``: the weights it was made with, ``name:sha256`` each, with a space between; computed methods have none.
    """

    output: str
    source_sha256: str
    output_sha256: str
    options: str
    models: str
    time: str


class Ledger:
    """The lines of ``folder``'s ledger; reading happens once, appending at once reaches the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / LEDGER_NAME
        self._entries: dict[tuple[str, str], Entry] | None = None

    def find(self, output: Path, options: str) -> Entry | None:
        """The last line for this output and these options, whether it still holds or not."""
        if self._entries is None:
            self._entries = {(entry.output, entry.options): entry for entry in self._read()}
        return self._entries.get((relative(self.folder, output), options))

    def append(self, entry: Entry) -> None:
        """Add one finished picture; returns when the line is on the disk."""
        line = json.dumps(dataclasses.asdict(entry)).encode("ascii") + b"\n"
        try:
            with self.path.open("ab+") as stream:
                stream.write(line if _ends_whole(stream) else b"\n" + line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise Unwritable(f"{self.path}: cannot write the ledger: {error.strerror}") from error

    def _read(self) -> Iterator[Entry]:
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unwritable(f"{self.path}: cannot read the ledger: {error.strerror}") from error
        for line in lines:
            entry = _parse(line)
            if entry is not None:
                yield entry


def relative(folder: Path, output: Path) -> str:
    """How the ledger of ``folder`` names ``output``: the path from there, with forward slashes."""
    return Path(os.path.relpath(output, folder)).as_posix()


def fingerprint(parameters: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that change with any of ``parameters`` (plain JSON values)."""
    text = json.dumps(parameters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parse(line: bytes) -> Entry | None:
    """The entry of one line; None for an empty, torn or foreign line."""
    try:
        raw = json.loads(line)
        if not all(isinstance(raw[field.name], str) for field in dataclasses.fields(Entry)):
            return None
        return Entry(**{field.name: raw[field.name] for field in dataclasses.fields(Entry)})
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _ends_whole(stream: IO[bytes]) -> bool:
    if stream.seek(0, os.SEEK_END) == 0:
        return True
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"
