"""Records in a JSON Lines file, each line as it would come on its topic.

In: a file.  Out: its records in order; every fault with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from domain.codec import UnreadableRecord, decode
from domain.errors import MOST_FAULTS, Fault, InputFaults, fault
from domain.files import open_input

Record = TypeVar("Record")
LONGEST_LINE = 1 << 20
"""Of a record [bytes]: what is longer is another file."""


def read_records(path: Path, record_type: type[Record]) -> list[Record]:
    """The records of a file, one JSON object a line; empty lines are passed over.

    Raises
    ------
    InputFaults
        With the first faults found, each with its line.
    """
    return list(_records(path, record_type))


def _records(path: Path, record_type: type[Record]) -> Iterator[Record]:
    expected = f"one {record_type.__name__} a line, as a JSON object"
    faults: list[Fault] = []
    with open_input(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
            if len(line) > LONGEST_LINE:
                faults.append(Fault(str(path), number, "line", f"more than {LONGEST_LINE:,} bytes", expected))
                break
            if not line.strip():
                continue
            try:
                yield decode(record_type, line.strip())
            except UnreadableRecord as error:
                wanted = expected if error.field == "record" else error.expected
                faults.append(fault(path, error.field, error.found, wanted, number))
                if len(faults) >= MOST_FAULTS:
                    break
    if faults:
        raise InputFaults(faults)
