"""What may be requested of the API, in the domain's own types: their bounds are written down there only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field

from domain.feedback import FeedbackKind
from domain.instants import FIRST_YEAR, LAST_YEAR, UtcInstant
from domain.recommendations import DecisionKind, DeclineReason
from domain.texts import Key, Text

MOST_DAYS = 400
"""Most days of quarter hours in one answer."""


def _stripped(text: str) -> str:
    if text.strip():
        return text.strip()
    msg = "a name, not only blanks"
    raise ValueError(msg)


def _a_month(text: str) -> str:
    if FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return text
    msg = f"a month in the years {FIRST_YEAR} to {LAST_YEAR}"
    raise ValueError(msg)


PersonName = Annotated[Key, AfterValidator(_stripped)]
MonthName = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), AfterValidator(_a_month)]
"""``YYYY-MM``"""

Start = Annotated[UtcInstant, Query(description="With zone, e.g. 2026-10-23T00:00:00Z; quarter hours from there on.")]
End = Annotated[UtcInstant, Query(description=f"With zone; quarter hours before it, {MOST_DAYS} days after `from_utc` at most.")]
MeterName = Annotated[Key, Path(description="The meter's id.")]
Channel = Annotated[Key | None, Query(description="The meter's energy register without it.")]
AsOf = Annotated[UtcInstant | None, Query(description="With zone: what was known then.")]
IssuedBy = Annotated[UtcInstant | None, Query(alias="as_of", description="With zone: issued then at the latest. Of the site only.")]


@dataclass(frozen=True, slots=True)
class Span:
    """A register that exists, and a span."""

    meter: str
    channel: str
    from_utc: datetime
    to_utc: datetime


class DecisionRequest(BaseModel):
    """What a person decides on a recommendation."""

    kind: DecisionKind
    by: PersonName = Field(description="Name of the person.")
    reason: DeclineReason = Field(DeclineReason.NONE, description="Must be named when the recommendation is rejected.")
    comment: Text = ""


class FeedbackRequest(BaseModel):
    """What a person reports of an anomaly."""

    kind: FeedbackKind
    by: PersonName = Field(description="Name of the person.")
    comment: Text = ""


class ReportRequest(BaseModel):
    """Which month to report."""

    month: MonthName = Field(examples=["2026-10"])
