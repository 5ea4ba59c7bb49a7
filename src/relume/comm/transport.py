"""Files over the secure link: packets with CRC-32 and ChaCha20-Poly1305, sent again until they arrive.

A file becomes packets of equal length. Inside a packet: one flag byte, the number of the packet and of all packets, the
used length, and the padded chunk; sealed with the message's own nonce (unless refused with ``aead=False``), followed by
a CRC-32 that tells a damaged packet without a key. A capture holds what came through the air, attempt by attempt.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relume.comm.channels import Channel
from relume.comm.cipher import Altered, Keys, WrongKey, nonce_from_counter, seal, unseal
from relume.comm.secure import SecureLink
from relume.signal import Array, InputRejected, RelumeError, UsageError

MAGIC = b"RLMAIR1\n"
HEAD = struct.Struct(">BIII")
CRC = 4
TAG = 16
BOUND = b"relume packet 1"


class Incomplete(InputRejected):
    """Some packets of a file never arrived undamaged."""

    code = "incomplete"


class Undelivered(RelumeError):
    """The sender gave up: a packet did not arrive in as many attempts as allowed."""

    code = "undelivered"
    exit_status = 3


@dataclass(frozen=True)
class Framing:
    """How a file is cut: ``chunk`` bytes in a packet; ``aead`` seals each one (the default, and what makes it safe)."""

    chunk: int = 1024
    aead: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.chunk <= 1 << 20:
            raise UsageError(f"a chunk is 1 to {1 << 20} bytes, not {self.chunk}")

    @property
    def packet_bits(self) -> int:
        """Bits of one packet on the link."""
        return 8 * (HEAD.size + self.chunk + (TAG if self.aead else 0) + CRC)


@dataclass(frozen=True)
class Reception:
    """One attempt as received: (n, 2) samples, the noise energy and the gain that the receiver knows (or None)."""

    y: Array
    n0: float
    gain: Array | None

    @property
    def known(self) -> dict[str, Any]:
        """Side information for a batch of one."""
        return {"n0": self.n0} if self.gain is None else {"n0": self.n0, "gain": self.gain[None]}


@dataclass
class Report:
    """What a transmission cost."""

    file_bytes: int
    packets: int
    attempts: int = 0
    retransmissions: int = 0
    symbols: int = 0
    channel_bit_errors: int = 0
    channel_bits: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All figures, with the payload bits for each complex symbol that was really spent."""
        rate = 8 * self.file_bytes / self.symbols if self.symbols else 0.0
        return {**self.__dict__, "payload_bits_per_use": rate}


def frame(data: bytes, framing: Framing) -> list[bytes]:
    """The plain packets of a file; an empty file is refused."""
    if not data:
        raise UsageError("the file is empty: there is no message to send")
    chunks = [data[i : i + framing.chunk] for i in range(0, len(data), framing.chunk)]
    if len(chunks) >= 1 << 32:
        raise UsageError("the file needs more packets than a packet number can hold; use a larger chunk")
    return [
        HEAD.pack(framing.aead, number, len(chunks), len(chunk)) + chunk.ljust(framing.chunk, b"\0")
        for number, chunk in enumerate(chunks)
    ]


def protect(keys: Keys, nonce: bytes, packet: bytes, framing: Framing) -> Array:
    """A packet as the bits that the link carries: sealed, then with its CRC; (1, packet_bits) uint8."""
    body = seal(keys, nonce, packet, BOUND) if framing.aead else packet
    whole = body + zlib.crc32(body).to_bytes(CRC, "big")
    return np.unpackbits(np.frombuffer(whole, np.uint8))[None]


def unprotect(keys: Keys, nonce: bytes, bits: Array, framing: Framing) -> tuple[int, int, bytes]:
    """(number, of how many, chunk) from received bits; Altered if CRC, seal or contents do not hold."""
    whole = np.packbits(bits).tobytes()
    body, check = whole[:-CRC], whole[-CRC:]
    if zlib.crc32(body).to_bytes(CRC, "big") != check:
        raise Altered("a packet's CRC does not fit: it was damaged on the way")
    packet = unseal(keys, nonce, body, BOUND) if framing.aead else body
    sealed, number, total, used = HEAD.unpack(packet[: HEAD.size])
    if sealed != framing.aead or number >= total or used > framing.chunk or not used:
        raise Altered("a packet's header makes no sense: it was altered, or sent with other settings")
    return number, total, packet[HEAD.size : HEAD.size + used]


def read_packet(link: SecureLink, framing: Framing, heard: Reception) -> tuple[int, int, int, bytes]:
    """(counter, number, of how many, chunk); WrongKey or Altered if it cannot be believed."""
    bits, counters = link.receive(heard.y[None], heard.known, framing.packet_bits)
    nonce = nonce_from_counter(link.keys, counters[0])
    return (counters[0], *unprotect(link.keys, nonce, bits[0], framing))


