"""Reports that a plant gets without a request: when, of which days, for whom.

In: ``[[report]]`` of ``stack.toml``.  Out: frozen settings, and the instants at which a report is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from domain.instants import as_utc
from domain.texts import Name
from domain.toml_files import Identifier, Settings

MOST_LOOKED_AT = 1_000
"""Instants of one expression that are looked at backwards from now: what a long stop has left behind is not made a thousand times."""


def _address(text: str) -> str:
    local, _, host = text.rpartition("@")
    if not local or not host or not text.isascii() or any(c.isspace() or c in '<>,;:"()[]\\' or ord(c) < 33 for c in text):
        msg = "one mail address such as energy@example.com, in ASCII and without a name"
        raise ValueError(msg)
    return text


def _cron(text: str) -> str:
    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))))
    except (CronSimError, StopIteration) as error:
        msg = f"a cron expression of five fields such as '30 6 1 * *', minute hour day month weekday ({error})"
        raise ValueError(msg) from error
    return text


MailAddress = Annotated[str, Field(max_length=254), AfterValidator(_address)]
"""A bare mail address."""
CronExpression = Annotated[str, Field(max_length=200), AfterValidator(_cron)]
"""Minute, hour, day of the month, month, weekday."""


class ReportSpan(StrEnum):
    """The days that a scheduled report is about: the last whole ones before the day on which it is due."""

    LAST_WEEK = "last_week"
    """Monday to Sunday."""
    LAST_MONTH = "last_month"
    LAST_QUARTER = "last_quarter"
    LAST_YEAR = "last_year"


class Recipient(Settings):
    """Who gets a report by mail."""

    address: MailAddress
    """Where to."""
    language: Literal["de", "en"] | None = None
    """Of the mail's subject and text; None: that of the report."""


class ScheduledReport(Settings):
    """A report that is made and sent at fixed times; signed where the plant has a key."""

    name: Identifier
    """Name of the schedule in the log and on the command line."""
    cron: CronExpression
    """When, on the plant's wall clock. A time that a clock change leaves out comes when the clock has moved on; one that it repeats counts once."""
    span: ReportSpan = ReportSpan.LAST_MONTH
    """Of which days."""
    language: Literal["de", "en"] = "de"
    """Of PDF and workbook."""
    author: Name = ""
    """Who answers for it."""
    recipients: tuple[Recipient, ...] = Field(default=(), alias="recipient")
    """Who gets it; none: it is made and stored only."""


def label_of(span: ReportSpan, due: date) -> str:
    """The label of the period that a report due on the local day `due` is about, such as ``2026-10`` or ``2026-Q3``."""
    match span:
        case ReportSpan.LAST_WEEK:
            last = due - timedelta(days=due.weekday() + 1)
            return f"{last - timedelta(days=6)}--{last}"
        case ReportSpan.LAST_MONTH:
            return f"{due.replace(day=1) - timedelta(days=1):%Y-%m}"
        case ReportSpan.LAST_QUARTER:
            before = (due.month - 1) // 3
            return f"{due.year}-Q{before}" if before else f"{due.year - 1}-Q4"
        case ReportSpan.LAST_YEAR:
            return f"{due.year - 1}"


def due_since(report: ScheduledReport, zone: ZoneInfo, since_utc: datetime, now_utc: datetime) -> Iterator[tuple[datetime, str]]:
    """Instant and period of what was due in ``(since_utc, now_utc]``, the newest first; each period once, by its newest instant."""
    seen = set()
    times = CronSim(report.cron, (now_utc + timedelta(seconds=1)).astimezone(zone), reverse=True)
    for _ in range(MOST_LOOKED_AT):
        try:
            due = next(times)
        except StopIteration:
            return
        due_utc = as_utc(due)
        if due_utc > now_utc:
            continue
        if due_utc <= since_utc:
            return
        label = label_of(report.span, due.date())
        if label not in seen:
            seen.add(label)
            yield due_utc, label


def next_due_utc(report: ScheduledReport, zone: ZoneInfo, now_utc: datetime) -> datetime:
    """When it is due next."""
    return as_utc(next(CronSim(report.cron, now_utc.astimezone(zone))))
