"""Aware UTC instants as a type that refuses anything else at the borders."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises
    ------
    ValueError
        If it has no zone: we never guess one; or if UTC has no date for it.
    """
    if instant.tzinfo is None:
        msg = f"instant {instant.isoformat()} has no time zone; write it with Z or an offset"
        raise ValueError(msg)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        msg = f"instant {instant.isoformat()} lies beyond the calendar in UTC"
        raise ValueError(msg) from error


def _written_out(found: object) -> object:
    """Refuses bare numbers: whether they are seconds or milliseconds would be a guess."""
    if isinstance(found, date) or (isinstance(found, str) and _ISO.match(found)):
        return found
    msg = "an instant such as 2026-10-23T09:00:00Z"
    raise ValueError(msg)


UtcInstant = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(as_utc)]
"""A `datetime` that the codec accepts only written out and with a zone, and turns to UTC."""

EpochMs = Annotated[int, Field(ge=-30_610_224_000_000, lt=221_845_392_000_000)]
"""Milliseconds since 1970, in the years 1000 to 8999: what calendars and zones can count with, whatever a device's clock says."""
