"""The load that plans are made for: a forecast, with the jobs where they are planned now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from domain.forecasts import Forecast
from domain.job_power import with_power
from domain.orders import Order, OrderStatus
from quarters.numbers import slot_of, slot_start
from scheduling.now import JUMP
from scheduling.problem import Load, Outlook
from scheduling.replan_notes import by_product
from scheduling.state import Notes


def day_of(instant: datetime, zone: ZoneInfo) -> str:
    """The local date of `instant`, ISO."""
    return instant.astimezone(zone).date().isoformat()


def outlook(notes: Notes, forecast: Forecast, risk_share: float, zone: ZoneInfo) -> Outlook:
    """The forecast, with the jobs where they are planned now: orders that are newer than it are moved in it.

    An order that is dated ahead of time was known when the forecast was made.

    Parameters
    ----------
    risk_share
        How far from the median towards the 90 % quantile the load is judged (`AdviceSettings.risk_weight`).
    zone
        Of the site's local days.
    """
    median, high = np.array(forecast.q50_kw), np.array(forecast.q90_kw)
    found = Outlook(slot_of(forecast.first_start_utc), median, _judged(forecast, median, high, risk_share, zone))
    powers = by_product(notes.replan.powers)
    for job, order in notes.orders.items():
        if not forecast.issued_utc < order.at_utc <= forecast.issued_utc + JUMP:
            continue
        was = notes.before.get(job)
        before_kw = 0.0 if was is None else _profile(found, with_power(was, powers))
        found = found.plus(_profile(found, with_power(order, powers)) - before_kw)
    return found


def _judged(forecast: Forecast, median: Load, high: Load, risk_share: float, zone: ZoneInfo) -> Load:
    """The load that a plan is judged by: somewhat above the median, and each day as high as its peak is likely to be.

    The highest of many quarter hours is above the highest median. Where the forecast has a day's peak that is still to come, all
    of the day is lifted by what its highest quarter hour lacks to that peak, taken at the same risk.
    """
    judged = median + risk_share * (high - median)
    first_slot = slot_of(forecast.first_start_utc)
    days = np.array([day_of(slot_start(first_slot + n), zone) for n in range(len(median))])
    for peak in forecast.peaks:
        of_day = days == peak.day_local
        if peak.start_utc >= forecast.first_start_utc and of_day.any():
            likely_kw = peak.q50_kw + risk_share * (peak.q90_kw - peak.q50_kw)
            judged[of_day] += max(0.0, likely_kw - float(judged[of_day].max()))
    return judged


def _profile(outlook: Outlook, order: Order) -> Load:
    if order.status is OrderStatus.CANCELLED:
        return np.zeros(len(outlook.median_kw))
    return outlook.profile(order, slot_of(order.start_utc))
