"""The page under measurement: first paint, overhead, a look, a crowd, bad uploads, kills.

``python -m relume.bench.web NAME``: each part serves a fresh store and writes ``results/web-NAME.json``; run them on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relume.bench.results import provenance, write
from relume.bench.web_server import API, PATIENCE, Page
from relume.runtime.pictures.views import write_array

Row = dict[str, Any]
BROWSER_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
MEGAPIXEL = (1000, 1000)
LOOK_SECONDS = 0.1
"""How often a client of the overhead's asks: to ask at 50 Hz costs a laptop a tenth of a core."""
CROWD_SECONDS = 1.0
"""How often each of a crowd asks how its picture is doing; a browser that waits in the queue asks no more often."""


def photograph(folder: Path, width: int, height: int, seed: int = 1) -> bytes:
    """A JPEG that a photograph could be: soft shapes and some grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 97
    planes = [np.sin(x * (1 + k / 3) + rng.uniform(0, 6)) * np.cos(y * (1.3 - k / 4)) for k in range(3)]
    array = np.stack(planes, axis=2) * 90 + 128 + rng.normal(0, 4, (height, width, 1))
    path = folder / "photograph.jpg"
    write_array(array.clip(0, 255).astype(np.uint8), path)
    return path.read_bytes()


def paint(folder: Path, chromium: str, rounds: int) -> list[Row]:
    """First contentful paint and bytes before an upload, in a fresh browser profile each time."""
    from playwright.sync_api import sync_playwright

    expression = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    sizes = "performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize || 0), 0)"
    seconds, total = [], 0
    with Page(folder / "store", {}) as page, sync_playwright() as driver:
        for _ in range(rounds):
            browser = driver.chromium.launch(executable_path=chromium, args=list(BROWSER_ARGUMENTS))
            tab = browser.new_page()
            tab.goto("about:blank")
            tab.goto(f"http://127.0.0.1:{page.port}/", wait_until="load")
            until = time.monotonic() + 10
            while (found := tab.evaluate(expression)) is None and time.monotonic() < until:
                tab.wait_for_timeout(20)
            seconds.append(found / 1000)
            total = tab.evaluate(sizes)
            browser.close()
    return [{"what": "first contentful paint", "seconds": statistics.median(seconds), "all": seconds, "bytes": total}]


def overhead(folder: Path, model: str, rounds: int) -> list[Row]:
    """Seconds from the first byte sent to the result received, against ``relume restore`` on the same picture."""
    rows = []
    with Page(folder / "store", {}) as page:
        for width, height in ((256, 192), MEGAPIXEL):
            shot = folder / f"{width}.jpg"
            shot.write_bytes(photograph(folder, width, height))
            by_page, by_command = [], []
            for number in range(rounds + 1):
                started = time.perf_counter()
                sent = page.ask("POST", f"{API}?scale=4&model={model}", shot.read_bytes(), "image/jpeg").json()
                page.until_ended(sent["links"]["self"], LOOK_SECONDS)
                page.ask("GET", sent["links"]["result"])
                by_page.append(time.perf_counter() - started)
                target = folder / f"{width}-{number}.jpg"
                command = [sys.executable, "-m", "relume", "restore", str(shot), "-o", str(target), "--model", model]
                started = time.perf_counter()
                subprocess.run([*command, "--scale", "4", "-q"], check=True, capture_output=True)
                by_command.append(time.perf_counter() - started)
            pair = statistics.median(by_page[1:]), statistics.median(by_command[1:])
            rows.append({"width": width, "height": height, "model": model, "page": pair[0], "command": pair[1]})
            rows[-1] |= {"overhead": pair[0] - pair[1], "overhead_part": pair[0] / pair[1] - 1}
    return rows


def look(folder: Path, rounds: int) -> list[Row]:
    """Seconds until it is told what a chosen picture of a megapixel shows: at once, and with the eye awake.

    ``processor`` is what the eye's process used for one look, which other work on the machine does not lengthen.
    """
    width, height = 1024, 768
    rng = np.random.default_rng(1)
    whole, detail = (rng.integers(0, 256, (*size, 3), np.uint8).tobytes() for size in ((height, width), (512, 512)))
    address = f"/look?whole={width}x{height}&detail=512x512"
    with Page(folder / "store", {}) as page:
        first = page.as_visitor(address, whole + detail)
        until = time.monotonic() + PATIENCE
        while page.as_visitor(address, whole + detail).status != 200 and time.monotonic() < until:
            time.sleep(0.5)
        used = page.eye_seconds()
        later = [page.as_visitor(address, whole + detail) for _ in range(rounds)]
        used = (page.eye_seconds() - used) / rounds
    told = [answer.seconds for answer in later if answer.status == 200]
    return [
        {
            "what": "a look at 1024x768 and 512x512",
            "first": first.seconds if first.status == 200 else None,
            "seconds": statistics.median(told) if told else None,
            "told": len(told),
            "asked": rounds,
            "processor": used,
        }
    ]


def crowd(folder: Path, model: str, visitors: int, seconds: float, room: int = 20) -> list[Row]:
    """Visitors at once in a closed loop: each sends a 1 MP picture, waits for its end, and sends the next.

    New pictures are sent for ``seconds``, and ``room`` of them may wait; who finds the queue full comes again when
    ``Retry-After`` says. Four more look at the page all the while, 20 times a second each.
    """
    data = photograph(folder, *MEGAPIXEL)
    statuses: Counter[int] = Counter()
    looks: list[float] = []
    accepted: list[str] = []
    ends: Counter[str] = Counter()
    lock, over = threading.Lock(), threading.Event()
    with Page(folder / "store", {"RELUME_QUEUE": str(room), "RELUME_PENDING": str(room)}) as page:
        until = time.monotonic() + seconds

        def look() -> None:
            while not over.wait(0.05):
                answer = page.ask("GET", "/")
                with lock:
                    looks.append(answer.seconds)
                    statuses[answer.status] += 1

        def visit(number: int) -> None:
            turn = 0
            while time.monotonic() < until:
                turn += 1
                answer = page.ask(
                    "POST", f"{API}?scale=2&model={model}", data + f"{number} {turn}".encode(), "image/jpeg"
                )
                with lock:
                    statuses[answer.status] += 1
                if answer.status != 202:
                    time.sleep(min(answer.retry_after or 1.0, max(0.0, until - time.monotonic())))
                    continue
                address = answer.json()["links"]["self"]
                with lock:
                    accepted.append(address)
                end = page.until_ended(address, CROWD_SECONDS)["status"]
                with lock:
                    ends[end] += 1

        watchers = [threading.Thread(target=look) for _ in range(4)]
        people = [threading.Thread(target=visit, args=(number,)) for number in range(visitors)]
        for thread in (*watchers, *people):
            thread.start()
        for thread in people:
            thread.join()
        over.set()
        for thread in watchers:
            thread.join()
    looks.sort()
    return [
        {
            "visitors": visitors,
            "seconds": seconds,
            "room": room,
            "statuses": {str(status): count for status, count in sorted(statuses.items())},
            "accepted": len(accepted),
            "ended": dict(ends),
            "page_p50": looks[len(looks) // 2],
            "page_p95": looks[int(len(looks) * 0.95)],
            "looks": len(looks),
        }
    ]


def bad(folder: Path, inputs: Path | None, count: int, seed: int) -> list[Row]:
    """Bad uploads: broken multipart, cut and bent pictures, bombs, and the files of ``inputs``."""
    rng = random.Random(seed)
    good = photograph(folder, 200, 150)
    files = sorted(path for path in inputs.rglob("*") if path.is_file()) if inputs else []
    statuses: Counter[int] = Counter()
    ends: Counter[str] = Counter()
    with Page(folder / "store", {"RELUME_QUEUE": str(count + 1), "RELUME_PENDING": str(count + 1)}) as page:
        page.ask("POST", API, b"x")
        before = page.memory()
        sent = []
        for number in range(count):
            body, kind = _bad_body(rng, good, files, number)
            answer = page.ask("POST", f"{API}?scale=2&model=bicubic", body, kind)
            statuses[answer.status] += 1
            if answer.status == 202:
                sent.append(answer.json()["links"]["self"])
        for address in sent:
            ends[page.until_ended(address)["status"]] += 1
        grown = page.memory() - before
        for address in sent:
            page.ask("DELETE", address)
        alive = page.ask("GET", "/readyz").status
    places = ("objects", "incoming", "work", "views")
    left = sum(path.is_file() for place in places for path in (folder / "store" / place).rglob("*"))
    shown = {str(status): n for status, n in sorted(statuses.items())}
    return [
        {"uploads": count, "statuses": shown, "ended": dict(ends), "ready": alive, "grown": grown, "files_left": left}
    ]


def _bad_body(rng: random.Random, good: bytes, files: list[Path], number: int) -> tuple[bytes, str]:
    way = number % (5 if files else 4)
    if way == 0:
        cut = good[: rng.randrange(len(good))]
        return cut or b"\xff", "image/jpeg"
    if way == 1:
        bent = bytearray(good)
        for _ in range(rng.randrange(1, 40)):
            bent[rng.randrange(len(bent))] = rng.randrange(256)
        return bytes(bent), "image/jpeg"
    if way == 2:
        sides = rng.randrange(20_000, 1 << 31).to_bytes(4, "big") * 2
        return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + sides + rng.randbytes(200), "image/png"
    if way == 3:
        form = (
            b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
            + good[:500]
            + b"\r\n--b--\r\n"
        )
        start = rng.randrange(len(form))
        broken = form[:start] + rng.randbytes(rng.randrange(1, 60)) + form[start + rng.randrange(40) :]
        return broken, "multipart/form-data; boundary=b"
    return rng.choice(files).read_bytes()[: 8 << 20] or b"\0", "application/octet-stream"


def kills(folder: Path, model: str, count: int, seed: int) -> list[Row]:
    """kill -9 of a worker and of the page in turn, each in the middle of a job; every accepted job must end once."""
    rng = random.Random(seed)
    data = photograph(folder, 600, 400)
    addresses = []
    midway = 0
    with Page(folder / "store", {"RELUME_LEASE": "2", "RELUME_PENDING": str(2 * count)}) as page:
        for number in range(count):
            for turn in range(2):
                body = data + f"{number} {turn}".encode()
                answer = page.ask("POST", f"{API}?scale=4&model={model}", body, "image/jpeg")
                if answer.status == 202:
                    addresses.append(answer.json()["links"]["self"])
            until = time.monotonic() + 30
            running = [address for address in addresses if page.ask("GET", address).json()["status"] == "running"]
            while not running and time.monotonic() < until:
                time.sleep(0.02)
                running = [address for address in addresses if page.ask("GET", address).json()["status"] == "running"]
            midway += bool(running)
            time.sleep(rng.uniform(0, 0.3))
            if number % 2:
                page.kill()
            else:
                page.kill_worker()
        ends = Counter(page.until_ended(address)["status"] for address in addresses)
        counted = [
            line for line in page.ask("GET", "/metrics").body.decode().splitlines() if "jobs_ended_total{" in line
        ]
    once = sum(float(line.rsplit(" ", 1)[1]) for line in counted)
    return [{"kills": count, "midway": midway, "accepted": len(addresses), "ended": dict(ends), "ends_counted": once}]


def main() -> None:
    """Run one part and write its results file."""
    parser = argparse.ArgumentParser(prog="python -m relume.bench.web")
    parser.add_argument("part", choices=("paint", "overhead", "look", "crowd", "bad", "kills"))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--model", default="cascade-psnr")
    parser.add_argument("--count", type=int, help="rounds, visitors, uploads or kills")
    parser.add_argument("--seconds", type=float, default=120.0, help="for how long a crowd sends new pictures")
    parser.add_argument("--inputs", type=Path, help="a folder of bad files, for the part 'bad'")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relume-bench-") as name:
        folder = Path(name)
        parts: Mapping[str, Callable[[], list[Row]]] = {
            "paint": lambda: paint(folder, told.chromium, told.count or 7),
            "overhead": lambda: overhead(folder, told.model, told.count or 5),
            "look": lambda: look(folder, told.count or 5),
            "crowd": lambda: crowd(folder, told.model, told.count or 50, told.seconds),
            "bad": lambda: bad(folder, told.inputs, told.count or 1000, told.seed),
            "kills": lambda: kills(folder, told.model, told.count or 20, told.seed),
        }
        rows = parts[told.part]()
    head = provenance([], f"page and client on one machine: {told.part}", told.seed)
    head["command"] = shlex.join(["python", "-m", "relume.bench.web", *sys.argv[1:]])
    write(told.out or Path("results") / f"web-{told.part}.json", head, rows)
    print(rows)


if __name__ == "__main__":
    main()
