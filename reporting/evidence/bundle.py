"""The folder ``evidence/`` of a report, and the signature of its manifest: `docs/evidence-format.md`, section 5."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from domain.errors import LastgangError
from reporting.cost import MonthCost
from reporting.data import as_json
from reporting.evidence import verify
from reporting.evidence.bill_basis import bills_data
from reporting.evidence.configuration import configuration
from reporting.evidence.disclosure import Disclosure, disclose
from reporting.evidence.keys import PUBLIC, KeyFolder, KeySigner, PublicKey, holds
from reporting.ledger import Ledger, LedgerReader
from reporting.ledger.reads import Reads
from reporting.ledger.seals import Seal, last_link, seals_of
from reporting.manifest import EarlierVersion
from reporting.month import Change, MonthReport
from reporting.verifier import FORMAT, MANIFEST, SIGNATURE

FOLDER = "evidence"
SIGNATURE_FORMAT = "lastgang-signature-1"
MANIFEST_MESSAGE = b"lastgang-manifest-2\n"


@dataclass
class Evidence:
    """Seals a ledger for one report and writes what proves it.

    Attributes
    ----------
    ledger
        Open for writing: the configuration, the seal and the version become rows of it.
    """

    ledger: Ledger
    signer: KeySigner
    keys: Sequence[PublicKey]
    last_link: int = 0
    reads: Reads = field(default_factory=Reads)
    """Rows that the report was read from."""

    @staticmethod
    def of(ledger: Ledger, keys: KeyFolder) -> Evidence | None:
        """The evidence of a plant that has a key; None for one that has none."""
        signer = keys.signer()
        return None if signer is None else Evidence(ledger, signer, keys.keys())

    @contextmanager
    def reading(self, reader: LedgerReader) -> Iterator[None]:
        """One state of the ledger for all that `reader` reads within, whoever writes meanwhile; the report rests on it."""
        self.reads = Reads()
        with self.ledger.reading_one_state(), self.noting(reader):
            self.last_link = last_link(self.ledger.database)
            yield

    def noting(self, reader: LedgerReader) -> AbstractContextManager[None]:
        """The report also rests on what `reader` reads within."""
        return reader.noting(self.reads)

    def seal(self, folder: Path, month: MonthReport) -> list[Seal]:
        """Keep the configuration as it is, and seal all that there is; gives all seals."""
        if self.signer.site != month.plant.site.id:
            msg = f"the signing key is that of {self.signer.site}, the report of {month.plant.site.id}; name the right folder by --keys"
            raise LastgangError(msg)
        self.ledger.note_documents(configuration(folder, month.plant))
        self.ledger.sign_with(lambda: self.signer)
        self.ledger.seal()
        seals, known = seals_of(self.ledger.database), {key.fingerprint for key in self.keys}
        foreign = next((seal for seal in seals if seal.fingerprint not in known), None)
        if foreign is not None:
            msg = (
                f"seal {foreign.number} of the ledger is by the key {foreign.fingerprint}, which is not in {PUBLIC}: put back the folder of keys that "
                f"the ledger was sealed with, or name it by --keys"
            )
            raise LastgangError(msg)
        return seals

    def write(
        self, out: Path, plant_folder: Path, month: MonthReport, cost: MonthCost, name: str, earlier: Sequence[EarlierVersion],
        changes: Sequence[Change] | None,
    ) -> dict[str, Any]:  # fmt: skip
        """Write ``evidence/`` into the report's folder `out`; gives what the manifest says of it."""
        self._check_versions(out.parent, name, earlier)
        seals = self.seal(plant_folder, month)
        folder = out / FOLDER
        folder.mkdir()
        files = configuration(plant_folder, month.plant)
        disclosed = disclose(self.ledger.database, self.reads, files, name, seals, self.last_link)
        _write_rows(folder, disclosed)
        lines = [json.dumps({"statement": seal.statement, "signature": seal.signature}) + "\n" for seal in seals]
        (folder / "seals.jsonl").write_text("".join(lines), encoding="ascii")
        (folder / "keys.json").write_text(as_json([key.as_json() for key in self.keys]), encoding="ascii")
        (folder / "bill.json").write_text(as_json(bills_data(month, cost, plant_folder)), encoding="utf-8")
        _write_versions(folder, earlier, self.keys)
        for file, content in files.items():
            path = folder / "config" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        shutil.copyfile(str(verify.__file__), folder / "verify.py")
        return {
            "seal": {"number": seals[-1].number, "statement_sha256": seals[-1].statement_sha256},
            "changes": None if not earlier else [asdict(change) for change in changes or ()],
        }

    def _check_versions(self, where: Path, name: str, earlier: Sequence[EarlierVersion]) -> None:
        """A month that was reported is closed: what follows is a version that names those before, so they must be there."""
        there = {one.version: one.manifest_sha256 for one in earlier}
        for version, digest in self.ledger.database.execute(
            "SELECT version, manifest_sha256 FROM report WHERE name = ? ORDER BY report", (name,)
        ):
            if there.get(version) != digest:
                msg = (
                    f"{where}: found no {name}-v{version} with the manifest {digest}, which was made from this ledger; write into the folder in "
                    f"which it lies, or put it back: a month has one chain of versions"
                )
                raise LastgangError(msg)

    def sign(self, out: Path) -> None:
        """Sign the manifest in `out`."""
        signature = self.signer.sign(MANIFEST_MESSAGE + (out / MANIFEST).read_bytes()).hex()
        (out / SIGNATURE).write_bytes(signature_bytes(self.signer.fingerprint, signature))


