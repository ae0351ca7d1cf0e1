"""The plant's signing keys: made, followed by new ones, read to sign; each key vouches for the next (`docs/evidence-format.md`, section 4)."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.clock import Clock, epoch_ms, process_clock
from domain.errors import Fault, InputFaults
from domain.files import read_text_input, write_whole
from reporting.ledger.seals import NOTHING_BEFORE

KEY = "lastgang-key-1"
PUBLIC = "keys.json"
_RAW = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of a plant's list."""

    statement: str
    by_previous: str
    """Hex; empty for the first."""
    by_itself: str
    """Hex."""

    @property
    def values(self) -> list[Any]:
        """The statement's array."""
        values: list[Any] = json.loads(self.statement)
        return values

    @property
    def site(self) -> str:
        """Whose key it is."""
        return str(self.values[1])

    @property
    def number(self) -> int:
        """Its place in the list, from 1."""
        return int(self.values[2])

    @property
    def public(self) -> str:
        """Hex."""
        return str(self.values[3])

    @property
    def fingerprint(self) -> str:
        """Hex."""
        return fingerprint_of(bytes.fromhex(self.public))

    def as_json(self) -> dict[str, str]:
        """As it stands in ``keys.json``."""
        return {"statement": self.statement, "by_previous": self.by_previous, "by_itself": self.by_itself}


def fingerprint_of(public: bytes) -> str:
    """Hex SHA-256 of a public key."""
    return sha256(public).hexdigest()


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `message` by the key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class KeySigner:
    """Signs for a plant with the last of its keys."""

    key: PublicKey
    private: Ed25519PrivateKey

    @property
    def site(self) -> str:
        """The plant."""
        return self.key.site

    @property
    def fingerprint(self) -> str:
        """Of the key."""
        return self.key.fingerprint

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self.private.sign(message)


class KeyFolder:
    """A folder with ``keys.json`` (public) and a file for each private key (mode 0600)."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self._clock = clock or process_clock()

    def keys(self) -> list[PublicKey]:
        """The public keys, oldest first; none where there is no folder yet.

        Raises
        ------
        InputFaults
            If the list cannot be read.
        """
        path = self.folder / PUBLIC
        if not path.exists():
            return []
        try:
            return [PublicKey(**one) for one in json.loads(read_text_input(path))]
        except (ValueError, TypeError, RecursionError) as error:
            raise InputFaults([Fault(str(path), None, "keys", str(error), "the list that `lastgang keys` wrote")]) from error

    def private_path(self, key: PublicKey) -> Path:
        """The file of the private key."""
        return self.folder / f"{key.fingerprint[:16]}.key"

    def signer(self) -> KeySigner | None:
        """Who signs; None where the plant has no key.

        Raises
        ------
        InputFaults
            If the private key cannot be read, is that of another, or may be read by others than its owner.
        """
        keys = self.keys()
        return self._signer_of(keys[-1]) if keys else None

    def _signer_of(self, key: PublicKey) -> KeySigner:
        path = self.private_path(key)
        text = read_text_input(path).strip()
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = f"mode {stat.S_IMODE(path.stat().st_mode):04o}"
            raise InputFaults(
                [Fault(str(path), None, "private key", mode, "mode 0600: nobody but its owner may read it (chmod 600)")]
            )
        try:
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        except ValueError:
            raise InputFaults(
                [Fault(str(path), None, "private key", "no key", "64 hex digits, as `lastgang keys` wrote them")]
            ) from None
        if private.public_key().public_bytes_raw().hex() != key.public:
            raise InputFaults([Fault(str(path), None, "private key", "that of another key", f"the key {key.fingerprint}")])
        return KeySigner(key, private)

    def add(self, site: str, seed: bytes | None = None) -> PublicKey:
        """Make the plant's first key, or one that follows the last and that the last vouches for.

        Parameters
        ----------
        seed
            32 bytes in place of random ones; for tests and trials that must give the same bytes.

        Raises
        ------
        InputFaults
            If the last key cannot be read, or is of another plant.
        """
        keys = self.keys()
        if keys and keys[-1].site != site:
            raise InputFaults(
                [Fault(str(self.folder / PUBLIC), None, "site", keys[-1].site, f"the keys of {site}: name another folder")]
            )
        previous = self._signer_of(keys[-1]) if keys else None
        private = Ed25519PrivateKey.from_private_bytes(seed or os.urandom(_RAW))
        before = sha256(keys[-1].statement.encode("ascii")).hexdigest() if keys else NOTHING_BEFORE
        parts = [KEY, site, len(keys) + 1, private.public_key().public_bytes_raw().hex(), epoch_ms(self._clock.now_utc()), before]
        statement = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
        message = statement.encode("ascii")
        key = PublicKey(statement, "" if previous is None else previous.sign(message).hex(), private.sign(message).hex())
        self._write_private(key, private)
        listed = json.dumps([one.as_json() for one in (*keys, key)], indent=2) + "\n"
        write_whole(self.folder / PUBLIC, listed)
        return key

    def _write_private(self, key: PublicKey, private: Ed25519PrivateKey) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.private_path(key), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(private.private_bytes_raw().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
