"""What is abnormal, since when, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.facts import Facts
from domain.instants import UtcInstant
from domain.texts import Key, Name, Text
from domain.units import Amount, Int64, Power

Evidence = Annotated[dict[Name, Text], Field(max_length=100)]
"""What a finding rests on, by name: for looking into it, not for sentences."""


class AnomalyKind(StrEnum):
    """Kinds of abnormal behaviour."""

    ON_WHILE_OFF = "on_while_off"
    COUNTER_DISCONTINUITY = "counter_discontinuity"
    SILENT_METER = "silent_meter"
    CREEP = "creep"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One finding; repeated with the same `anomaly` id and a higher `revision` as it grows and when it ends."""

    site: Key
    meter: Key
    anomaly: Key
    """Stable id: ``<meter>/<kind>/<since, epoch s>``."""
    revision: Int64
    kind: AnomalyKind
    since_utc: UtcInstant
    until_utc: UtcInstant | None
    """None while it lasts."""
    at_utc: UtcInstant
    """Event time at which this revision was published."""
    expected_kw: Power | None
    actual_kw: Power | None
    excess_kwh: Amount
    """Energy above expectation so far."""
    kwh_per_day: Amount
    eur_per_day: Amount | None
    """None where no tariff says what a kilowatt-hour costs: unknown is not zero."""
    facts: Facts = field(default=())
    """What it says, sentence by sentence; `words.sentences` makes text of it. Empty in records of an older form only."""
    evidence: Evidence = field(default_factory=dict)
