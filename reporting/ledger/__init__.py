"""The ledger: SQLite in WAL mode, rows only ever added, Kafka offsets in the same transaction as the rows.

Sent twice is written once: a message whose offset is known is ignored, and so is a record that says what is there already. A record
that says something else under the same identity is no new row but a conflict, kept and counted.

An interval's identity is (site, meter, channel, start, revision). Imported load profiles have revision 0, so what the platform has
metered itself (1 and up) counts before them.

`LedgerReader` is the one list of questions: report, page, API and tests use nothing else. `Ledger` is a reader that also writes, into a
file or, where there is none yet, into memory.
"""

from reporting.ledger.entries import Conflict, Entry, LedgerError, OtherSite, Place, RejectedReadings, Unreadable
from reporting.ledger.file import Ledger
from reporting.ledger.memory import MOST_RECORDS, Answers, Memory
from reporting.ledger.reader import LedgerReader

__all__ = [
    "MOST_RECORDS",
    "Answers",
    "Conflict",
    "Entry",
    "Ledger",
    "LedgerError",
    "LedgerReader",
    "Memory",
    "OtherSite",
    "Place",
    "RejectedReadings",
    "Unreadable",
]
