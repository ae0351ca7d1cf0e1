"""How good the forecasts would have been: every origin sees only what was known before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from domain.forecasts import Forecast
from domain.intervals import Interval
from domain.job_power import JobPower
from domain.orders import Order
from domain.plant import Plant
from forecasting.inputs import Inputs
from forecasting.powers import KnownPowers
from forecasting.slots import LEADS, SLOTS_PER_WEEK
from forecasting.state import ForecastState
from forecasting.step import ForecastStep
from quarters.numbers import slot_of


def backtest(
    plant: Plant,
    intervals: Iterable[Interval],
    orders: Iterable[Order],
    origins_utc: Collection[datetime],
    inputs: Inputs | None = None,
    on_forecast: Callable[[Forecast], None] = lambda _: None,
    powers: Iterable[JobPower] = (),
) -> list[Forecast]:
    """Forecasts issued at `origins_utc`, in order.

    Parameters
    ----------
    intervals
        Quarter hours of the billing meter, by start. A forecast from origin `o` knows those that ended by then.
    orders
        Every revision of every job; it knows those planned before `o`. One without a load takes the power that was learned before `o`.
    origins_utc
        Starts of quarter hours; an origin without a quarter hour that ends there is passed over.
    inputs
        What else is known ahead; all of it from every origin.
    on_forecast
        Called with each forecast as it is made.
    powers
        Every revision of every learned power.
    """
    step = ForecastStep(plant, inputs=inputs)
    state = step.initial()
    plan = _PlanInTime(step, orders, powers)
    origins = set(origins_utc)
    forecasts = []
    for interval in sorted(intervals, key=lambda one: (one.start_utc, one.revision)):
        plan.advance(state, interval.end_utc)
        if step.put(state, interval) and interval.end_utc in origins:
            forecasts.append(step.forecaster.issue(state, interval.end_utc))
            on_forecast(forecasts[-1])
    return forecasts


class _PlanInTime:
    """Orders and learned powers, noted in the order in which they became known."""

    def __init__(self, step: ForecastStep, orders: Iterable[Order], powers: Iterable[JobPower]) -> None:
        self._step = step
        # Of the same instant the power comes first: the order may need it.
        self._powers = deque(sorted(powers, key=lambda power: (power.at_utc, power.revision)))
        self._orders = deque(sorted(orders, key=lambda order: (order.at_utc, order.job, order.revision)))
        self._known = KnownPowers()

    def advance(self, state: ForecastState, until_utc: datetime) -> None:
        """Note what was known before `until_utc`."""
        while self._powers and self._powers[0].at_utc < until_utc:
            if self._known.learn(self._powers.popleft(), state.jobs):
                state.encoded_jobs = None
        while self._orders and self._orders[0].at_utc < until_utc:
            order = self._orders.popleft()
            if self._step.put_order(state, self._known.filled(order)) is not None:
                self._known.note(order, state.jobs)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of leads ``[first, last)`` over all forecasts; absent measures are nan."""

    rows: int
    mae_kw: float
    mae_to_last_week: float
    """Below 1 is better than the same quarter hour a week before; both over the same rows."""
    coverage: float
    """Share of actual loads within q10 .. q90; 0.8 is meant."""
    width_kw: float
    """Mean of q90 - q10."""
    bias_kw: float
    """Mean of forecast minus actual."""


def score(forecasts: Sequence[Forecast], actual_kw: Mapping[int, float], leads: tuple[int, int] = (0, LEADS)) -> Scores:
    """Score `forecasts` against loads by slot (as `loads_by_slot` gives them); a quarter hour that is not there is not scored."""
    rows = []
    for forecast in forecasts:
        for quarter in forecast.quarters()[slice(*leads)]:
            slot = slot_of(quarter.start_utc)
            actual, naive = actual_kw.get(slot), actual_kw.get(slot - SLOTS_PER_WEEK)
            if actual is not None and naive is not None:
                rows.append((actual, naive, quarter.q10_kw, quarter.q50_kw, quarter.q90_kw))
    if not rows:
        nothing = float("nan")
        return Scores(0, nothing, nothing, nothing, nothing, nothing)
    actual_, naive_, low, mid, high = np.array(rows).T
    mae, naive_mae = float(np.abs(actual_ - mid).mean()), float(np.abs(actual_ - naive_).mean())
    covered = float(((actual_ >= low) & (actual_ <= high)).mean())
    relative = mae / naive_mae if naive_mae > 0 else float("nan")
    return Scores(len(rows), mae, relative, covered, float((high - low).mean()), float((mid - actual_).mean()))


def loads_by_slot(intervals: Iterable[Interval]) -> dict[int, float]:
    """Load [kW] of each quarter hour by the latest revision; missing ones are absent."""
    found: dict[int, float] = {}
    for interval in sorted(intervals, key=lambda one: one.revision):
        if interval.power_kw is not None:
            found[slot_of(interval.start_utc)] = interval.power_kw
    return found
