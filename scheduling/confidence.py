"""How sure advice is: how often the peak came as high as it would have to, by the forecasts of the last weeks.

The event is that the peak without a change passes what the peak with it reaches. A forecast's band is made for single quarter hours; the highest of
a day misses its forecast by more, and upwards. So the misses are measured: each forecast's highest quarter hour of a day against the one that came, in widths
of the band. The probability is the share of misses above the one that the event needs, at the same lead, drawn towards all leads while few
are known, and those towards the normal distribution of the band.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import erf, sqrt
from zoneinfo import ZoneInfo

import numpy as np

from domain.forecasts import Forecast
from domain.orders import Order
from quarters.numbers import slot_of, slot_start
from quarters.series import QuarterSeries
from scheduling.problem import Outlook

NORMAL_10_TO_90 = 2.5631
"""Width of a normal distribution between its 10 % and 90 % quantiles, in standard deviations."""
LEADS = (24, 48, 96)
"""Quarter hours to the peak at which another class of leads begins."""
PRIOR = 4.0
"""Misses that the wider group counts for beside those of a class."""
MOST_MISSES = 120
"""Of each class of leads, the newest."""
MOST_PENDING = 40
LEAST_SPAN = 16
"""A rest of a day shorter than this [quarter hours] has no peak worth a forecast."""
LEAST_BAND = 0.005
"""A band narrower than this share of its load is taken to be so wide."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A forecast's highest quarter hour within a span that is not over yet."""

    first_slot: int
    end_slot: int
    lead: int
    """Class of its lead: its place among `LEADS`, and one more beyond."""
    expected_kw: float
    band_kw: float
    """Standard deviation of that quarter hour by the forecast's band."""


@dataclass(slots=True)
class Misses:
    """What came of forecast peaks. Changed in place."""

    pending: list[Pending] = field(default_factory=list)
    found: dict[str, list[float]] = field(default_factory=dict)
    """By class of lead: how far the peak lay above its forecast, in standard deviations of the band; oldest first."""

    def share_above(self, lead: int, widths_factor: float) -> float:
        """P(miss > `widths_factor` standard deviations of the band) at a lead, 0..1."""
        everywhere = [miss for misses in self.found.values() for miss in misses]
        normal = 0.5 * (1 - erf(widths_factor / sqrt(2)))
        overall = _drawn(everywhere, widths_factor, normal)
        return _drawn(self.found.get(str(lead), []), widths_factor, overall)


def _drawn(misses: Sequence[float], least: float, prior_share: float) -> float:
    return (sum(miss > least for miss in misses) + PRIOR * prior_share) / (len(misses) + PRIOR)


def lead_of(quarters: int) -> int:
    """The class of a lead."""
    return sum(quarters >= edge for edge in LEADS)


def band_kw(forecast: Forecast, at_slot: int) -> float:
    """Standard deviation of one quarter hour of a forecast [kW]."""
    place = at_slot - slot_of(forecast.first_start_utc)
    width = (forecast.q90_kw[place] - forecast.q10_kw[place]) / NORMAL_10_TO_90
    return max(width, LEAST_BAND * abs(forecast.q50_kw[place]))


def note(misses: Misses, outlook: Outlook, forecast: Forecast, zone: ZoneInfo) -> None:
    """Remember the highest quarter hour that is expected of each local day, once for each class of leads."""
    known = {(one.end_slot, one.lead) for one in misses.pending}
    for first, end in _days(outlook, zone):
        if end - first < LEAST_SPAN:
            continue
        place = first - outlook.first_slot
        loads = outlook.median_kw[place : place + end - first]
        peak = first + int(np.argmax(loads))
        lead = lead_of(peak - outlook.first_slot)
        width = band_kw(forecast, peak)
        if (end, lead) not in known and width > 0 and len(misses.pending) < MOST_PENDING:
            misses.pending.append(Pending(first, end, lead, float(loads.max()), width))


def _days(outlook: Outlook, zone: ZoneInfo) -> list[tuple[int, int]]:
    """First and one-past-last slot of each local day that an outlook reaches the end of."""
    found: list[tuple[int, int]] = []
    begin = outlook.first_slot
    for slot in range(outlook.first_slot + 1, outlook.end_slot + 1):
        if slot_start(slot).astimezone(zone).date() != slot_start(slot - 1).astimezone(zone).date():
            found.append((begin, slot))
            begin = slot
    return found


def settle(misses: Misses, known: QuarterSeries, now_slot: int) -> None:
    """Measure the forecasts whose spans are over at `now_slot`."""
    over = [one for one in misses.pending if one.end_slot <= now_slot]
    misses.pending = [one for one in misses.pending if one.end_slot > now_slot]
    for one in over:
        loads = known.loads_kw(one.first_slot, one.end_slot)
        if bool(np.isnan(loads).any()):
            continue
        mine = misses.found.setdefault(str(one.lead), [])
        mine.append(round((float(loads.max()) - one.expected_kw) / one.band_kw, 4))
        del mine[:-MOST_MISSES]


def drop_changed(misses: Misses, orders: Iterable[Order]) -> None:
    """Forget what was expected of spans in which a job has changed: the peak is no longer that of the plan it was expected of."""
    spans = [(slot_of(order.start_utc), slot_of(order.end_utc)) for order in orders if order.profile_kw]
    misses.pending = [one for one in misses.pending if not any(a < one.end_slot and one.first_slot < b for a, b in spans)]
