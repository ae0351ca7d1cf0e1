"""What may be requested of the API, in the domain's own types: their bounds are written down there only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field, model_validator

from domain.feedback import FeedbackKind
from domain.instants import FIRST_YEAR, LAST_YEAR, UtcInstant
from domain.recommendations import DecisionKind, DeclineReason
from domain.texts import Key, Text
from reporting.periods import LABEL, period_of

_UNNAMED = re.compile(r"\(\?P<[a-z]+>")
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


def _a_period(text: str) -> str:
    period_of(text, "UTC")  # whatever the zone is, its days are days of the calendar
    return text


PersonName = Annotated[Key, AfterValidator(_stripped)]
MonthName = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"), AfterValidator(_a_month)]
"""``YYYY-MM``"""

PeriodLabel = Annotated[str, Field(pattern=f"^(?:{_UNNAMED.sub('(', LABEL.pattern)})$", max_length=40), AfterValidator(_a_period)]
"""A month, quarter, year or span of days: ``2026-10``, ``2026-Q4``, ``2026``, ``2026-10-03--2026-10-17``"""

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
    """What to report: a period, or a month by its name."""

    period: PeriodLabel | None = Field(None, examples=["2026-10", "2026-Q4", "2026", "2026-10-03--2026-10-17"])
    month: MonthName | None = Field(None, examples=["2026-10"], description="As `period`, of a month.")

    @model_validator(mode="after")
    def _one_of_them(self) -> ReportRequest:
        if (self.period is None) == (self.month is None):
            msg = "exactly one of period and month"
            raise ValueError(msg)
        return self

    @property
    def label(self) -> str:
        """The one that is there."""
        return self.period or self.month or ""
