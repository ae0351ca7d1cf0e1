"""Which rows of the ledger a report rests on, and the proofs that they lie under its seals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting.ledger.chain import Linked
from reporting.ledger.merkle import proof_of
from reporting.ledger.reads import Reads
from reporting.ledger.seals import Seal, as_written, head_before


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Rows with their proofs."""

    rows: tuple[Linked, ...]
    proofs: dict[int, list[bytes]]
    """Number of the seal -> hashes of `docs/evidence-format.md`, section 6."""


def disclose(
    database: sqlite3.Connection, reads: Reads, files: Iterable[str], report: str, seals: Iterable[Seal], last_link: int
) -> Disclosure:
    """The rows that a report rests on.

    Parameters
    ----------
    reads
        All that was read for it.
    files
        Names of the configuration that it rests on.
    report
        Name of the report: its earlier versions are rows, too.
    seals
        All of the ledger.
    last_link
        The last one that had a row when the report was read.

    Raises
    ------
    LedgerError
        If a row under one of the seals is not what it was when it was written.
    """
    wanted = sorted({*reads.links(database, last_link), *_other_links(database, files, report)})
    rows: list[Linked] = []
    proofs: dict[int, list[bytes]] = {}
    for seal in seals:
        links = [link for link in wanted if seal.first_link <= link <= seal.last_link]
        if links:
            sealed = list(as_written(database, seal.first_link, seal.last_link, head_before(database, seal.first_link)))
            places = [link - seal.first_link for link in links]
            rows += [sealed[place] for place in places]
            proofs[seal.number] = proof_of([row.leaf for row in sealed], places)
    return Disclosure(tuple(rows), proofs)


def _other_links(database: sqlite3.Connection, files: Iterable[str], report: str) -> Iterator[int]:
    """The configuration as it is now, the report's earlier versions, and what was done to the ledger."""
    newest: dict[str, int] = dict(database.execute("SELECT name, max(document) FROM document GROUP BY name"))
    documents = [newest[name] for name in files if name in newest]
    versions = [int(row[0]) for row in database.execute("SELECT report FROM report WHERE name = ?", (report,))]
    events = [int(row[0]) for row in database.execute("SELECT event FROM event")]
    reads = Reads()
    for kind, numbers in (("document", documents), ("report", versions), ("event", events)):
        reads.numbered(kind, numbers)
    yield from reads.links(database, 2**62)
