"""Does a ledger's file hold: is every row what it was when it was written, in its place, and under the seals?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reporting.evidence.keys import PublicKey, holds
from reporting.ledger import Ledger
from reporting.ledger.canonical import KINDS
from reporting.ledger.chain import NO_HEAD, Linked, NoRow, linked, next_head
from reporting.ledger.merkle import root_of
from reporting.ledger.seals import NOTHING_BEFORE, Seal, last_link, seals_of


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """What was found in a ledger."""

    links: int
    seals: int
    sealed: int
    """Links that a seal covers."""
    faults: tuple[str, ...]


def check_ledger(ledger: Ledger, keys: Sequence[PublicKey], expect: str = "") -> LedgerVerdict:
    """Hold every row against its link, and every seal against the rows that it covers.

    Parameters
    ----------
    keys
        The plant's, oldest first; without them signatures cannot be checked, which is a fault where there are seals.
    expect
        Fingerprint or public key [hex] that must be among them; empty: any.
    """
    with ledger.reading_one_state():
        last, seals = last_link(ledger.database), seals_of(ledger.database)
        faults = [*_expected(keys, expect), *_seal_faults(seals, keys), *_row_faults(ledger, seals, last), *_unlinked(ledger)]
    return LedgerVerdict(last, len(seals), seals[-1].last_link if seals else 0, tuple(faults))


def _expected(keys: Sequence[PublicKey], expect: str) -> Iterator[str]:
    if expect and not any(expect in (key.fingerprint, key.public) for key in keys):
        yield f"keys: found {[key.fingerprint for key in keys]}; expected {expect}"


def _seal_faults(seals: Sequence[Seal], keys: Sequence[PublicKey]) -> Iterator[str]:
    public = {key.fingerprint: bytes.fromhex(key.public) for key in keys}
    before, until = NOTHING_BEFORE, 0
    for number, seal in enumerate(seals, 1):
        _, _, own, _, first, last, _, _, named, fingerprint = json.loads(seal.statement)
        if (own, first, last, named) != (number, until + 1, seal.last_link, before):
            yield f"seal {seal.number}: does not follow seal {number - 1}, which ends at row {until}"
        if fingerprint not in public:
            yield f"seal {seal.number}: its key {fingerprint} is not in the folder of keys"
        elif not holds(public[fingerprint], seal.statement.encode("ascii"), bytes.fromhex(seal.signature)):
            yield f"seal {seal.number}: its signature does not hold"
        before, until = seal.statement_sha256, last


def _row_faults(ledger: Ledger, seals: Sequence[Seal], last: int) -> Iterator[str]:
    stated = {seal.last_link: json.loads(seal.statement) for seal in seals}
    head, expected, leaves = NO_HEAD, 1, list[bytes]()
    for row in linked(ledger.database, 1, last):
        if row.link != expected:
            yield f"rows {expected} to {row.link - 1}: their links are gone"
        if isinstance(row, NoRow):
            yield f"row {row.link}: the {row.kind} that it was is gone"
        elif next_head(head, row.leaf) != row.head:
            yield f"row {row.link}: changed, or one before it put in or taken out; it is {row.row.decode()[:300]}"
        leaves.append(row.leaf if isinstance(row, Linked) else b"")
        head, expected = row.head, row.link + 1
        if row.link in stated:
            if [root_of(leaves).hex(), head.hex()] != stated[row.link][6:8]:
                yield f"seal {stated[row.link][2]}: rows {stated[row.link][4]} to {row.link} are not those that it was put under"
            leaves = []


def _unlinked(ledger: Ledger) -> Iterator[str]:
    """Rows that were put in past the chain: every row has one link, so the numbers must be equal."""
    counts = dict(ledger.database.execute("SELECT kind, count(*) FROM link GROUP BY kind"))
    for name in KINDS:
        rows = ledger.database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        if rows != counts.get(name, 0):
            yield f"{name}: {rows} rows, {counts.get(name, 0)} of them linked"
