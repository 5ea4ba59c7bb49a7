"""``relume link`` for files and waveforms: key, send, receive, modulate, demodulate."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relume.cli.output import emit, say, tell
from relume.signal import InputRejected, OutputRefused, UsageError

if TYPE_CHECKING:
    from relume.comm.schemes import Scheme
    from relume.comm.secure import SecureLink
    from relume.signal import Array

KeyFile = Annotated[Path | None, typer.Option(help="The shared key: 64 hexadecimal digits.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
CHANNELS = "awgn or rayleigh"


def register(group: typer.Typer) -> None:
    """Add the commands to the ``link`` group."""
    for command in (key, send, receive, modulate, demodulate):
        group.command(command.__name__)(command)


def number(text: str) -> float:
    """A finite number of dB from the command line."""
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(f"'{text}' is not a number of dB") from error
    if not math.isfinite(value):
        raise UsageError(f"an SNR is a finite number of dB, not {text}")
    return value


def key(file: Annotated[Path, typer.Argument(help="Where the new key goes; never overwritten.")]) -> None:
    """Make a random key."""
    from relume.comm.cipher import write_key

    write_key(file)
    tell(file)


def send(
    file: Annotated[Path, typer.Argument(help="The file to send: text, picture, sound, anything.")],
    key_file: KeyFile = None,
    snr: Annotated[str, typer.Option(help="Es/N0 of the simulated air in dB.")] = "8",
    channel: Annotated[str, typer.Option(help=CHANNELS)] = "awgn",
    scheme: Annotated[str, typer.Option(help="secure-1, secure-2 or secure-4.")] = "secure-1",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The capture [default: FILE.air].")] = None,
    chunk: Annotated[int, typer.Option(help="Bytes in a packet.")] = 1024,
    aead: Annotated[bool, typer.Option("--aead/--no-aead", help="Seal packets (ChaCha20-Poly1305).")] = True,
    attempts: Annotated[int, typer.Option(min=1, help="Attempts at one packet before giving up.")] = 8,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the air [default: fresh].")] = None,
    as_json: Json = False,
) -> None:
    """Send a file over the simulated air, packet by packet until each has arrived, and keep what was received."""
    import numpy as np

    from relume.comm import transport
    from relume.comm.channels import esn0_to_n0, make

    data = _read(file)
    path = out or file.with_name(file.name + ".air")
    _check(path)
    secret, counter = _key(key_file)
    link = _secure(scheme, secret, channel)
    air, report = transport.send(
        data,
        link,
        make(channel, esn0_to_n0(number(snr))),
        transport.Framing(chunk, aead),
        reserve=counter.reserve,
        rng=np.random.default_rng(seed),
        attempts=attempts,
        progress=lambda done, total: say(f"packet {done} of {total}") if done % 50 == 0 else None,
    )
    about = {"scheme": scheme, "channel": channel, "chunk": chunk, "aead": aead, "snr_db": number(snr)}
    _write(path, transport.save_capture(air, about))
    answer = {"capture": str(path), **about, **report.to_dict()}
    if as_json:
        emit(answer)
    else:
        tell(f"{path}: {report.packets} packets, {report.retransmissions} sent again, {report.symbols} symbols")


def receive(
    capture: Annotated[Path, typer.Argument(help="A capture of `relume link send`.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the file goes; never overwritten.")],
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Read a capture with the key; nothing is written unless every packet holds."""
    from relume.comm import transport

    _check(out)
    air, about = transport.load_capture(_read(capture))
    secret, _ = _key(key_file)
    try:
        scheme, channel = str(about["scheme"]), str(about["channel"])
        framing = transport.Framing(int(about["chunk"]), bool(about["aead"]))
        link = _secure(scheme, secret, channel)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise InputRejected(f"{capture}: the capture does not say how it was made ({error})") from error
    data = transport.receive(air, link, framing)
    _write(out, data)
    answer = {"file": str(out), "bytes": len(data), "authenticated": framing.aead}
    emit(answer) if as_json else tell(f"{out}: {len(data)} bytes" + ("" if framing.aead else ", NOT authenticated"))


def modulate(
    scheme: Annotated[str, typer.Option(help="Any scheme.")],
    source: Annotated[Path, typer.Option("--in", help="A .npy of 0 and 1, shape (k,).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The waveform: .npy, (n,) complex64, mean power 1.")],
    key_file: KeyFile = None,
    channel: Annotated[str, typer.Option(help=f"Which waveform of a secure scheme: {CHANNELS}.")] = "awgn",
) -> None:
    """Bits to the raw waveform, so that any channel or attack can be put between."""
    import numpy as np

    from relume.comm.channels import to_complex
    from relume.comm.cipher import nonce_from_counter
    from relume.comm.secure import SecureLink
    from relume.comm.traffic import TrafficLink

    _check(out)
    bits = _load(source)
    if bits.ndim != 1 or not bits.size or not np.isin(bits, (0, 1)).all():
        raise InputRejected(f"{source}: a message is a non-empty array (k,) of 0 and 1, not {bits.dtype} {bits.shape}")
    message = bits.astype(np.uint8)[None]
    link, counter = _any(scheme, key_file, channel)
    rng = np.random.default_rng()
    if isinstance(link, TrafficLink) or (isinstance(link, SecureLink) and link.layers.fresh):
        x = link.send(message, [nonce_from_counter(link.keys, counter.reserve())], rng)
    else:
        x = link.encode(message, rng)
    _save(out, to_complex(x[0]))
    tell(f"{out}: {message.size} bits in {x.shape[1]} symbols")


