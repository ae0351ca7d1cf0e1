"""The running quarter hour as the rules see it: what is expected, how far that may be off, what is requested for already, what to stay below.

The same functions as in a backtest decide (`governor.rules.shift_kw`, `governor.least_peak.least_peaks_kw`); what differs is where the numbers come
from: the projection of the billing meter instead of lines drawn through past minutes, and loads with bands instead of a share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from domain.demand import Demand
from domain.intervals import QUARTER
from flexibility.holding import Holdable
from governor.flexibility import MINUTES, Flexibility
from governor.least_peak import Floats, least_peaks_kw
from governor.live.state import Ahead, Held
from governor.rules import LEAST_PEAK_MARGIN, Moment, Rule

RULE = Rule(above_least=0.0, first_margin=2.155, last_margin=2.431, back_margin=2.597, back_below=0.062, ahead=0.0, least=0.03)
"""With the margins for a projection that knows no waves: those of a backtest (`governor.rules.RULES`) belong to its own expectation. The level is what is
billed, the target, or the least that can still be reached; what lies ahead is as forecast, with what `running` carries over."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NOTICE = 2 * MINUTE
"""Between advice and act, as in a backtest."""
SHORTEST = 5 * MINUTE
"""A hold that is shorter is not worth a call, as in a backtest."""
SEEN_AFTER = MINUTE
"""How long after a load has changed the projection counts on with what it draws now: it is made of the power of up to a minute."""
AHEAD_SLOTS = 16
Z_BAND = 1.2816
"""Of the projection's band, which holds eight of ten: the quantile of its upper edge."""
_CARRIED_SLOTS = 4
_LEAST_SPREAD = 0.003
"""Of what is expected."""


@dataclass(frozen=True, slots=True)
class Running:
    """The running quarter hour of the billing meter, and those after it; powers are means of a quarter hour [kW].

    Attributes
    ----------
    ahead_kw
        Expected load of those that follow, if nothing were held; at least one.
    sunk_kw
        Target or billed peak, whichever is higher: below it nothing is gained.
    """

    now_utc: datetime
    end_utc: datetime
    expected_kw: float
    spread_kw: float
    ahead_kw: Floats
    sunk_kw: float

    @property
    def minute(self) -> int:
        """Whole minutes that are over."""
        return MINUTES - int(-(-(self.end_utc - self.now_utc) // MINUTE))

    def mean_kw(self, kw: float, from_utc: datetime, until_utc: datetime | None = None) -> float:
        """What `kw` from `from_utc` to the end, or to `until_utc`, are as the mean of this quarter hour [kW]."""
        end = self.end_utc if until_utc is None else min(until_utc, self.end_utc)
        return kw * max((end - max(from_utc, self.end_utc - QUARTER)) / QUARTER, 0.0)


def running(demand: Demand, ahead: Ahead) -> Running | None:
    """The running quarter hour; None where the forecast does not reach the next one: what comes back then could make any peak.

    A forecast is off by about the same for a while: what the running quarter hour is above its own, those that follow are expected to be, too,
    less by a quarter each, so that nothing of it is left after an hour.
    """
    here, *follow = ahead.from_slot(demand.start_utc)[: AHEAD_SLOTS + 1] or (0.0,)
    if not follow:
        return None
    above = max(demand.projected_kw - here, 0.0)
    spread = max((demand.projected_high_kw - demand.projected_kw) / Z_BAND, _LEAST_SPREAD * demand.projected_kw)
    end_utc = demand.at_utc + timedelta(seconds=demand.remaining_s)
    return Running(
        demand.at_utc, end_utc, max(demand.projected_kw, 0.0), spread, np.maximum(np.asarray(follow) + above * _carried(len(follow)), 0.0),
        max(demand.target_kw, demand.billed_peak_kw),
    )  # fmt: skip


def _carried(count: int) -> Floats:
    carried: Floats = np.maximum(1 - np.arange(1, count + 1) / _CARRIED_SLOTS, 0.0)
    return carried


def moment(run: Running, free: Sequence[Holdable], held: Sequence[Held]) -> tuple[Moment, Flexibility]:
    """What the rules decide by.

    Parameters
    ----------
    free
        Loads that could be held from now to the quarter hour's end, and are requested for nothing yet.
    held
        Loads that are held, or requested to be.
    """
    start = run.now_utc + NOTICE
    requested = sum(_not_seen_kw(one, run) for one in held)
    due = sum(_due_kw(one, run) for one in held)
    possible_kw = sum(one.kw_now for one in free)
    given_back = sum(run.mean_kw(one.kw, max(start, one.since_utc)) for one in held if one.until_utc >= run.end_utc)
    share = min(possible_kw / run.expected_kw, 1.0) if run.expected_kw > 0 else 0.0
    delay = min((max(int((one.until_utc - run.end_utc) // QUARTER) + 1, 1) for one in free), default=1)
    flexibility = Flexibility(share, delay * MINUTES, int(NOTICE / MINUTE), int(SHORTEST / MINUTE), 1.0)
    ahead = np.concatenate([[run.expected_kw + LEAST_PEAK_MARGIN * run.spread_kw], run.ahead_kw * (1 + RULE.ahead)])
    owed = np.full(len(ahead), due)
    least = float(least_peaks_kw(ahead[None], share, delay, owed[None])[0, 0])
    minutes = flexibility.decision_minutes
    place = (run.minute - minutes.start) / max(len(minutes) - 1, 1)
    found = Moment(
        run.expected_kw, run.spread_kw, due, requested, given_back, max(run.sunk_kw, least), run.minute, min(max(place, 0.0), 1.0)
    )
    return found, flexibility


def _not_seen_kw(one: Held, run: Running) -> float:
    """What a hold takes off this quarter hour that its projection does not show yet."""
    if run.now_utc >= one.since_utc + SEEN_AFTER:
        return 0.0
    return run.mean_kw(one.kw, max(one.since_utc, run.now_utc), one.until_utc)


def _due_kw(one: Held, run: Running) -> float:
    """What comes back in this quarter hour after its hold, and what the projection does not show of it."""
    if one.until_utc >= run.end_utc or run.now_utc >= one.until_utc + SEEN_AFTER:
        return 0.0
    shown_off = run.now_utc >= one.since_utc + SEEN_AFTER
    again = run.mean_kw(one.kw, max(one.until_utc, run.now_utc)) if shown_off else 0.0
    return again + one.back_kwh * (HOUR / QUARTER)
