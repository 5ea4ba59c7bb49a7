"""Monte Carlo of a link: bits through encoder, channel and decoder until enough errors, with honest intervals.

The work is cut into chunks numbered from 0, each with its own generator seeded by (seed, point, chunk), and the count
stops at the first chunk that reaches a limit: the figures do not depend on the number of processes.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import beta

from relume.comm import theory
from relume.comm.channels import ebn0_to_n0, make
from relume.comm.modem import BITS
from relume.comm.schemes import Adaptive, Scheme
from relume.signal import Array, UsageError

CHUNK_BITS = 1 << 17
SEGMENT = 240
MOST_POINTS = 1000
LONGEST = 10_000_000


@dataclass(frozen=True)
class Limits:
    """When a point is done: ``errors`` bit errors or ``bits`` bits, whichever comes first."""

    errors: int = 300
    bits: int = 10_000_000

    def __post_init__(self) -> None:
        if self.errors < 1 or self.bits < 1:
            raise UsageError(f"the target of errors and of bits must be at least 1, not {self.errors} and {self.bits}")


@dataclass(frozen=True)
class Point:
    """One measured point: counts first, rates after. With no errors ``ber`` is 0 and only ``high`` means anything."""

    ebn0_db: float
    errors: int
    bits: int
    ber: float
    low: float
    high: float
    blocks: int
    block_errors: int
    bler: float
    bler_low: float
    bler_high: float
    theory: float | None
    upper_bound: bool


@dataclass(frozen=True)
class Curve:
    """The points of one scheme over one channel; ``rate_bits_per_use`` is the true rate at ``length``."""

    scheme: str
    channel: str
    length: int
    seed: int
    rate_bits_per_use: float
    points: tuple[Point, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract of ``relume link ber``."""
        return asdict(self)

    def to_csv(self) -> str:
        """One line for each point, with a header."""
        out = io.StringIO()
        rows = [{"scheme": self.scheme, "channel": self.channel, **asdict(point)} for point in self.points]
        writer = csv.DictWriter(out, list(rows[0]) if rows else ["scheme"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()


@dataclass(frozen=True)
class Air:
    """The channel of a run: its name, the fading block (1 is fast) and whether the receiver knows the gain."""

    name: str = "awgn"
    block: int = 1
    csi: bool = True


@dataclass(frozen=True)
class Count:
    """What one chunk saw; the last two are sums over segments of a message, for the interval."""

    errors: int
    bits: int
    blocks: int
    block_errors: int
    segments: int
    squares: float


def interval(errors: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion; real numbers are fine (a design effect divides both)."""
    if not 0 <= errors <= trials or trials <= 0:
        raise UsageError(f"{errors} errors in {trials} trials is no proportion")
    tail = (1 - confidence) / 2
    low = 0.0 if errors == 0 else float(beta.ppf(tail, errors, trials - errors + 1))
    high = 1.0 if errors == trials else float(beta.ppf(1 - tail, errors + 1, trials - errors))
    return low, high


def design_effect(count: Count, segment: int) -> float:
    """How much more the errors of neighbouring bits vary than independent ones; at least 1 (Korn and Graubard 1998)."""
    if count.segments < 30 or count.errors == 0:
        return 1.0
    mean = count.errors / count.bits * segment
    variance = (count.squares / count.segments - mean**2) * count.segments / (count.segments - 1)
    independent = mean * (1 - mean / segment)
    return max(1.0, variance / independent) if independent > 0 else 1.0


def ebn0_range(text: str) -> tuple[float, ...]:
    """'A:B:S' with B included, a list 'A,B,C', or one number, in dB."""
    try:
        if ":" in text:
            first, last, step = (float(part) for part in text.split(":"))
            if not step > 0 or not np.isfinite([first, last]).all() or last < first:
                raise ValueError
            if (last - first) / step >= MOST_POINTS:
                raise UsageError(f"an Eb/N0 axis of more than {MOST_POINTS} points is asked for: '{text}'")
            return tuple(round(first + step * i, 10) for i in range(int((last - first) / step + 1e-9) + 1))
        values = tuple(float(part) for part in text.split(","))
        if not np.isfinite(values).all():
            raise ValueError
        return values
    except ValueError as error:
        raise UsageError(f"an Eb/N0 axis reads FIRST:LAST:STEP or A,B,C in finite dB, not '{text}'") from error


def random_bits(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Uniform bits, uint8."""
    count = shape[0] * shape[1]
    return np.unpackbits(np.frombuffer(rng.bytes(-(-count // 8)), np.uint8), count=count).reshape(shape)


def run_chunk(scheme: Scheme, air: Air, n0: float, shape: tuple[int, int], seed: tuple[int, ...]) -> Count:
    """Send ``shape`` = (messages, bits) through the link once."""
    rng = np.random.default_rng(seed)
    bits = random_bits(shape, rng)
    x = scheme.encode(bits, rng)
    channel = make(air.name, n0, block=air.block, csi=air.csi)
    draw = channel.draw(x.shape, rng)
    wrong = scheme.decode(channel.apply(x, draw), draw.known, shape[1]) != bits
    per_block = np.count_nonzero(wrong, axis=1)
    segment = min(SEGMENT, shape[1])
    whole = shape[1] // segment * segment
    parts = np.add.reduce(wrong[:, :whole].reshape(-1, segment), axis=1, dtype=np.int32).astype(np.float64)
    return Count(int(per_block.sum()), bits.size, shape[0], int(np.count_nonzero(per_block)), len(parts), parts @ parts)


def simulate(
    scheme: Scheme,
    air: Air,
    ebn0_db: Sequence[float],
    *,
    length: int = 65536,
    limits: Limits | None = None,
    seed: int = 1,
    jobs: int = 1,
    report: Callable[[Point], None] | None = None,
) -> Curve:
    """Measure ``scheme`` over ``air`` at every Eb/N0; messages of ``length`` bits, fresh noise for every point.

    An :class:`~relume.comm.schemes.Adaptive` scheme is set for every point, and charged the rate that it then has.
    """
    limits = limits or Limits()
    if length < 1 or jobs < 1:
        raise UsageError(f"the message length and the number of jobs must be at least 1, not {length} and {jobs}")
    if length > LONGEST:
        raise UsageError(f"a message has at most {LONGEST} bits, not {length}; several messages are measured at a time")
    points: list[Point] = []
    for number, value in enumerate(ebn0_db):
        link = scheme.at(value, air.name, length) if isinstance(scheme, Adaptive) else scheme
        n0 = ebn0_to_n0(value, link.rate(length))
        total = Count(0, 0, 0, 0, 0, 0.0)
        for count in _chunks(link, air, n0, length, limits, (seed, number), jobs):
            total = Count(*(a + b for a, b in zip(astuple(total), astuple(count), strict=True)))
            if total.errors >= limits.errors or total.bits >= limits.bits:
                break
        points.append(summarise(value, total, min(SEGMENT, length), _theory(scheme.name, air, value, length)))
        if report:
            report(points[-1])
    return Curve(scheme.name, air.name, length, seed, scheme.rate(length), tuple(points))


def astuple(count: Count) -> tuple[Any, ...]:
    """The fields of a count in order."""
    return (count.errors, count.bits, count.blocks, count.block_errors, count.segments, count.squares)


def summarise(ebn0_db: float, count: Count, segment: int, expected: float | None) -> Point:
    """Counts to rates and intervals."""
    effect = design_effect(count, segment)
    low, high = interval(count.errors / effect, count.bits / effect)
    bler_low, bler_high = interval(count.block_errors, count.blocks)
    return Point(
        ebn0_db,
        count.errors,
        count.bits,
        count.errors / count.bits,
        low,
        high,
        count.blocks,
        count.block_errors,
        count.block_errors / count.blocks,
        bler_low,
        bler_high,
        expected,
        count.errors == 0,
    )


def _theory(name: str, air: Air, ebn0_db: float, length: int) -> float | None:
    exact = name in BITS and length % BITS[name] == 0 and (air.csi or air.name == "awgn")
    return theory.ber(name, air.name, ebn0_db) if exact else None


def _chunks(
    scheme: Scheme, air: Air, n0: float, length: int, limits: Limits, seed: tuple[int, int], jobs: int
) -> Iterator[Count]:
    messages = max(1, min(CHUNK_BITS, limits.bits) // length)
    needed = -(-limits.bits // (messages * length))
    tasks = ((scheme, air, n0, (messages, length), (*seed, chunk)) for chunk in range(needed))
    if jobs == 1:
        for task in tasks:
            yield run_chunk(*task)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        pending = []
        for task in tasks:
            pending.append(pool.submit(run_chunk, *task))
            if len(pending) >= 2 * jobs:
                yield pending.pop(0).result()
        for future in pending:
            yield future.result()
