"""The hand of a worker: a process of its own, with bounds on memory and time, that alone ever decodes a picture.

It does one order after another for the worker that started it, tells what it has done by a pipe, and never touches the
database. If a picture kills it, the worker starts another.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from relume.signal import RelumeError

THUMB, SCREEN, DETAIL = 480, 1600, 112
FREE_PIXELS = 250_000
NICENESS = 10
PR_SET_PDEATHSIG = 1
COMPARED, MARKED = ("upscale", "photo", "relic"), ("repair", "photo")
"""The tasks whose results are held against the source, and those that tell which pixels they filled."""


@dataclass(frozen=True)
class Order:
    """One picture to restore: ``source`` is read, all that is made goes below ``desk``; ``name`` is the visitor's."""

    source: Path
    desk: Path
    name: str
    task: str
    scale: int
    model: str | None
    consistent: bool
    strip: bool
    realism: float
    strength: float | None
    colour: bool
    hints: str
    mask: bytes | None
    max_pixels: int
    seconds: float


@dataclass(frozen=True)
class Seen:
    """What can be seen of the work: what is being done, tiles done of all, seconds left, and views that are there."""

    stage: str
    tiles_done: int = 0
    tiles: int = 0
    seconds_left: float | None = None
    views: tuple[str, ...] = ()
    gray: bool | None = None


@dataclass(frozen=True)
class Made:
    """The result: its file and record below the desk, and what the page tells of it."""

    file: str
    sha256: str
    bytes: int
    name: str
    width: int
    height: int
    model: str
    seconds: float
    consistency_db: float | None
    notes: tuple[str, ...]
    record: str


@dataclass(frozen=True)
class Refused:
    """There is no result, for a reason that the visitor is told; ``code`` is stable."""

    code: str
    message: str


@dataclass(frozen=True)
class Zoomable:
    """The pyramids are there, after the result; the order is over."""

    ready: bool


class Cancelled(Exception):
    """The worker wants this order no more."""


def serve(pipe: Connection, memory: int) -> None:
    """Do the orders that come through ``pipe`` until it closes; the process must be ours alone."""
    confine(memory, NICENESS)
    from relume.runtime import restore  # noqa: F401 (loaded here, so that the first picture does not wait for it)

    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            order = pipe.recv()
            if isinstance(order, Order):  # and not a late word about the one before
                allow_seconds(order.seconds)
                carry_out(order, pipe)


def confine(memory: int, niceness: int) -> None:
    """Bound this process at ``memory`` bytes of address space, lower its priority, and let it end with its parent."""
    _bind_to_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(niceness)


