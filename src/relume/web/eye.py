"""The eye of the page: a process of its own that looks at small copies of pictures before they are sent.

It is shown bare samples, so it decodes nothing; it is bounded like a worker's hand, and it answers in JSON. It looks at
one picture at a time: whoever comes meanwhile is told nothing, rather than made to wait.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import numpy as np

from relume.signal import Array
from relume.web.hand import allow_seconds, confine
from relume.web.sight import Sight, in_words

PATIENCE_SECONDS = 4.0
"""How long a caller waits. What takes longer is of no use any more before an upload."""
HUNG_SECONDS = 30.0
IDLE_SECONDS = 300.0
ANSWER_BYTES = 4096
NICENESS = 5
"""Behind the page, before the restorations: somebody waits for it, for half a second."""


class Eye:
    """One process that looks, started when it is needed and again when it has ended; for any number of threads."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._turn = threading.Lock()
        self._held: tuple[SpawnProcess, Connection] | None = None
        self._owing_since: float | None = None

    def look(self, whole: Array, detail: Array | None = None) -> Sight | None:
        """What is seen in ``whole`` and ``detail`` (see ``findings.find``), in words; None where the eye is busy."""
        if not self._turn.acquire(blocking=False):
            return None
        try:
            until = time.monotonic() + PATIENCE_SECONDS
            pipe = self._ready(until)
            if pipe is None:
                return None
            pipe.send((whole, detail))
            self._owing_since = time.monotonic()
            said = self._hear(pipe, until)
            return None if said is None else Sight.read(said)
        except (EOFError, OSError):
            self._drop()
            return None
        finally:
            self._turn.release()

    def wake(self) -> None:
        """Start the process if there is none: somebody is about to choose a picture. Returns at once."""
        if self._turn.acquire(blocking=False):
            try:
                with contextlib.suppress(OSError):  # no process more is to be had: then nothing will be seen
                    self._start()
            finally:
                self._turn.release()

    def _ready(self, until: float) -> Connection | None:
        """The pipe to the eye once it owes no answer: neither its greeting, nor one that nobody waits for any more."""
        pipe = self._start()
        return pipe if self._owing_since is None or self._hear(pipe, until) is not None else None

    def _start(self) -> Connection:
        if self._held is not None and self._held[0].is_alive():
            return self._held[1]
        self._drop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self._memory), daemon=True)
        process.start()
        theirs.close()
        self._held, self._owing_since = (process, ours), time.monotonic()
        return ours

    def _hear(self, pipe: Connection, until: float) -> bytes | None:
        """The answer that is owed; None where it does not come in time. An eye that hangs is ended."""
        if pipe.poll(max(0.0, until - time.monotonic())):
            said = pipe.recv_bytes(ANSWER_BYTES)
            self._owing_since = None
            return said
        if self._owing_since is not None and time.monotonic() - self._owing_since > HUNG_SECONDS:
            self._drop()
        return None

    def _drop(self) -> None:
        if self._held is None:
            return
        process, pipe = self._held
        self._held = self._owing_since = None
        pipe.close()
        process.kill()
        process.join()
        process.close()


def serve(pipe: Connection, memory: int) -> None:
    """Greet, then look at what comes through ``pipe`` until it closes or nothing has come for five minutes."""
    confine(memory, NICENESS)
    from relume.runtime.tasks.findings import find  # here alone: the page itself never loads what looks

    find(np.zeros((64, 64, 3), np.uint8))  # so that the first picture does not wait for the network to be loaded
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send_bytes(b"{}")
        while pipe.poll(IDLE_SECONDS):
            whole, detail = pipe.recv()
            allow_seconds(HUNG_SECONDS)
            pipe.send_bytes(in_words(find(whole, detail)).tell())
