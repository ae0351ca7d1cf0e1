"""From a finding to the record that says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.facts import Fact
from domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class Finding:
    """An anomaly before it is a record."""

    kind: AnomalyKind
    facts: tuple[Fact, ...]
    since_utc: datetime
    until_utc: datetime | None
    revision: int
    at_utc: datetime
    expected_kw: float | None = None
    actual_kw: float | None = None
    excess_kwh: float = 0.0
    kwh_per_day: float = 0.0
    eur_per_day: float | None = None
    """None where no price is known, or where money is not the point."""
    evidence: dict[str, str] = field(default_factory=dict)


def anomaly_of(interval: Interval, finding: Finding) -> Anomaly:
    """The record, for the meter that `interval` is of."""
    return record_of(interval.site, interval.meter, finding)


def record_of(site: str, meter: str, finding: Finding) -> Anomaly:
    """The record, for a meter."""
    return Anomaly(
        site=site,
        meter=meter,
        anomaly=f"{meter}/{finding.kind}/{epoch_ms(finding.since_utc) // 1000}",
        revision=finding.revision,
        kind=finding.kind,
        since_utc=finding.since_utc,
        until_utc=finding.until_utc,
        at_utc=finding.at_utc,
        expected_kw=None if finding.expected_kw is None else round(finding.expected_kw, 3),
        actual_kw=None if finding.actual_kw is None else round(finding.actual_kw, 3),
        excess_kwh=round(finding.excess_kwh, 3),
        kwh_per_day=round(finding.kwh_per_day, 3),
        eur_per_day=None if finding.eur_per_day is None else round(finding.eur_per_day, 2),
        facts=finding.facts,
        evidence=finding.evidence,
    )
