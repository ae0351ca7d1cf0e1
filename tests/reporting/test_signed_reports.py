"""Signed PDFs, checked by pyHanko's own validation; what cannot sign is refused with the reason."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from authorities import Authority, key_of, write_p12
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from report_sample import NOON, NOW, put, quarter, whole_month

from domain.errors import InputFaults
from reporting.ledger import Ledger
from reporting.report import WrittenReport
from reporting.signing import load_signer
from reporting.verifier import verify

MakeReport = Callable[..., WrittenReport]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Root")


def status_of(pdf: bytes, authority: Authority) -> Any:
    from asn1crypto import x509 as asn1
    from cryptography.hazmat.primitives.serialization import Encoding

    root = asn1.Certificate.load(authority.certificate.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[root], moment=NOW)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return validate_pdf_signature(signature, context)


@pytest.fixture(scope="module")
def verapdf() -> list[str]:
    """The command line of veraPDF's checker."""
    named = os.environ.get("LASTGANG_VERAPDF")
    built = [Path(named)] if named else sorted(Path.home().glob(".cache/lastgang/verapdf-*"))
    if not built:
        pytest.skip(
            "no veraPDF: `mvn -f tests/tools/verapdf/pom.xml -Djars=FOLDER process-resources`, and name FOLDER in LASTGANG_VERAPDF"
        )
    return ["java", "-cp", f"{built[-1]}/*", "org.verapdf.apps.GreenfieldCliWrapper", "--format", "text", "-v"]


@pytest.mark.parametrize("is_signed", [False, True])
def test_verapdf_finds_it_to_be_archivable(
    make: MakeReport, ledger: Ledger, tmp_path: Path, authority: Authority, verapdf: list[str], is_signed: bool
) -> None:
    put(ledger, *whole_month())
    key = key_of("rsa")
    path = write_p12(tmp_path / "c.p12", key, authority.certify("M. Adler", key), None)
    pdf = make(signer=load_signer(path, None, NOW) if is_signed else None).folder / "report.pdf"
    found = subprocess.run([*verapdf, str(pdf)], capture_output=True, text=True, check=False).stdout.strip()
    assert found == f"PASS {pdf} 3a"


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_pyhanko_finds_the_signature_whole_trusted_and_over_the_whole_file(
    make: MakeReport, ledger: Ledger, tmp_path: Path, authority: Authority, kind: str
) -> None:
    put(ledger, quarter(NOON, 100.0))
    key = key_of(kind)
    signer = load_signer(write_p12(tmp_path / "c.p12", key, authority.certify("M. Adler", key), "secret"), "secret", NOW)
    made = make(signer=signer)
    pdf = (made.folder / "report.pdf").read_bytes()
    status = status_of(pdf, authority)
    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.signing_cert.subject.native["common_name"] == "M. Adler"
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest["signed_by"] == {"subject": "CN=M. Adler", "certificate_sha256": signer.sha256}
    assert verify(made.folder).holds
    assert b"/AFRelationship" in pdf, "the data file is still attached"


def test_a_changed_byte_of_what_was_signed_shows(make: MakeReport, ledger: Ledger, tmp_path: Path, authority: Authority) -> None:
    put(ledger, quarter(NOON, 100.0))
    key = key_of("ec")
    signer = load_signer(write_p12(tmp_path / "c.p12", key, authority.certify("M. Adler", key), None), None, NOW)
    pdf = bytearray((make(signer=signer).folder / "report.pdf").read_bytes())
    at = pdf.index(b"/Producer") if b"/Producer" in pdf else 2_000
    pdf[at + 12] ^= 1
    assert not status_of(bytes(pdf), authority).bottom_line


def test_another_root_does_not_vouch(make: MakeReport, ledger: Ledger, tmp_path: Path, authority: Authority) -> None:
    put(ledger, quarter(NOON, 100.0))
    key = key_of("ec")
    signer = load_signer(write_p12(tmp_path / "c.p12", key, authority.certify("M. Adler", key), None), None, NOW)
    status = status_of((make(signer=signer).folder / "report.pdf").read_bytes(), Authority("Root"))
    assert status.intact
    assert not status.trusted


def test_a_report_without_a_certificate_says_that_nobody_signed(make: MakeReport, ledger: Ledger) -> None:
    put(ledger, quarter(NOON, 100.0))
    made = make()
    assert json.loads((made.folder / "manifest.json").read_text())["signed_by"] is None
    assert PdfFileReader(io.BytesIO((made.folder / "report.pdf").read_bytes())).embedded_signatures == []


@pytest.mark.parametrize(
    ("passphrase", "begin", "words"),
    [
        (
            "wrong",
            2026,
            "found no PKCS#12 file that opens; expected a PKCS#12 file, and its passphrase in LASTGANG_CERTIFICATE_PASSPHRASE",
        ),
        ("secret", 2030, "found a certificate valid from 2030-01-01 to 2036-01-01; expected one that is valid on"),
    ],
)
def test_what_cannot_sign_is_refused(tmp_path: Path, authority: Authority, passphrase: str, begin: int, words: str) -> None:
    key = key_of("ec")
    certificate = authority.certify("M. Adler", key, begin=datetime(begin, 1, 1, tzinfo=UTC))
    path = write_p12(tmp_path / "c.p12", key, certificate, "secret")
    with pytest.raises(InputFaults, match=f"c.p12: certificate: {words}"):
        load_signer(path, passphrase, NOW)


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.p12").write_text("[site]\n")
    with pytest.raises(InputFaults, match="no PKCS#12 file that opens"):
        load_signer(tmp_path / "c.p12", None, NOW)
