"""Does the evidence of a report hold, and do its rows give its figures?  The first of the two verifiers: it bills by our own tariff engine.

The files themselves, and the versions that lie beside, are checked by `reporting.verifier`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.codec import UnreadableRecord
from domain.errors import LastgangError
from reporting.evidence.bundle import MANIFEST_MESSAGE, signature_bytes
from reporting.evidence.figures import CONFIG, REPORT, row_figure_faults
from reporting.evidence.keys import KEY, PublicKey, holds
from reporting.ledger.chain import leaf_of
from reporting.ledger.merkle import node, split
from reporting.ledger.seals import NOTHING_BEFORE, SEAL
from reporting.verifier import CHECKSUMS, FORMAT, MANIFEST, SIGNATURE, Finding

KEYS, SEALS, ROWS, PROOFS = "evidence/keys.json", "evidence/seals.jsonl", "evidence/rows.txt", "evidence/proofs.json"
_BROKEN = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
    LastgangError,
    UnreadableRecord,
    sqlite3.Error,
)


@dataclass(frozen=True, slots=True)
class SealedRun:
    """Links of a seal and their root."""

    first: int
    last: int
    root: bytes


@dataclass
class EvidenceCheck:
    """One report folder; each check adds to `findings` and goes on."""

    folder: Path
    expect: str = ""
    """Fingerprint or public key, hex; empty: any key."""
    step: Callable[[str], None] = lambda _: None
    """Called with the file that is checked next: a year takes some time."""
    findings: list[Finding] = field(default_factory=list)
    keys: list[PublicKey] = field(default_factory=list)
    seals: list[SealedRun] = field(default_factory=list)
    rows: dict[int, list[Any]] = field(default_factory=dict)
    leaves: dict[int, bytes] = field(default_factory=dict)

    def run(self) -> list[Finding]:
        """Everything, in the order of section 7 of the format."""
        self.manifest = self._json(MANIFEST)
        checks: tuple[tuple[str, Callable[[], None]], ...] = (
            (KEYS, self._keys), (SIGNATURE, self._signature), (CHECKSUMS, self._checksums), (SEALS, self._seals), (ROWS, self._rows), (PROOFS, self._proofs),
            (MANIFEST, self._versions), (CONFIG, self._config), (REPORT, self._figures),
        )  # fmt: skip
        for file, check in checks:
            self.step(file)
            try:
                check()
            except _BROKEN as error:
                self._fault(file, f"cannot be used: {type(error).__name__}: {error}", "unreadable")
        return self.findings

    def _figures(self) -> None:
        for file, detail in row_figure_faults(self.folder, self.manifest, list(self.rows.values())):
            self._fault(file, detail)

    def _fault(self, file: str, detail: str, what: str = "changed") -> None:
        self.findings.append(Finding(file, what, detail))

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        if not path.is_file():
            msg = "no such file"
            raise ValueError(msg)
        return path.read_bytes()

    def _json(self, name: str) -> Any:
        return json.loads(self._read(name))

    def _keys(self) -> None:
        before, previous = NOTHING_BEFORE, b""
        for place, entry in enumerate(self._json(KEYS), 1):
            key = PublicKey(**entry)
            message, (kind, site, number, public, _, named) = key.statement.encode("ascii"), key.values
            if [kind, site, number, named] != [KEY, self.manifest["site"], place, before]:
                self._fault(
                    KEYS, f"key {place}: found {kind} {number} of {site} after {named}; expected number {place} after {before}"
                )
            if not holds(bytes.fromhex(public), message, _hex(key.by_itself)):
                self._fault(KEYS, f"key {place}: its own signature does not hold")
            if previous and not holds(previous, message, _hex(key.by_previous)):
                self._fault(KEYS, f"key {place}: the key before does not vouch for it")
            if not previous and key.by_previous:
                self._fault(KEYS, f"key {place}: the first key has none before it")
            before, previous = sha256(message).hexdigest(), bytes.fromhex(public)
            self.keys.append(key)
        if not self.keys or (self.expect and not any(self.expect in (key.fingerprint, key.public) for key in self.keys)):
            found = ", ".join(key.fingerprint for key in self.keys) or "none"
            self._fault(KEYS, f"found the keys {found}; expected {self.expect or 'one'}", "not expected")

    def _signature(self) -> None:
        self._check_signature(MANIFEST, SIGNATURE, len(self.keys))

    def _checksums(self) -> None:
        entries = [(entry["sha256"], entry["name"]) for entry in self.manifest["files"]]
        entries.append((sha256(self._read(MANIFEST)).hexdigest(), MANIFEST))
        if self._read(CHECKSUMS) != "".join(f"{digest}  {name}\n" for digest, name in entries).encode():
            self._fault(CHECKSUMS, "not what the manifest says")

    def _check_signature(self, manifest: str, signature: str, least: int) -> int:
        """Place of the key that signed a manifest, from 1; at least `least`."""
        content = self._read(signature)
        _, fingerprint, by = json.loads(content)
        place = next((key.number for key in self.keys if key.fingerprint == fingerprint), 0)
        if content != signature_bytes(fingerprint, by) or not max(least, 1) <= place:
            self._fault(
                signature, f"by the key {fingerprint}, which may not sign it (keys from number {least} on may), or of another form"
            )
        elif not self._signed_by(place, MANIFEST_MESSAGE + self._read(manifest), by):
            self._fault(signature, f"not the signature of {manifest}")
        return max(place, least)

    def _signed_by(self, place: int, message: bytes, signature: str) -> bool:
        return holds(bytes.fromhex(self.keys[place - 1].public), message, _hex(signature))

    def _seals(self) -> None:
        before, until, least = NOTHING_BEFORE, 0, 1
        places = {key.fingerprint: number for number, key in enumerate(self.keys, 1)}
        for number, line in enumerate(self._read(SEALS).decode("ascii").splitlines(), 1):
            entry = json.loads(line)
            message = entry["statement"].encode("ascii")
            kind, site, own, _, first, last, root, _, named, fingerprint = json.loads(message)
            if [kind, site, own, first, named] != [SEAL, self.manifest["site"], number, until + 1, before] or last < first:
                self._fault(
                    SEALS,
                    f"line {number}: seal {own} over {first}..{last} does not follow seal {number - 1}, which ends at {until}",
                )
            place = places.get(fingerprint, 0)
            if place < least or not self._signed_by(place, message, entry["signature"]):
                self._fault(SEALS, f"line {number}: the signature of seal {own} does not hold")
            before, until, least = sha256(message).hexdigest(), last, max(place, least)
            self.seals.append(SealedRun(first, last, _hex(root)))
        expected = self.manifest.get("seal")
        if {"number": len(self.seals), "statement_sha256": before} != expected:
            self._fault(SEALS, f"the last seal is {len(self.seals)} with SHA-256 {before}; the manifest has {expected}")

    def _rows(self) -> None:
        content = self._read(ROWS)
        if not content.endswith(b"\n"):
            self._fault(ROWS, "the last line has no end")
        before = 0
        for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), 1):
            link_text, short, row = line.split(b" ", 2)
            link, leaf = int(link_text), leaf_of(row)
            if link <= before or str(link).encode() != link_text or leaf.hex()[:16].encode() != short:
                shown = row[:200].decode("ascii", "backslashreplace")
                self._fault(ROWS, f"line {number}, row {link}: changed or out of order, expected leaf {leaf.hex()[:16]}: {shown}")
            self.leaves[link], before = leaf, link
            self.rows[link] = json.loads(row)

    def _proofs(self) -> None:
        proofs, sealed = self._json(PROOFS), 0
        for number, seal in enumerate(self.seals, 1):
            links = [link for link in self.leaves if seal.first <= link <= seal.last]
            sealed += len(links)
            hashes = [_hex(text) for text in proofs.pop(str(number), [])] if links else []
            if links and (_root(self.leaves, links, seal.first, seal.last + 1, hashes) != seal.root or hashes):
                self._fault(ROWS, f"rows {links[0]} to {links[-1]}, with their proof in {PROOFS}, are not those of seal {number}")
        if proofs or sealed != len(self.leaves):
            self._fault(
                PROOFS, f"{len(self.leaves) - sealed} rows lie under no seal; proofs of the seals {sorted(proofs)} are of no row"
            )

    def _versions(self) -> None:
        before, least, is_signed = None, 1, False
        name, last = self.manifest["report"], self.manifest["version"]
        ledger = {(row[2], row[3]) for row in self.rows.values() if row[:2] == ["report", name]}
        for version in range(1, last + 1):
            path = MANIFEST if version == last else f"evidence/versions/v{version}.json"
            if not (self.folder / path).is_file():
                self._fault(path, f"version {version + 1} replaces it", "missing")
                return
            manifest, digest = self._json(path), sha256(self._read(path)).hexdigest()
            is_signed = is_signed or manifest["format"] != FORMAT
            if version < last and is_signed:
                least = self._check_signature(path, path.removesuffix("json") + "sig", least)
            found = (manifest["report"], manifest["version"], manifest["replaces"])
            if found != (name, version, before):
                self._fault(path, f"found {found}; expected version {version} of {name} that replaces {before}")
            if any(number == version and known != digest for number, known in ledger):
                self._fault(path, f"the ledger has another SHA-256 of version {version} than {digest}")
            before = {"report": f"{name}-v{version}", "version": version, "manifest_sha256": digest}

    def _config(self) -> None:
        newest = {row[1]: row[2] for _, row in sorted(self.rows.items()) if row[0] == "document"}
        root = self.folder / CONFIG
        there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        for name in sorted({*newest, *there}):
            digest = sha256(self._read(f"{CONFIG}/{name}")).hexdigest() if name in there else "no file"
            if digest != newest.get(name):
                self._fault(f"{CONFIG}/{name}", f"found {digest}; the ledger has {newest.get(name)}")


def _root(leaves: dict[int, bytes], links: list[int], low: int, high: int, hashes: list[bytes]) -> bytes:
    """Section 6 of the format; takes what it uses from `hashes`."""
    if not links:
        return hashes.pop(0) if hashes else b""
    if high - low == 1:
        return leaves[low]
    middle = low + split(high - low)
    left = _root(leaves, [link for link in links if link < middle], low, middle, hashes)
    return node(left, _root(leaves, [link for link in links if link >= middle], middle, high, hashes))


def _hex(text: str) -> bytes:
    """Bytes of lower-case hex; anything else is a fault, so that one value has one form."""
    value = bytes.fromhex(text)
    if value.hex() != text:
        msg = f"{text[:80]!r} is no lower-case hex"
        raise ValueError(msg)
    return value


def check_evidence(folder: Path, expect: str = "") -> list[Finding]:
    """What is wrong with the evidence of a signed report, in the order of section 7 of the format; empty if it holds.

    Parameters
    ----------
    expect
        Fingerprint or public key [hex] that must be one of the plant's; empty: any.
    """
    return EvidenceCheck(folder, expect.lower()).run()
