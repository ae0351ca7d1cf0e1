"""What is assumed about a file, with the evidence, and what has to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from domain.errors import Fault, InputFaults
from quarters.profiles.cells import Unit
from quarters.profiles.stamps import DateOrder, Label, Midnight

Layout = Literal["rows", "days", "bare"]
"""A row an interval; a row (or a column) a day; one column of numbers without stamps."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person has stated about a file; None or empty: not stated. Named as the options of the commands."""

    timezone: str | None = None
    label: Label | None = None
    time_columns: tuple[str, ...] = ()
    column: str | None = None
    """With the values."""
    unit: Unit | None = None
    status_column: str | None = None
    status: tuple[str, ...] = ()
    decimal: str | None = None
    date_order: DateOrder | None = None
    midnight: Midnight | None = None
    first_start: str | None = None
    skip_lines: int = 0
    meter: str | None = None
    """Of a file of several meters: the one to read."""
    sheet: str | None = None
    unit_confirmed: bool = False
    """The unit is meant although the column's heading names another."""
    home: str | None = None
    """Zone of the plant or the tariff: assumed for local stamps, unless the file contradicts it."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that was taken for granted: `key` with its evidence is the sentence ``reader.<key>``, filled with `values`."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say: the sentence ``reader_question.<key>``, filled with `values`; answered by `option`."""

    option: str
    key: str
    found: str
    """The evidence, in English, for the one line that a command prints."""
    expected: str
    choices: tuple[str, ...] = ()
    """All possible answers; empty where they cannot be listed."""
    values: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None


class Unclear(InputFaults):
    """The file can be read in two ways that place energy differently. Operator: give the option that each line names, then start again."""

    def __init__(self, path: Path, questions: tuple[Question, ...]) -> None:
        self.questions = questions
        super().__init__([Fault(str(path), one.line, one.option, one.found, one.expected) for one in questions])


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that holds no interval."""

    line: int
    why: Literal["preamble", "footer", "heading_again", "blank_hour", "unit_row"]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is needed to read a file, and what of it is assumed."""

    layout: Layout
    encoding: str
    """Of text: ``utf-8``, ``utf-16``, ``cp1252``; ``workbook`` for XLSX, XLS and ODS."""
    delimiter: str
    """Empty for a workbook."""
    sheet: str
    decimal: str
    header_line: int | None
    time_columns: tuple[str, ...]
    column: str
    unit: Unit
    resolution: timedelta
    label: Label
    zone: str | None
    """None: every stamp carries its offset."""
    date_order: DateOrder | None
    midnight: Midnight
    status_column: str | None = None
    newest_first: bool = False
    first_start: str | None = None
    skipped: tuple[Skipped, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
