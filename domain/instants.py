"""Aware UTC instants as a type that refuses anything else at the borders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises
    ------
    ValueError
        If it has no zone: we never guess one.
    """
    if instant.tzinfo is None:
        msg = f"instant {instant.isoformat()} has no time zone; write it with Z or an offset"
        raise ValueError(msg)
    return instant.astimezone(UTC)


UtcInstant = Annotated[datetime, AfterValidator(as_utc)]
"""A `datetime` that the codec accepts only with a zone, and turns to UTC."""
