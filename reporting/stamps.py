"""Time stamps by RFC 3161: somebody outside the plant confirms that a manifest existed at an instant.

In: a report's manifest.  Out: ``manifest.tsq`` (the request, sent by us or by hand) and ``manifest.tsr`` (the answer), beside it. A stamp covers the manifest, the manifest
covers all other files, and the version before. The stamp comes after the manifest, so neither file is listed in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.errors import Fault, InputFaults, LastgangError
from domain.files import read_input, write_whole
from reporting.verifier import MANIFEST, STAMP, STAMP_REQUEST

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIMEOUT_S = 30.0
_MOST_BYTES = 1 << 20


class StampFault(LastgangError):
    """A stamp that is none, or not of this manifest. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A checked stamp."""

    at_utc: datetime
    serial: int
    """By which the stamp server finds it again."""


def request_stamp(folder: Path) -> bytes:
    """Write the request over the manifest of the report in `folder`; gives its bytes. One that is there already, over the same manifest, is kept.

    Raises
    ------
    InputFaults
        If the folder holds no manifest.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    content = _manifest(folder)
    where = folder / STAMP_REQUEST
    if where.is_file():
        known = where.read_bytes()
        if hashlib.sha256(content).digest() in known:
            return known
    builder = (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
    )
    request = bytes(builder.build().as_bytes())
    write_whole(where, request)
    return request


def sent_to(server: str, request: bytes) -> bytes:
    """The answer of the stamp server at `server`.

    Raises
    ------
    StampFault
        If it cannot be reached, or answers with something else than a stamp.
    """
    import httpx

    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        answer = httpx.post(server, content=request, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        msg = f"{server}: no answer ({type(error).__name__}: {error}); the request is in {STAMP_REQUEST} and can be sent by hand"
        raise StampFault(msg) from error
    if answer.status_code != httpx.codes.OK:
        msg = f"{server}: answered with HTTP {answer.status_code}; expected 200 and a time stamp"
        raise StampFault(msg)
    return answer.content


def keep_stamp(folder: Path, response: bytes) -> Stamp:
    """Put an answer beside the manifest, if it is a stamp over it and of the request beside it.

    Whether its signer is to be trusted is for `checked_stamp`, which whoever receives the report calls with roots of their own.

    Raises
    ------
    StampFault
        If it is none.
    """
    stamp = _of_manifest(_decoded(response, "the answer"), _manifest(folder), "the answer")
    write_whole(folder / STAMP, response)
    return stamp


def checked_stamp(folder: Path, roots: Sequence[Certificate]) -> Stamp | None:
    """The stamp beside the manifest, by whom `roots` vouch for; None where there is none.

    Raises
    ------
    StampFault
        If it is of another manifest, was changed, or nobody vouches for who made it.
    """
    from rfc3161_client import VerificationError, VerifierBuilder

    where = folder / STAMP
    if not where.is_file():
        return None
    response = _decoded(_bytes_of(where), str(where))
    content = _manifest(folder)
    stamp = _of_manifest(response, content, str(where))
    verifier = VerifierBuilder(roots=list(roots)).build()
    try:
        verifier.verify_message(response, content)
    except (VerificationError, ValueError) as error:
        msg = f"{where}: {error}; expected a stamp whose signer is certified by one of the {len(roots)} given roots"
        raise StampFault(msg) from error
    return stamp


def roots_in(path: Path) -> list[Certificate]:
    """The certificates of a PEM file.

    Raises
    ------
    InputFaults
        If there is none in it.
    """
    from cryptography.x509 import load_pem_x509_certificates

    content = read_input(path)
    try:
        return load_pem_x509_certificates(content)
    except ValueError as error:
        raise InputFaults([Fault(str(path), None, "certificates", "no certificate", "certificates in PEM form")]) from error


def _decoded(response: bytes, where: str) -> Any:
    from rfc3161_client import decode_timestamp_response

    if len(response) > _MOST_BYTES:
        msg = f"{where}: {len(response):,} bytes; expected a time stamp response of a few thousand"
        raise StampFault(msg)
    try:
        decoded = decode_timestamp_response(response)
        granted = decoded.status == 0
    except ValueError as error:
        msg = f"{where}: found no time stamp response of RFC 3161 ({error})"
        raise StampFault(msg) from error
    if not granted:
        msg = f"{where}: the server refused, status {decoded.status} {decoded.status_string}; expected a stamp"
        raise StampFault(msg)
    return decoded


def _of_manifest(decoded: Any, content: bytes, where: str) -> Stamp:
    info = decoded.tst_info
    found, expected = bytes(info.message_imprint.message), hashlib.sha256(content).digest()
    if found != expected:
        msg = f"{where}: a stamp over SHA-256 {found.hex()}; the manifest has {expected.hex()}"
        raise StampFault(msg)
    return Stamp(info.gen_time, int(info.serial_number))


def _manifest(folder: Path) -> bytes:
    where = folder / MANIFEST
    if not where.is_file():
        raise InputFaults([Fault(str(folder), None, MANIFEST, "nothing", "the folder of a report")])
    return where.read_bytes()


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)
