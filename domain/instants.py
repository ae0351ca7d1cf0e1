"""Aware UTC instants as a type that refuses anything else at the borders."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


FIRST_YEAR, LAST_YEAR = 1000, 8999
"""What calendars and zones can count with: a day, a week or a year more or less stays a date."""
NEVER_UTC = datetime(LAST_YEAR, 12, 31, 23, 45, tzinfo=UTC)
"""The last quarter hour of the calendar: how "no date" is kept where other programs write one beyond it."""


def instant_text(instant_utc: datetime) -> str:
    """``2026-10-23T09:00:00Z``, with milliseconds only where there are some: the one form for files and programs."""
    text = instant_utc.isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises
    ------
    ValueError
        If it has no zone: we never guess one; or if it lies outside the years 1000 to 8999.
    """
    if instant.tzinfo is None:
        msg = f"instant {instant.isoformat()} has no time zone; write it with Z or an offset"
        raise ValueError(msg)
    try:
        in_utc = instant.astimezone(UTC)
    except OverflowError:  # the calendar itself ends
        in_utc = None
    if in_utc is None or not FIRST_YEAR <= in_utc.year <= LAST_YEAR:
        msg = f"an instant in the years {FIRST_YEAR} to {LAST_YEAR}; {instant.isoformat()} is none that can be counted with"
        raise ValueError(msg)
    return in_utc


def as_utc_or_never(instant: datetime) -> datetime:
    """As `as_utc`, but `NEVER_UTC` where planning systems write a date beyond the calendar for "no date"."""
    return NEVER_UTC if instant.tzinfo is not None and instant.year > LAST_YEAR else as_utc(instant)


def _written_out(found: object) -> object:
    """Refuses bare numbers: whether they are seconds or milliseconds would be a guess."""
    if isinstance(found, date) or (isinstance(found, str) and _ISO.match(found)):
        return found
    msg = "an instant such as 2026-10-23T09:00:00Z"
    raise ValueError(msg)


UtcInstant = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(as_utc)]
"""A `datetime` that the codec accepts only written out and with a zone, and turns to UTC."""

UtcInstantOrNever = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(as_utc_or_never)]
"""The same where planning systems write a date such as 9999-12-31 for "no date": every year after 8999 is read as `NEVER_UTC`."""


def _on_the_grid(instant_utc: datetime) -> datetime:
    if instant_utc.minute % 15 or instant_utc.second or instant_utc.microsecond:
        msg = "the start of a quarter hour (:00, :15, :30 or :45)"
        raise ValueError(msg)
    return instant_utc


QuarterStart = Annotated[UtcInstant, AfterValidator(_on_the_grid)]
"""The start of a quarter hour."""


def _a_day(text: str) -> str:
    if not FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR:
        msg = f"a date in the years {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(msg)
    return text


LocalDay = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_a_day)]
"""A local date as text, ``YYYY-MM-DD``."""

EpochMs = Annotated[int, Field(ge=-30_610_224_000_000, lt=221_845_392_000_000)]
"""Milliseconds since 1970, in the years 1000 to 8999: what calendars and zones can count with, whatever a device's clock says."""
