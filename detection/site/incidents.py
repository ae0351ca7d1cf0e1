"""Incidents of the watches over a site: they open once, grow by revisions, and end; and what is published of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.anomalies import Anomaly, AnomalyKind
from domain.clock import epoch_ms
from domain.facts import Fact, fact
from domain.units import Int64
from quarters.numbers import slot_start

HOURLY_SLOTS = 4
REFRACTORY_SLOTS = 96
"""A day: what has ended is not found again before."""


@dataclass(slots=True)
class Incident:
    """One incident of one meter and kind, or the suspicion of one. Changed in place."""

    since_slot: Int64
    revision: Int64 = -1
    """-1 while only suspected."""
    published_slot: Int64 = 0
    published_kwh: float = 0.0
    quarters: Int64 = 0
    """Quarter hours that it was seen in."""
    kwh: float = 0.0
    """Drawn in them."""
    excess_kwh: float = 0.0
    calm: Int64 = 0
    """Sound quarter hours (or days) in a row without it."""
    calm_slot: Int64 = 0
    """First of them."""
    level: float = 0.0
    """What was normal, or the limit, when it opened."""

    @property
    def is_open(self) -> bool:
        """Whether it has been published."""
        return self.revision >= 0

    @property
    def actual_kw(self) -> float:
        """Mean power of its quarter hours."""
        return self.kwh * 4 / self.quarters if self.quarters else 0.0

    def is_due(self, slot: int) -> bool:
        """Whether it may be published again: an hour has passed, or it has doubled."""
        return slot - self.published_slot >= HOURLY_SLOTS or self.excess_kwh > 2 * self.published_kwh > 0


@dataclass(slots=True)
class Incidents:
    """Those of a site, by meter and kind."""

    known: dict[str, Incident] = field(default_factory=dict)
    ended: dict[str, Int64] = field(default_factory=dict)
    """When (number of the quarter hour) one of this meter and kind ended last."""

    def of(self, meter: str, kind: AnomalyKind) -> Incident | None:
        """The one that is open or suspected."""
        return self.known.get(f"{meter}/{kind}")

    def may_open(self, meter: str, kind: AnomalyKind, slot: int, after_slots: int = REFRACTORY_SLOTS) -> bool:
        """Whether the last one has ended long enough ago."""
        return slot - self.ended.get(f"{meter}/{kind}", -after_slots) >= after_slots

    def put(self, meter: str, kind: AnomalyKind, incident: Incident) -> Incident:
        """Suspect one."""
        self.known[f"{meter}/{kind}"] = incident
        return incident

    def drop(self, meter: str, kind: AnomalyKind, slot: int) -> None:
        """It is over; what was only suspected leaves no trace."""
        incident = self.known.pop(f"{meter}/{kind}", None)
        if incident is not None and incident.is_open:
            self.ended[f"{meter}/{kind}"] = slot


@dataclass(frozen=True, slots=True)
class Report:
    """What one revision says beside what the incident holds."""

    site: str
    meter: str
    kind: AnomalyKind
    slot: int
    """The quarter hour that shows it."""
    until_slot: int | None
    facts: Sequence[Fact]
    expected_kw: float | None
    actual_kw: float | None
    kwh_per_day: float = 0.0
    price_eur_per_kwh: float | None = None
    like_day: str | None = None
    """Local date of the last day to compare with; None: there is none."""
    evidence: Mapping[str, str] = field(default_factory=dict)


def published(incident: Incident, report: Report) -> Anomaly:
    """The next revision of `incident` as a record."""
    incident.revision += 1
    incident.published_slot, incident.published_kwh = report.slot, incident.excess_kwh
    since_utc, price = slot_start(incident.since_slot), report.price_eur_per_kwh
    evidence = {
        "expected": "unknown" if report.expected_kw is None else f"{report.expected_kw:.2f}",
        "actual": "unknown" if report.actual_kw is None else f"{report.actual_kw:.2f}",
        "price_eur_per_kwh": "unknown" if price is None else f"{price:.4f}",
        **({} if report.like_day is None else {"like_day": report.like_day}),
        **report.evidence,
    }
    return Anomaly(
        site=report.site, meter=report.meter, anomaly=f"{report.meter}/{report.kind}/{epoch_ms(since_utc) // 1000}", revision=incident.revision,
        kind=report.kind, since_utc=since_utc, until_utc=None if report.until_slot is None else slot_start(report.until_slot),
        at_utc=slot_start(report.slot + 1), expected_kw=_rounded(report.expected_kw, 3), actual_kw=_rounded(report.actual_kw, 3),
        excess_kwh=round(incident.excess_kwh, 3), kwh_per_day=round(report.kwh_per_day, 3),
        eur_per_day=None if price is None else round(report.kwh_per_day * price, 2), facts=tuple(report.facts), evidence=evidence,
    )  # fmt: skip


def per_day(kwh_per_day: float, price_eur_per_kwh: float | None) -> Fact:
    """What it costs a day, in words."""
    if price_eur_per_kwh is None:
        return fact("site.per_day_unpriced", kwh_per_day=kwh_per_day)
    return fact("site.per_day", kwh_per_day=kwh_per_day, eur_per_day=kwh_per_day * price_eur_per_kwh)


def local_date(at_utc: datetime, zone: ZoneInfo) -> str:
    """The local date of an instant, as text."""
    return at_utc.astimezone(zone).date().isoformat()


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)
