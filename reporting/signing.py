"""The PDF signed as PAdES baseline B, by a certificate of the plant's choice.

In: a report's PDF and a PKCS#12 file.  Out: the same PDF with one more revision that holds the signature; what was there before stays as it is.
ETSI EN 319 142-1 says what such a signature holds; any PDF reader shows who signed and whether a byte was changed since.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.errors import Fault, InputFaults
from domain.files import read_input

FIELD = "Signature"
PASSPHRASE = "LASTGANG_CERTIFICATE_PASSPHRASE"
"""Environment variable that opens the PKCS#12 file; unset: it has no passphrase."""
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its certificate, ready to sign."""

    subject: str
    """To whom the certificate was issued, for people."""
    sha256: str
    """Of the certificate, hexadecimal: another one of the same name has another."""
    key: Any
    """A signer of pyHanko."""

    def sign(self, pdf: bytes, reason: str) -> bytes:
        """`pdf` with a signature; `reason` is shown beside it.

        The signature allows no change of the document but filling in forms and further signatures: an approver may sign after the author.
        """
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            reason=reason,
            name=self.subject,
            certify=True,
            docmdp_permissions=MDPPerm.FILL_FORMS,
            subfilter=SigSeedSubFilter.PADES,
        )
        # PDF/A wants each object on a line of its own, and typst ends its file without a line break (ISO 19005-3, 6.1.9).
        whole = pdf if pdf.endswith(b"\n") else pdf + b"\n"
        written = signers.PdfSigner(metadata, signer=self.key).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(whole)))
        return bytes(written.getvalue())


def load_signer(path: Path, passphrase: str | None, now_utc: datetime) -> Signer:
    """The signer in the PKCS#12 file `path`.

    Raises
    ------
    InputFaults
        If it cannot be read or opened, holds no key with a certificate, or its certificate is not valid at `now_utc`.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import pkcs12
    from pyhanko.sign import signers

    content = read_input(path, _MOST_BYTES)
    secret = None if passphrase is None else passphrase.encode()
    with _fault(path, "no PKCS#12 file that opens", f"a PKCS#12 file, and its passphrase in {PASSPHRASE}", (ValueError, TypeError)):
        key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    if key is None or certificate is None:
        raise _refused(path, "no private key with its certificate", "a PKCS#12 file with both")
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= now_utc <= end:
        raise _refused(path, f"a certificate valid from {_day(begin)} to {_day(end)}", f"one that is valid on {_day(now_utc)}")
    made = signers.SimpleSigner.load_pkcs12_data(content, other_certs=[], passphrase=secret)
    if made is None:
        raise _refused(path, "a key of an unknown kind", "an RSA or ECDSA key")
    return Signer(certificate.subject.rfc4514_string(), certificate.fingerprint(hashes.SHA256()).hex(), made)


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _refused(path: Path, found: str, expected: str) -> InputFaults:
    return InputFaults([Fault(str(path), None, "certificate", found, expected)])


@contextmanager
def _fault(path: Path, found: str, expected: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        raise _refused(path, found, expected) from error
