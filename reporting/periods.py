"""Which days a report is about: a local month, quarter, year, or any span of local days.

In: a label such as ``2026-10``, ``2026-Q4``, ``2026``, ``2026-10-03--2026-10-17``, and the plant's time zone.  Out: a `Period`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.instants import FIRST_YEAR, LAST_YEAR
from domain.intervals import QUARTER
from quarters.periods import midnight_utc, month_after

DAY = timedelta(days=1)
MOST_DAYS = 1_100
"""Of a span: three years. What is longer is several reports."""
BY_DAY = 40
"""Days of a period that charts and printed tables show day by day, and the workbook by quarter hours; what is longer goes by months."""
BY_QUARTER_HOUR = 100
"""Days of a period that has files of all its quarter hours; what is longer has days."""
BETWEEN_DAYS = "--"
EXAMPLES = "2026-10, 2026-Q4, 2026 or 2026-10-03--2026-10-17"
LABEL = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?"
    r"|(?P<first>[0-9]{4}-[0-9]{2}-[0-9]{2})--(?P<last>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
"""The whole of a label."""


class PeriodKind(StrEnum):
    """What a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"
    """Any local days in a row."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days in a row, ``[from_utc, to_utc)``."""

    label: str
    first_day: date
    end_day: date
    """The day after its last one."""
    timezone: str
    from_utc: datetime
    to_utc: datetime
    kind: PeriodKind = PeriodKind.MONTH

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its days."""
        return ZoneInfo(self.timezone)

    @property
    def last_day(self) -> date:
        """Its last local day."""
        return self.end_day - DAY

    @property
    def day_count(self) -> int:
        """Local days in it."""
        return (self.end_day - self.first_day).days

    @property
    def expected(self) -> int:
        """Quarter hours in it; 2,980 in an October with its 25-hour day."""
        return (self.to_utc - self.from_utc) // QUARTER

    @property
    def is_by_day(self) -> bool:
        """Whether charts and printed tables show each day, and the workbook each quarter hour."""
        return self.day_count <= BY_DAY

    @property
    def has_quarter_hours(self) -> bool:
        """Whether its report has files of all quarter hours."""
        return self.day_count <= BY_QUARTER_HOUR

    @property
    def has_months(self) -> bool:
        """Whether it touches more than one month."""
        return len(self.months()) > 1

    def slot(self, start_utc: datetime) -> int:
        """Place of a quarter hour, from 0."""
        return (start_utc - self.from_utc) // QUARTER

    def start_utc(self, slot: int) -> datetime:
        """Start of the quarter hour at `slot`."""
        return self.from_utc + slot * QUARTER

    def local(self, instant_utc: datetime) -> datetime:
        """An instant on the plant's wall clock."""
        return instant_utc.astimezone(self.zone)

    def months(self) -> tuple[Period, ...]:
        """The local months that it touches, in order: whole ones as months, a month that it cuts as the span of its days in it."""
        found, first = [], self.first_day
        while first < self.end_day:
            end = min(month_after(first), self.end_day)
            is_whole = first.day == 1 and end == month_after(first)
            found.append(_period(_month_label(first) if is_whole else _span_label(first, end - DAY), first, end, self.timezone))
            first = end
        return tuple(found)

    def year_before(self) -> Period | None:
        """The same local days one year earlier; 29 February is the 28th there, as last day. None before the first year of instants.

        A whole month, quarter or year is compared with a whole one.
        """
        if self.first_day.year <= FIRST_YEAR:
            return None
        if self.kind is not PeriodKind.SPAN:
            year = f"{self.first_day.year - 1:04}"
            return period_of(year + self.label[len(year) :], self.timezone)
        first, last = (_year_earlier(day) for day in (self.first_day, self.last_day))
        return span_period(first, last, self.timezone)


def period_of(label: str, timezone: str) -> Period:
    """The period that `label` names.

    Raises
    ------
    ValueError
        If it names none; the message says what was found and what is expected.
    """
    found = LABEL.fullmatch(label)
    if found is None:
        msg = f"period {label!r}: expected a month, quarter, year or span of days such as {EXAMPLES}"
        raise ValueError(msg)
    if found["first"] is not None:
        first, last = (_day(text) for text in (found["first"], found["last"]))
        return span_period(first, last, timezone)
    year = int(found["year"])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        msg = f"period {label!r}: expected a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    if found["month"] is not None:
        first = date(year, int(found["month"]), 1)
        return _period(label, first, month_after(first), timezone)
    if found["quarter"] is not None:
        first = date(year, 3 * int(found["quarter"]) - 2, 1)
        return _period(label, first, _months_after(first, 3), timezone)
    return _period(label, date(year, 1, 1), date(year + 1, 1, 1), timezone)


def month_period(month: str, timezone: str) -> Period:
    """The local month ``YYYY-MM``; raises `ValueError` for any other text."""
    return _of_kind(month, timezone, PeriodKind.MONTH, "month", "YYYY-MM such as 2026-10")


def quarter_period(quarter: str, timezone: str) -> Period:
    """The local quarter of a year ``YYYY-QN``; raises `ValueError` for any other text."""
    return _of_kind(quarter, timezone, PeriodKind.QUARTER, "quarter", "YYYY-QN such as 2026-Q4")


def year_period(year: str, timezone: str) -> Period:
    """The local year ``YYYY``; raises `ValueError` for any other text."""
    return _of_kind(year, timezone, PeriodKind.YEAR, "year", "YYYY such as 2026")


def span_period(first: date, last: date, timezone: str) -> Period:
    """The local days from `first` to `last`, both in it; raises `ValueError` where there are none or more than `MOST_DAYS`."""
    days = (last - first).days + 1
    if not 1 <= days <= MOST_DAYS:
        msg = f"days {first} to {last}: found {days:,} days; expected 1 to {MOST_DAYS:,}, the last one not before the first"
        raise ValueError(msg)
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        msg = f"days {first} to {last}: expected years from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    return _period(_span_label(first, last), first, last + DAY, timezone)


def _of_kind(label: str, timezone: str, kind: PeriodKind, name: str, form: str) -> Period:
    try:
        found = period_of(label, timezone)
    except ValueError:
        found = None
    if found is None or found.kind is not kind:
        msg = f"{name} {label!r}: expected {form}"
        raise ValueError(msg)
    return found


def _period(label: str, first: date, end: date, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    return Period(label, first, end, timezone, midnight_utc(first, zone), midnight_utc(end, zone), _kind(label))


def _kind(label: str) -> PeriodKind:
    if BETWEEN_DAYS in label:
        return PeriodKind.SPAN
    if "Q" in label:
        return PeriodKind.QUARTER
    return PeriodKind.MONTH if "-" in label else PeriodKind.YEAR


def _month_label(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _span_label(first: date, last: date) -> str:
    return f"{first.isoformat()}{BETWEEN_DAYS}{last.isoformat()}"


def _months_after(day: date, months: int) -> date:
    for _ in range(months):
        day = month_after(day)
    return day


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        msg = f"day {text!r}: expected a day of the calendar, YYYY-MM-DD"
        raise ValueError(msg) from error


def _year_earlier(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
