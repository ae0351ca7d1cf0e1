"""Local days, months and years as instants, and billing periods: for how long a peak is billed.

In: local dates and a time zone; `[site] demand_period`, `timezone`, `billed_peak_kw`, `billed_peak_on`.  Out: first and one-past-last
instant of a day (23, 24 or 25 h), a month, a year; the billing period that an instant lies in, and the peak that the plant file says was
billed in it. What is known of one period says nothing of the next: state ends with its period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.plant import Site

Span = tuple[datetime, datetime]
"""First and one-past-last UTC instant."""


def midnight_utc(day: date, zone: ZoneInfo) -> datetime:
    """First instant of the local `day`."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def day_span(day: date, zone: ZoneInfo) -> Span:
    """The local `day`: 23, 24 or 25 h."""
    return midnight_utc(day, zone), midnight_utc(day + timedelta(days=1), zone)


def month_span(day: date, zone: ZoneInfo) -> Span:
    """The local month that `day` lies in."""
    first = day.replace(day=1)
    return midnight_utc(first, zone), midnight_utc(month_after(first), zone)


def year_span(day: date, zone: ZoneInfo) -> Span:
    """The local year that `day` lies in."""
    return midnight_utc(date(day.year, 1, 1), zone), midnight_utc(date(day.year + 1, 1, 1), zone)


def month_after(day: date) -> date:
    """First day of the month after the one that `day` lies in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def days_between(first: date, end: date) -> Iterator[date]:
    """The days ``[first, end)``."""
    return (first + timedelta(days=number) for number in range((end - first).days))


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """One local month or year, ``[start_utc, end_utc)``."""

    start_utc: datetime
    end_utc: datetime

    def __contains__(self, instant_utc: datetime) -> bool:
        return self.start_utc <= instant_utc < self.end_utc


def billing_period(site: Site, at_utc: datetime) -> BillingPeriod:
    """The billing period of `site` that holds `at_utc`."""
    return _period(site.demand_period, site.timezone, at_utc.astimezone(site.zone).date())


@lru_cache(maxsize=512)
def _period(kind: str, timezone: str, day: date) -> BillingPeriod:
    span = month_span if kind == "month" else year_span
    return BillingPeriod(*span(day, ZoneInfo(timezone)))


def billed_peak_period(site: Site) -> BillingPeriod:
    """The period that `billed_peak_kw` of the plant file belongs to: that of `billed_peak_on`, else that of `commissioned_utc`."""
    if site.billed_peak_on is not None:
        return _period(site.demand_period, site.timezone, site.billed_peak_on)
    return billing_period(site, site.commissioned_utc)


def known_peak_kw(site: Site, at_utc: datetime) -> float:
    """Peak [kW] that the plant file says was billed already in the period that holds `at_utc`; 0 where it says nothing of that period."""
    return site.billed_peak_kw if at_utc in billed_peak_period(site) else 0.0
