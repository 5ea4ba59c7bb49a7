"""``relume doctor``: what this installation is, what it can do, and why it chose the engine and precision it uses."""

from __future__ import annotations

import os
import platform
from typing import Annotated, Any

import typer

from relume.cli.output import emit, plain, statuses, tell
from relume.signal import ModelError, RelumeError

PACKAGES = ("relume", "numpy", "scipy", "openvino", "onnxruntime", "pyvips", "pyvips-binary", "pi-heif", "tifffile")
LARGE = 10_000_000
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def register(app: typer.Typer) -> None:
    """Add ``doctor``."""
    app.command("doctor")(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Versions, processor, the engine and why it is chosen (measured now), cache, memory, weights and formats."""
    with statuses(as_json):
        answer = examine()
        if as_json:
            emit(answer)
        else:
            for section, value in answer.items():
                _tell_section(section, value)
    if not answer["ok"]:
        raise typer.Exit(ModelError.exit_status)


def examine() -> dict[str, Any]:
    """All that ``doctor`` tells; ``ok`` is false where an engine does not run or weights are damaged."""
    problems: list[str] = []
    answer: dict[str, Any] = {
        "versions": _versions(),
        "system": {"platform": platform.platform(), "cpus": os.cpu_count(), **_memory()},
        "engine": _engine(problems),
        "cache": _cache(),
        "models": _models(problems),
        "formats": _formats(problems),
    }
    return {"ok": not problems, "problems": problems, **answer}


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in (
        "relume",
        "numpy",
        "scipy",
        "openvino",
        "onnxruntime",
        "pyvips",
        "pyvips-binary",
        "pi-heif",
        "tifffile",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _engine(problems: list[str]) -> dict[str, Any]:
    from relume.runtime.engine import probe

    try:
        found = probe()
    except (RelumeError, ImportError, OSError, RuntimeError) as error:
        problems.append(f"the engine does not run: {plain(error)}")
        return {"error": plain(error)}
    return found | {"why": _why(found)}


def _why(found: dict[str, Any]) -> str:
    """The choice of precision in a sentence, from the rates that were measured."""
    rates, chosen, best = found["convolution_gflops"], found["precision"], found["precision_eight_bits"]
    if "BF16" not in found["capabilities"]:
        told = "f32, because this processor has no bf16"
    elif chosen == "f32":
        told = "f32, because bf16 did not measure at least 1.2 times as fast on this processor"
    else:
        told = f"bf16, because it measured {rates['bf16'] / rates['f32']:.1f} times as fast as f32 on this processor"
    if best != "int8":
        return told
    return f"{told}; int8 for networks measured for it: {rates['int8'] / rates[chosen]:.1f} times as fast as {chosen}"


def _memory() -> dict[str, int | None]:
    """Bytes of memory in all and free for use now; None where the system does not say."""
    total = available = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        page = os.sysconf("SC_PAGE_SIZE")
        total = page * os.sysconf("SC_PHYS_PAGES")
        if "SC_AVPHYS_PAGES" in os.sysconf_names:
            available = page * os.sysconf("SC_AVPHYS_PAGES")
    return {"memory": total, "memory_free": available}


def _cache() -> dict[str, Any]:
    from relume.runtime import cache

    folder = cache.folder()
    try:
        sizes = [path.stat().st_size for path in folder.iterdir() if path.is_file()]
    except OSError:
        sizes = []
    return {"folder": str(folder), "files": len(sizes), "bytes": sum(sizes)}


def _models(problems: list[str]) -> list[dict[str, str]]:
    from relume.runtime import zoo

    answers = []
    for name in zoo.names():
        try:
            zoo.find(name)
            answers.append({"name": name, "status": "ok"})
        except ModelError as error:
            problems.append(plain(error))
            answers.append({"name": name, "status": "failed"})
    return answers


def _formats(problems: list[str]) -> dict[str, Any]:
    from relume.runtime.pictures.formats import support

    try:
        found = support()
    except (ImportError, OSError) as error:
        problems.append(f"the image libraries do not load: {plain(error)}")
        return {"error": plain(error)}
    if found["missing"]:
        problems.append(f"libvips lacks {', '.join(found['missing'])}: reinstall pyvips-binary")
    return found


def _tell_section(section: str, value: Any) -> None:
    if isinstance(value, dict):
        tell(f"{section}:")
        for key, item in value.items():
            tell(f"    {key}: {_shown(item)}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        tell(f"{section}: " + ", ".join(" ".join(map(str, item.values())) for item in value))
    else:
        tell(f"{section}: {_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, int) and value >= LARGE:
        return f"{value / 1e9:.1f} GB"
    return "none" if value is None else str(value)
