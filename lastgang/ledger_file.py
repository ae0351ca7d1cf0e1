"""The ledger as commands open it."""

from __future__ import annotations

from pathlib import Path

from domain.errors import Fault, InputFaults
from domain.files import open_input
from reporting.ledger import Ledger, LedgerError


def opened_ledger(path: Path, readonly: bool = True) -> Ledger:
    """The ledger at `path`; one that is not there is never made.

    Raises
    ------
    InputFaults
        If it is absent, no regular file, or no ledger that this program can read.
    """
    try:
        open_input(path).close()
        return Ledger.open(path, readonly=readonly)
    except InputFaults as faults:
        found = faults.faults[0].found
        raise InputFaults([Fault(str(path), None, "ledger", found, "the ledger of `lastgang historian`")]) from faults
    except LedgerError as error:
        raise InputFaults([Fault(str(path), None, "ledger", str(error), "a ledger that this program can read")]) from error
