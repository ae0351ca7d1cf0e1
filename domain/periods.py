"""Billing periods: for how long a peak is billed, by the plant's local calendar.

In: `[site] demand_period`, `timezone`, `billed_peak_kw`, `billed_peak_on`.  Out: the period that an instant lies in, and the peak that
the plant file says was billed in it. What is known of one period says nothing of the next: state ends with its period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.calendars import at_local
from domain.plant import Site


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
    first = day.replace(day=1) if kind == "month" else date(day.year, 1, 1)
    after = (first + timedelta(days=32)).replace(day=1) if kind == "month" else date(day.year + 1, 1, 1)
    zone = ZoneInfo(timezone)
    return BillingPeriod(at_local(first, "00:00", zone), at_local(after, "00:00", zone))


def billed_peak_period(site: Site) -> BillingPeriod:
    """The period that `billed_peak_kw` of the plant file belongs to: that of `billed_peak_on`, else that of `commissioned_utc`."""
    if site.billed_peak_on is not None:
        return _period(site.demand_period, site.timezone, site.billed_peak_on)
    return billing_period(site, site.commissioned_utc)


def known_peak_kw(site: Site, at_utc: datetime) -> float:
    """Peak [kW] that the plant file says was billed already in the period that holds `at_utc`; 0 where it says nothing of that period."""
    return site.billed_peak_kw if at_utc in billed_peak_period(site) else 0.0
