"""``relume verify`` and ``relume redo``: what a record says, checked again and made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli.output import DIFFERS, SOME_FAILED, emit, plain, say, statuses, tell
from relume.cli.progress import Meter
from relume.runtime.stops import Stoppable, Stopped
from relume.signal import InputRejected, RelumeError

if TYPE_CHECKING:
    from relume.runtime.options import Progress

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Results, their records, or folders of them.")]
RecordOf = Annotated[Path, typer.Argument(metavar="RECORD", help="A record, or the result that it lies beside.")]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Else: picture_x4.redo.png beside the first.")]
Source = Annotated[Path | None, typer.Option(help="The original, if it has moved since.")]


def register(app: typer.Typer) -> None:
    """Add ``verify`` and ``redo``."""
    app.command("verify")(verify)
    app.command("redo")(redo)


def verify(files: Files, as_json: AsJson = False) -> None:
    """Check results against their records: the output's bytes, the source's if it is there, and the model's."""
    with statuses(as_json, {"files": []}):
        answers = [_verified(path) for path in records_of(files)]
        if as_json:
            emit({"files": answers})
        else:
            for answer in answers:
                _tell(answer)
        states = {answer["status"] for answer in answers}
    if states & {"changed", "missing"}:
        raise typer.Exit(DIFFERS)
    if "rejected" in states:
        raise typer.Exit(InputRejected.exit_status if states == {"rejected"} else SOME_FAILED)


def redo(record: RecordOf, out: Out = None, source: Source = None, as_json: AsJson = False) -> None:
    """Make a result again as its record says, and tell whether it is the same to the bit."""
    with statuses(as_json):
        from relume.runtime.redo import prepare, repeat

        again = prepare(_record_file(str(record)), source, out)
        try:
            with Stoppable() as stop, Meter([str(again.job.source)]) as meter:

                def watch(progress: Progress) -> None:
                    stop.check()
                    meter.watch(0, progress)

                found = repeat(again, watch)
        except Stopped as stopped:
            raise typer.Exit(stopped.status) from None
        if as_json:
            emit(
                {
                    "record": str(again.record),
                    "source": str(again.job.source),
                    "output": str(again.job.target),
                    "identical": found.identical,
                    "sha256": found.sha256,
                    "expected_sha256": again.expected_sha256,
                    "seconds": round(found.seconds, 3),
                    "notes": [plain(note) for note in found.notes],
                }
            )
        else:
            same = "the same to the bit" if found.identical else "NOT the same to the bit"
            tell(f"{again.job.source} -> {again.job.target}: {same} as {again.first} ({found.seconds:.1f} s)")
            for note in found.notes:
                say(f"note: {note}")
    if not found.identical:
        raise typer.Exit(DIFFERS)


def records_of(names: Sequence[str]) -> Iterator[Path]:
    """The record files of results, records and folders of them; raises InputRejected for a folder without any."""
    from relume.runtime.inputs import is_folder
    from relume.runtime.record import RECORD_SUFFIX

    for name in names:
        if not is_folder(Path(name)):
            yield _record_file(name)
            continue
        inside = sorted(Path(name).rglob(f"*{RECORD_SUFFIX}"))
        if not inside:
            raise InputRejected(f"no record (*{RECORD_SUFFIX}) found in {name}")
        yield from inside


def _record_file(name: str) -> Path:
    from relume.runtime.record import RECORD_SUFFIX, record_path

    return Path(name) if name.endswith(RECORD_SUFFIX) else record_path(Path(name))


def _verified(path: Path) -> dict[str, Any]:
    """One entry of ``files``: the worst of its checks is its status."""
    from relume.runtime.record import check
    from relume.runtime.zoo import installed

    answer: dict[str, Any] = {"record": str(path), "status": "ok", "error": None, "checks": []}
    try:
        checks = check(path, installed)
    except RelumeError as error:
        return answer | {"status": "rejected", "error": {"code": error.code, "message": plain(error)}}
    answer["checks"] = [{"what": c.what, "state": c.state, "path": c.path, "detail": plain(c.detail)} for c in checks]
    if any(c.state == "changed" for c in checks):
        answer["status"] = "changed"
    elif any(c.state == "missing" for c in checks if c.what == "output"):
        answer["status"] = "missing"
    return answer


def _tell(answer: dict[str, Any]) -> None:
    if answer["error"]:
        say(f"rejected: {answer['error']['message']} [{answer['error']['code']}]")
        return
    tell(f"{answer['status']}: {answer['record']}")
    for check in answer["checks"]:
        detail = check["detail"] or check["path"]
        tell(f"    {check['what']}: {check['state']}" + (f" ({detail})" if detail else ""))
