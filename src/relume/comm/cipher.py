"""Keys, nonces, keystreams and seals of the secure link; the ``cryptography`` package does the cryptography.

One 32-byte key is split by HKDF-SHA256 into five that never meet: S (xored to the bits), W (the latent sequence of the
generator), nonce, header and seal. Secrecy rests on ChaCha20 and on a nonce that is used once; nothing here gives
integrity except :func:`seal`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relume.signal import Array, InputRejected, OutputRefused, UsageError

KEY_BYTES = 32
NONCE_BYTES = 12
COUNTER_BITS = 48


class WrongKey(InputRejected):
    """The key is not the one that the message was made with, or the message's header did not survive."""

    code = "wrong-key"


class Altered(InputRejected):
    """The sealed message is not what was sent: altered, truncated, or sealed with another key or nonce."""

    code = "altered"


class NonceReuse(UsageError):
    """A nonce that was already used with this key was asked for again."""

    code = "nonce-reuse"


@dataclass(frozen=True)
class Keys:
    """The five sub-keys of a link, 32 bytes each."""

    stream: bytes
    drive: bytes
    nonce: bytes
    header: bytes
    seal: bytes


def split_key(key: bytes) -> Keys:
    """HKDF-SHA256 with one label for each use; a key of another length than 32 bytes is refused."""
    if len(key) != KEY_BYTES:
        raise UsageError(f"a key is {KEY_BYTES} bytes, not {len(key)}; make one with 'relume link key FILE'")

    def derive(label: str) -> bytes:
        info = f"relume link {label}".encode()
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)

    return Keys(derive("stream S"), derive("drive W"), derive("nonce"), derive("header"), derive("seal"))


def load_key(path: Path) -> bytes:
    """The key in a file: 64 hexadecimal digits."""
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the key file cannot be read; make one with 'relume link key {path}'") from error
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise UsageError(f"{path}: a key file holds 64 hexadecimal digits and nothing else")
    return bytes.fromhex(text)


def write_key(path: Path) -> None:
    """Write a fresh random key, readable by its owner alone; an existing file is refused."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise OutputRefused(f"{path}: exists already; a key is never overwritten") from error
    except OSError as error:
        raise OutputRefused(f"{path}: cannot be written ({error.strerror})") from error
    with os.fdopen(handle, "w") as file:
        file.write(os.urandom(KEY_BYTES).hex() + "\n")


def keystream(key: bytes, nonce: bytes, count: int) -> Array:
    """``count`` bytes of ChaCha20 from block 0 for a 96-bit nonce, uint8."""
    encryptor = Cipher(ChaCha20(key, b"\0\0\0\0" + nonce), mode=None).encryptor()
    return np.frombuffer(encryptor.update(bytes(count)), np.uint8)


def nonce_from_counter(keys: Keys, counter: int) -> bytes:
    """The 96-bit nonce of message ``counter``: a keyed permutation, so that nonces look random and never repeat.

    A four-round Feistel network (Luby and Rackoff 1988) on two halves of 48 bits, the round function keyed BLAKE2b.
    The upper 48 bits of the counter are zero, by which a receiver knows the right key: see :func:`counter_of`.
    """
    if not 0 <= counter < 1 << COUNTER_BITS:
        raise UsageError(f"a message counter lies in [0, 2 ** {COUNTER_BITS}), not {counter}")
    left, right = 0, counter
    for number in range(4):
        left, right = right, left ^ _round(keys.nonce, number, right)
    return left.to_bytes(6, "big") + right.to_bytes(6, "big")


def counter_of(keys: Keys, nonce: bytes) -> int:
    """Undo :func:`nonce_from_counter`; WrongKey if the nonce was not made with this key."""
    left, right = int.from_bytes(nonce[:6], "big"), int.from_bytes(nonce[6:], "big")
    for number in reversed(range(4)):
        left, right = right ^ _round(keys.nonce, number, left), left
    if left:
        raise WrongKey("the message's header does not fit this key: the key is wrong or the header did not survive")
    return right


def genuine(keys: Keys, nonce: bytes) -> bytes | None:
    """``nonce`` if it was made with this key, else None."""
    try:
        counter_of(keys, nonce)
    except WrongKey:
        return None
    return nonce


def all_genuine(nonces: list[bytes | None]) -> list[bytes]:
    """The nonces of a batch of messages; WrongKey if one of them was not :func:`genuine`."""
    sure = [nonce for nonce in nonces if nonce is not None]
    if len(sure) < len(nonces):
        raise WrongKey("a message's header does not fit this key: the key is wrong or the header did not survive")
    return sure


def _round(key: bytes, number: int, half: int) -> int:
    digest = hashlib.blake2b(half.to_bytes(6, "big"), digest_size=6, key=key, person=b"relume-%d" % number)
    return int.from_bytes(digest.digest(), "big")


def seal(keys: Keys, nonce: bytes, message: bytes, header: bytes = b"") -> bytes:
    """ChaCha20-Poly1305: ciphertext and 16-byte tag; ``header`` is authenticated but not hidden."""
    return ChaCha20Poly1305(keys.seal).encrypt(nonce, message, header)


def unseal(keys: Keys, nonce: bytes, sealed: bytes, header: bytes = b"") -> bytes:
    """Undo :func:`seal`; Altered if one bit of it, of the header or of the nonce differs."""
    try:
        return ChaCha20Poly1305(keys.seal).decrypt(nonce, sealed, header)
    except InvalidTag as error:
        raise Altered("the sealed message was altered, truncated, or made with another key or nonce") from error


@dataclass(frozen=True)
class NonceCounter:
    """A counter in a file beside the key: every number is handed out once, also across crashes and processes."""

    path: Path

    def reserve(self, count: int = 1) -> int:
        """The first of ``count`` fresh numbers; the file is on disk before they are returned."""
        if count < 1:
            raise UsageError(f"at least one nonce must be reserved, not {count}")
        with self._lock():
            first = self._read()
            if first + count > 1 << COUNTER_BITS:
                raise NonceReuse(f"{self.path}: all nonces of this key are used; make a new key")
            partial = self.path.with_name(self.path.name + ".partial")
            try:
                with partial.open("w") as file:
                    file.write(f"{first + count}\n")
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(self.path)
            except OSError as error:
                raise OutputRefused(f"{self.path}: the nonce counter cannot be written ({error.strerror})") from error
        return first

    def _read(self) -> int:
        try:
            text = self.path.read_text("ascii").strip()
        except FileNotFoundError:
            return 0
        except (OSError, UnicodeDecodeError) as error:
            raise NonceReuse(f"{self.path}: the nonce counter cannot be read; restore it or make a new key") from error
        if not text.isdigit():
            raise NonceReuse(f"{self.path}: damaged, so used nonces are unknown; make a new key")
        return int(text)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError as error:
            raise NonceReuse(f"{lock}: another sender uses this key; wait, or remove the file if none runs") from error
        except OSError as error:
            raise OutputRefused(f"{lock}: cannot be written ({error.strerror})") from error
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
