"""What is abnormal, since when, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from domain.instants import UtcInstant


class AnomalyKind(StrEnum):
    """Kinds of abnormal behaviour."""

    ON_WHILE_OFF = "on_while_off"
    COUNTER_DISCONTINUITY = "counter_discontinuity"
    SILENT_METER = "silent_meter"
    CREEP = "creep"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One finding; repeated with the same `anomaly` id and a higher `revision` as it grows and when it ends."""

    site: str
    meter: str
    anomaly: str
    """Stable id: ``<meter>/<kind>/<since, epoch s>``."""
    revision: int
    kind: AnomalyKind
    since_utc: UtcInstant
    until_utc: UtcInstant | None
    """None while it lasts."""
    at_utc: UtcInstant
    """Event time at which this revision was said."""
    expected_kw: float | None
    actual_kw: float | None
    excess_kwh: float
    """Energy above expectation so far."""
    kwh_per_day: float
    eur_per_day: float
    message_en: str
    message_de: str
    evidence: dict[str, str] = field(default_factory=dict)