def signature_bytes(fingerprint: str, signature: str) -> bytes:
    """The content of ``manifest.sig``: nothing else hashes it, so it has one form only."""
    return f'["{SIGNATURE_FORMAT}","{fingerprint}","{signature}"]\n'.encode("ascii")


def _write_rows(folder: Path, disclosed: Disclosure) -> None:
    lines = [b"%d %s %s\n" % (row.link, row.leaf.hex()[:16].encode(), row.row) for row in disclosed.rows]
    (folder / "rows.txt").write_bytes(b"".join(lines))
    proofs = {str(number): [digest.hex() for digest in hashes] for number, hashes in disclosed.proofs.items()}
    (folder / "proofs.json").write_text(as_json(proofs), encoding="ascii")


def _write_versions(folder: Path, earlier: Sequence[EarlierVersion], keys: Sequence[PublicKey]) -> None:
    if not earlier:
        return
    (folder / "versions").mkdir()
    signed_yet = False
    for place, one in enumerate(earlier, 1):
        is_signed = (one.folder / SIGNATURE).is_file() and _is_signed_by(one.folder, keys)
        is_from_before = one.manifest.get("format") == FORMAT and not signed_yet
        signed_yet = signed_yet or is_signed
        if one.version != place or not (is_signed or is_from_before):
            msg = (
                f"{one.folder}: version {place} of the report is not there, cannot be read or is not signed by the plant, and this one must name "
                f"it; put it back, or write into another folder"
            )
            raise LastgangError(msg)
        shutil.copyfile(one.folder / MANIFEST, folder / "versions" / f"v{one.version}.json")
        if is_signed:
            shutil.copyfile(one.folder / SIGNATURE, folder / "versions" / f"v{one.version}.sig")


def _is_signed_by(folder: Path, keys: Sequence[PublicKey]) -> bool:
    """Whether a version that will be vouched for is the plant's own."""
    message, content = MANIFEST_MESSAGE + (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes()
    for key in keys:
        start = f'["{SIGNATURE_FORMAT}","{key.fingerprint}","'.encode("ascii")
        if content.startswith(start) and content.endswith(b'"]\n'):
            try:
                return holds(bytes.fromhex(key.public), message, bytes.fromhex(content[len(start) : -3].decode("ascii")))
            except ValueError:
                return False
    return False