def allow_seconds(seconds: float) -> None:
    """Bound the processor time of this process at what it has used, and ``seconds`` on every core more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1)) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def carry_out(order: Order, pipe: Connection) -> None:
    """Do one order, and tell ``pipe`` of it: any number of Seen, then Made and Zoomable, or Refused."""
    views: list[str] = []

    def tell(stage: str, **seen: float | bool | None) -> None:
        if pipe.poll():
            pipe.recv()
            raise Cancelled
        pipe.send(Seen(stage, views=tuple(views), **seen))  # type: ignore[arg-type]

    try:
        made = _restore(order, views, tell)
    except Cancelled:
        pipe.send(Refused("cancelled", ""))
        return
    except RelumeError as error:
        pipe.send(Refused(error.code, _for_visitors(str(error), order)))
        return
    except MemoryError:
        pipe.send(Refused("memory", "this picture needs more memory than a restoration may use here"))
        return
    except BrokenPipeError:
        raise
    except Exception as error:
        traceback.print_exc()
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        pipe.send(Refused("store-full", "the disk is full") if full else Refused("internal", "this is our fault"))
        return
    pipe.send(made)
    pipe.send(Zoomable(_pyramids(order, order.desk / made.file)))


def _restore(order: Order, views: list[str], tell: Callable[..., None]) -> Made:
    from relume.runtime.options import Options, Progress
    from relume.runtime.photo_options import PhotoOptions, read_hints
    from relume.runtime.pictures import views as pictures
    from relume.runtime.record import Subject, compose
    from relume.runtime.restore import output_suffix, restore_file
    from relume.web.live import Live, details

    desk = order.desk
    tell("opening")
    shown = pictures.write_view(order.source, desk / "before.jpg", SCREEN)
    _check_pixels(shown.width * shown.height, order.max_pixels)
    pictures.write_view(desk / "before.jpg", desk / "thumb.jpg", THUMB)
    views += ["before", "thumb"]
    tell("restoring", gray=shown.gray)

    options = Options(
        task=order.task,
        scale=order.scale,
        model=order.model,
        max_pixels=order.max_pixels,
        consistent=order.consistent,
        strip=order.strip,
        realism=order.realism,
        photo=PhotoOptions(
            strength=order.strength,
            mask=_write_mask(order, shown.width, shown.height),
            hints=read_hints(order.hints.split()),
            colour=order.colour,
        ),
        report=desk / "heat.png" if order.task in COMPARED else None,
        mask_out=desk / "mask.png" if order.task in MARKED else None,
    )
    target = desk / f"result{output_suffix(order.source)}"
    live = Live(desk / "before.jpg", desk / "live.jpg", shown.width * order.scale, shown.height * order.scale)
    if shown.width * shown.height > FREE_PIXELS and order.task == "upscale":
        for name in details(order.source, desk, DETAIL, options):
            views.append(name)
            tell("restoring")

    def progress(seen: Progress) -> None:
        if live.fresh and "live" not in views:
            views.append("live")
        left = seen.seconds / seen.done * (seen.total - seen.done) if seen.done else None
        tell("restoring", tiles_done=seen.done, tiles=seen.total, seconds_left=left)

    result = restore_file(order.source, target, options, progress, on_tile=live.paste)
    tell("finishing", tiles_done=1, tiles=1)
    pictures.write_view(target, desk / "after.jpg", SCREEN)
    compared = options.report is not None and result.consistency_db is not None
    views += ["after", *(["heat"] if compared else []), *(["mask"] if options.mask_out is not None else [])]
    tell("finishing", tiles_done=1, tiles=1)

    tag = f"x{order.scale}" if order.task == "upscale" else order.task
    name = f"{Path(order.name).stem}_{tag}{target.suffix}"
    size = order.source.stat().st_size
    bare = dataclasses.replace(options, report=None, mask_out=None)
    record = compose(None, target, bare, result, size, target.stat().st_size)
    record = dataclasses.replace(
        record,
        source=Subject(order.name, None, record.source.sha256, size),
        output=Subject(name, name, record.output.sha256, record.output.bytes),
    )
    return Made(
        file=target.name,
        sha256=result.output_sha256,
        bytes=record.output.bytes,
        name=name,
        width=result.width,
        height=result.height,
        model=result.model,
        seconds=result.seconds,
        consistency_db=result.consistency_db,
        notes=tuple(result.notes),
        record=record.to_json(),
    )


def _write_mask(order: Order, width: int, height: int) -> str | None:
    """The mask that came with the order, brought to the picture's size, as a file; its path."""
    if order.mask is None:
        return None
    from relume.runtime.pictures.views import write_mask

    path = order.desk / "marked.png"
    write_mask(order.mask, path, width, height)
    return str(path)


def _check_pixels(pixels: int, most: int) -> None:
    from relume.runtime.pictures.errors import TooLarge

    if pixels > most:
        raise TooLarge(f"this picture has {pixels / 1e6:.0f} MP; up to {most / 1e6:.0f} MP are taken")


def _pyramids(order: Order, result: Path) -> bool:
    """Make the tiles to zoom into; the result is safe already, so a failure only leaves them out."""
    from relume.runtime.pictures import views as pictures

    try:
        pictures.write_pyramid(order.source, order.desk / "zoom-before")
        pictures.write_pyramid(result, order.desk / "zoom-after")
    except (RelumeError, OSError, MemoryError) as error:
        print(f"no zoom for {result}: {error}", file=sys.stderr)
        for name in ("zoom-before", "zoom-after"):
            shutil.rmtree(order.desk / name, ignore_errors=True)
        return False
    return True


def _for_visitors(message: str, order: Order) -> str:
    """The message with the visitor's name for the file in place of ours, and no path of this machine."""
    return (
        message.replace(str(order.source), order.name)
        .replace(str(order.desk), "")
        .replace(order.source.name, order.name)
    )


def _bind_to_parent() -> None:
    """Let this process end when its worker does, however that ends: by the kernel on Linux, by looking elsewhere."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or parent == 1:
        os._exit(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
