"""Faults that a person can repair: reported all at once, each with where, what was found and what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class LastgangError(Exception):
    """Root of all errors that Lastgang raises on purpose."""

    exit_code: ClassVar[int] = 1
    """Of a command that ends with it: 1 for a failed run, which may succeed when repeated; 2 for wrong input, which cannot."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file: ``line`` is 1-based, None where no line can be named."""

    file: str
    line: int | None
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {_cut(self.field)}: found {_cut(self.found)}; expected {_cut(self.expected, 1000)}"


def _cut(text: str, most: int = 200) -> str:
    """A megabyte in the wrong place must not bury the other faults."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


MOST_SHOWN = 500
"""Faults that the message of `InputFaults` lists."""


class InputFaults(LastgangError):
    """A file or set of files that cannot be used. Operator: repair every line of the message, then start again (exit 2)."""

    exit_code = 2

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        lines = [str(fault) for fault in faults[:MOST_SHOWN]]
        if len(faults) > MOST_SHOWN:
            lines.append(f"... and {len(faults) - MOST_SHOWN:,} more faults")
        super().__init__("\n".join(lines))


MOST_FAULTS = 20
"""A file in another format has a fault a row; more than these do not help."""


def first_faults(faults: list[Fault], file: Path | str, expected: str) -> list[Fault]:
    """`faults`, or the first of them and how many more there are."""
    if len(faults) <= MOST_FAULTS:
        return faults
    return [*faults[:MOST_FAULTS], Fault(str(file), None, "file", f"{len(faults) - MOST_FAULTS} more faults", expected)]


def fault(file: Path | str, field: str, found: object, expected: str, line: int | None = None) -> Fault:
    """A `Fault` with what was found quoted as Python would."""
    return Fault(str(file), line, field, repr(found), expected)