def send(
    data: bytes,
    link: SecureLink,
    channel: Channel,
    framing: Framing,
    *,
    reserve: Callable[[], int],
    rng: np.random.Generator,
    attempts: int = 8,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Reception], Report]:
    """Send ``data`` over the simulated air; each packet again, under a fresh nonce, until its receiver accepts it.

    The acknowledgement is ideal (the receiver of the simulation answers at once). Raises Undelivered after
    ``attempts`` attempts at one packet.
    """
    packets = frame(data, framing)
    report = Report(len(data), len(packets))
    air: list[Reception] = []
    for number, packet in enumerate(packets):
        for attempt in range(attempts):
            nonce = nonce_from_counter(link.keys, reserve())
            bits = protect(link.keys, nonce, packet, framing)
            x = link.send(bits, [nonce], rng)
            draw = channel.draw(x.shape, rng)
            gain = draw.known.get("gain")
            heard = Reception(channel.apply(x, draw)[0], channel.n0, None if gain is None else gain[0])
            air.append(heard)
            report.attempts += 1
            report.retransmissions += attempt > 0
            report.symbols += x.shape[1]
            report.channel_bits += bits.size
            try:
                read, _ = link.receive(heard.y[None], heard.known, bits.size)
                report.channel_bit_errors += int(np.count_nonzero(read != bits))
                unprotect(link.keys, nonce, read[0], framing)
                break
            except (WrongKey, Altered) as error:
                report.causes[error.code] = report.causes.get(error.code, 0) + 1
        else:
            raise Undelivered(
                f"packet {number + 1} of {len(packets)} did not arrive in {attempts} attempts; raise the SNR"
            )
        progress(number + 1, len(packets))
    return air, report


def receive(air: list[Reception], link: SecureLink, framing: Framing) -> bytes:
    """The file in a capture. WrongKey if no header fits the key, Incomplete if packets are missing.

    A message counter that was seen before is a replay and is passed over.
    """
    wanted = link.uses(framing.packet_bits)
    if any(len(heard.y) != wanted for heard in air):
        raise InputRejected(f"the capture's packets have {len(air[0].y)} symbols; as it says it was made, {wanted}")
    chunks: dict[int, bytes] = {}
    seen: set[int] = set()
    total, strangers = 0, 0
    for heard in air:
        try:
            counter, number, count, chunk = read_packet(link, framing, heard)
        except WrongKey:
            strangers += 1
            continue
        except Altered:
            continue
        if counter in seen:
            continue
        seen.add(counter)
        if total and count != total:
            raise Altered("packets of different files in one capture")
        total = count
        chunks[number] = chunk
    if strangers == len(air):
        raise WrongKey("no packet of this capture fits the key: wrong key, or a hopeless signal")
    if not chunks:
        raise Altered("no packet of this capture holds: damaged, altered, or received with other settings")
    missing = [n for n in range(total) if n not in chunks]
    if missing:
        raise Incomplete(f"{len(missing)} of {total} packets are missing or damaged, the first is number {missing[0]}")
    return b"".join(chunks[n] for n in range(total))


def save_capture(air: list[Reception], about: Mapping[str, Any]) -> bytes:
    """A capture as bytes: magic, JSON header, then float32 samples (and gains) of every attempt, little-endian."""
    gains = air[0].gain is not None
    head = {**about, "attempts": len(air), "uses": len(air[0].y), "n0": air[0].n0, "gains": gains}
    text = json.dumps(head, sort_keys=True).encode()
    parts = [part for heard in air for part in ((heard.y, heard.gain) if gains else (heard.y,))]
    payload = b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in parts)
    return MAGIC + struct.pack(">I", len(text)) + text + payload


def load_capture(data: bytes) -> tuple[list[Reception], dict[str, Any]]:
    """Undo :func:`save_capture`; InputRejected if the file is truncated or something else."""
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + 4:
        raise InputRejected("not a capture of relume; make one with 'relume link send'")
    (size,) = struct.unpack_from(">I", data, len(MAGIC))
    start = len(MAGIC) + 4 + size
    try:
        about = json.loads(data[len(MAGIC) + 4 : start])
        attempts, uses, n0, gains = (about[key] for key in ("attempts", "uses", "n0", "gains"))
        parts = 2 if gains else 1
        samples = np.frombuffer(data[start:], "<f4")
        if attempts < 1 or uses < 1 or samples.size != attempts * uses * 2 * parts or not np.isfinite(samples).all():
            raise ValueError("wrong amount of samples")
        if not (isinstance(n0, float | int) and np.isfinite(n0) and n0 >= 0):
            raise ValueError("no noise energy")
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise InputRejected(f"the capture is truncated or damaged ({error}); send the file again") from error
    shaped = samples.reshape(attempts, parts, uses, 2).astype(np.float32)
    return [Reception(entry[0], float(n0), entry[1] if gains else None) for entry in shaped], about


def forge(link: SecureLink, framing: Framing, *, tries: int, rng: np.random.Generator) -> int:
    """How many of ``tries`` altered packets a receiver accepts.

    The forger flips payload bits of a packet as it is carried and repairs the outer CRC, which needs no key.
    """
    accepted = 0
    packet = frame(bytes(framing.chunk), framing)[0]
    for _ in range(tries):
        nonce = nonce_from_counter(link.keys, int(rng.integers(1 << 48)))
        body = bytearray(np.packbits(protect(link.keys, nonce, packet, framing)).tobytes()[:-CRC])
        for place in rng.choice(
            np.arange(HEAD.size, HEAD.size + framing.chunk), int(rng.integers(1, 4)), replace=False
        ):
            body[int(place)] ^= int(rng.integers(1, 256))
        forged = bytes(body) + zlib.crc32(body).to_bytes(CRC, "big")
        try:
            unprotect(link.keys, nonce, np.unpackbits(np.frombuffer(forged, np.uint8)), framing)
        except Altered:
            continue
        accepted += 1
    return accepted
