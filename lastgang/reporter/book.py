"""The book of scheduled reports, on disk: what was due, what was made of it, and who got it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from domain.errors import Fault, InputFaults
from domain.files import read_text_input, write_whole
from domain.instants import UtcInstant
from domain.scheduled_reports import ScheduledReport, due_since
from domain.toml_files import Settings

FILE_NAME = "deliveries.json"
MOST_RUNS = 200
"""That are kept; the oldest go first."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=2)


class Letter(Settings):
    """One recipient's mail."""

    address: str
    state: Literal["waiting", "sent", "refused", "given up"] = "waiting"
    tries: int = 0
    next_utc: UtcInstant
    """Not before this."""
    at_utc: UtcInstant | None = None
    """Of the last try."""
    note: str = ""
    """Why it did not go."""


class Run(Settings):
    """One report that was due."""

    report: str
    """Name of the schedule."""
    due_utc: UtcInstant
    period: str
    """Label of its period."""
    state: Literal["waiting", "making", "made", "given up"] = "waiting"
    tries: int = 0
    next_utc: UtcInstant
    begun_utc: UtcInstant | None = None
    """When making it began last."""
    folder: Path | None = None
    """The version that was made."""
    note: str = ""
    """Why it was not made."""
    letters: tuple[Letter, ...] = ()

    @property
    def key(self) -> tuple[str, datetime]:
        """What tells it from all others."""
        return self.report, self.due_utc


class Book(Settings):
    """All of it."""

    looked_utc: dict[str, UtcInstant] = Field(default_factory=dict)
    """Up to when each schedule has been looked at; one that is new begins when it is first seen."""
    runs: tuple[Run, ...] = ()

    def with_due(self, reports: Iterable[ScheduledReport], zone: ZoneInfo, now_utc: datetime) -> Book:
        """With a run for all that became due since it was last looked at."""
        looked, found = dict(self.looked_utc), list(self.runs)
        for report in reports:
            since_utc = looked.get(report.name, now_utc)
            due = sorted(due_since(report, zone, since_utc, now_utc))
            found += [Run(report=report.name, due_utc=due_utc, period=label, next_utc=due_utc) for due_utc, label in due]
            looked[report.name] = max(since_utc, now_utc)
        return Book(looked_utc=looked, runs=tuple(found[-MOST_RUNS:]))

    def with_run(self, run: Run) -> Book:
        """With `run` in the place of its earlier state, or new."""
        others = [known for known in self.runs if known.key != run.key]
        return Book(looked_utc=self.looked_utc, runs=tuple(sorted([*others, run], key=lambda one: (one.due_utc, one.report))))


def wait_after(tries: int) -> timedelta:
    """How long after the `tries`-th failure: a minute, then twice as long each time, up to an hour."""
    return min(FIRST_WAIT * (1 << min(tries - 1, 10)), LONGEST_WAIT)


def read_book(home: Path) -> Book:
    """The book in `home`; an empty one where there is none.

    Raises
    ------
    InputFaults
        If the file is not one: taking it for empty could send everything again.
    """
    path = home / FILE_NAME
    if not path.exists():
        return Book()
    try:
        return Book.model_validate_json(read_text_input(path))
    except ValidationError as error:
        found = str(error.errors()[0]["msg"])
        raise InputFaults(
            [Fault(str(path), None, "file", found, "the book of `lastgang reporter`; move it away to begin again")]
        ) from error


def write_book(home: Path, book: Book) -> None:
    """Replace the file whole."""
    write_whole(home / FILE_NAME, book.model_dump_json(indent=1) + "\n")