def demodulate(
    scheme: Annotated[str, typer.Option(help="The scheme of the waveform.")],
    source: Annotated[Path, typer.Option("--in", help="The received waveform: .npy, (n,) complex.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The bits: .npy, (k,) uint8.")],
    bits: Annotated[int, typer.Option(help="How many bits the message has.")],
    snr: Annotated[str, typer.Option(help="Es/N0 in dB.")],
    key_file: KeyFile = None,
    gain: Annotated[Path | None, typer.Option(help="Known channel gain: .npy, (n,) complex.")] = None,
    channel: Annotated[str, typer.Option(help=f"Which waveform of a secure scheme: {CHANNELS}.")] = "awgn",
) -> None:
    """Read a waveform; of a secure scheme a wrong key is an error, but altered bits are not: seal what matters."""
    from relume.comm.channels import esn0_to_n0
    from relume.comm.secure import SecureLink
    from relume.comm.traffic import TrafficLink

    _check(out)
    y = _waveform(source)
    known: dict[str, Any] = {"n0": esn0_to_n0(number(snr))}
    if gain is not None:
        known["gain"] = _waveform(gain)
        if known["gain"].shape != y.shape:
            raise InputRejected(f"{gain}: {known['gain'].shape[1]} gains for {y.shape[1]} symbols")
    link, _ = _any(scheme, key_file, channel)
    if link.uses(bits) != y.shape[1]:
        raise InputRejected(f"{source}: {bits} bits take {link.uses(bits)} symbols, and there are {y.shape[1]}")
    if isinstance(link, SecureLink | TrafficLink):
        read, _ = link.receive(y, known, bits)
    else:
        read = link.decode(y, known, bits)
    _save(out, read[0])
    tell(f"{out}: {bits} bits")


def _key(path: Path | None) -> tuple[bytes, Any]:
    from relume.comm.cipher import NonceCounter, load_key

    if path is None:
        raise UsageError("a key is needed: --key-file FILE; make one with 'relume link key FILE'")
    return load_key(path), NonceCounter(path.with_name(path.name + ".counter"))


def _secure(name: str, secret: bytes, channel: str) -> SecureLink:
    from relume.comm.channels import ALL
    from relume.runtime.tasks.link import SECURE, build

    if name not in SECURE:
        raise UsageError(f"files travel by {', '.join(SECURE)}, not by '{name}'")
    if channel not in ALL:
        raise UsageError(f"no channel '{channel}'; there are {', '.join(ALL)}")
    link: Any = build(name, key=secret, mix=channel == "awgn")
    return link  # type: ignore[no-any-return]


def _any(name: str, key_file: Path | None, channel: str) -> tuple[Scheme, Any]:
    from relume.comm.channels import ALL
    from relume.runtime.tasks.link import CONTROLS, SECURE, TRAFFIC, build

    if channel not in ALL:
        raise UsageError(f"no channel '{channel}'; there are {', '.join(ALL)}")
    if name in (*SECURE, *TRAFFIC) or (name in CONTROLS and name not in ("plain", "static")):
        secret, counter = _key(key_file)
        return build(name, key=secret, mix=channel == "awgn"), counter
    return build(name), None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error


def _check(path: Path) -> None:
    """Refuse an output early, before any nonce is spent."""
    if path.exists():
        raise OutputRefused(f"{path}: exists already; choose another name or remove it")
    if not path.parent.is_dir():
        raise OutputRefused(f"{path}: the folder {path.parent} does not exist")


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(data)
        os.link(partial, path)
    except FileExistsError as error:
        raise OutputRefused(f"{path}: exists already; choose another name or remove it") from error
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)


def _load(path: Path) -> Array:
    import numpy as np

    try:
        array: Array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, EOFError) as error:
        raise InputRejected(f"{path}: not a .npy array, or a truncated one") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buifc":
        raise InputRejected(f"{path}: not a .npy array of numbers")
    return array


def _waveform(path: Path) -> Array:
    import numpy as np

    from relume.comm.channels import to_pairs

    samples = _load(path)
    if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
        raise InputRejected(f"{path}: a waveform is a non-empty array (n,) of finite samples, not {samples.shape}")
    return to_pairs(samples.astype(np.complex64))[None]


def _save(path: Path, array: Array) -> None:
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    _write(path, buffer.getvalue())
