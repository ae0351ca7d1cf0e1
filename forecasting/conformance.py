"""What every forecaster must hold to, whatever is inside it.

A forecaster is a stream step over `Interval` and `Order` records. Each check raises `Breach`, naming what was promised and
what was found; tests run them on the served forecaster and on any successor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from domain.errors import LastgangError
from domain.forecasts import DayPeak, Forecast, ForecastQuarter
from domain.intervals import QUARTER, Interval
from domain.orders import Order
from forecasting.backtest import Scores, loads_by_slot, score
from forecasting.slots import LEADS

Record = Interval | Order


class Breach(LastgangError):
    """A forecaster broke a promise. Developer: repair the forecaster, not the check."""


class Forecaster(Protocol):
    """A forecaster as a step over a state."""

    def initial(self) -> Any:
        """State before the first record."""

    def take_interval(self, state: Any, interval: Interval) -> tuple[Any, list[Forecast]]:
        """Learn one quarter hour."""

    def take_order(self, state: Any, order: Order) -> tuple[Any, list[Forecast]]:
        """Learn one revision of a job."""


def run(forecaster: Forecaster, records: Sequence[Record], state: Any = None) -> tuple[Any, list[Forecast]]:
    """Feed `records` in order; the last state, and all that was issued for acting on."""
    state = forecaster.initial() if state is None else state
    issued: list[Forecast] = []
    for record in records:
        taken = forecaster.take_order if isinstance(record, Order) else forecaster.take_interval
        state, more = taken(state, record)  # type: ignore[arg-type]
        issued += [forecast for forecast in more if not forecast.replayed]
    return state, issued


def timeless(forecast: Forecast) -> Forecast:
    """The forecast without the CPU time it took, which alone may differ between two runs."""
    return replace(forecast, cpu_ms=0.0)


def check_well_formed(forecasts: Sequence[Forecast]) -> None:
    """48 h, finite, not negative, q10 <= q50 <= q90, likewise each day's peak; odds within 0 and 1; the past stays behind."""
    for forecast in forecasts:
        quarters: tuple[ForecastQuarter | DayPeak, ...] = forecast.quarters()
        if len(quarters) != LEADS:
            msg = f"forecast issued {forecast.issued_utc}: {len(quarters)} quarter hours, promised {LEADS}"
            raise Breach(msg)
        for low, mid, high in ((one.q10_kw, one.q50_kw, one.q90_kw) for one in (*quarters, *forecast.peaks)):
            if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= mid <= high):
                msg = f"forecast issued {forecast.issued_utc}: quantiles {low}, {mid}, {high} are not finite and in order from 0 up"
                raise Breach(msg)
        if not forecast.peaks or not all(0 <= peak.above_target <= 1 for peak in forecast.peaks):
            msg = f"forecast issued {forecast.issued_utc}: day peaks with odds in 0..1 were promised, found {forecast.peaks}"
            raise Breach(msg)
        if forecast.first_start_utc > forecast.issued_utc or forecast.issued_utc - forecast.first_start_utc >= 4 * 6 * QUARTER:
            msg = f"forecast issued {forecast.issued_utc} begins {forecast.first_start_utc}: promised: the running one"
            raise Breach(msg)


def check_causal(
    make: Callable[[], Forecaster], before: Sequence[Record], after: Sequence[Record], other: Sequence[Record]
) -> None:
    """What was issued on `before` is the same, whichever future comes after it."""
    _, one = run(make(), [*before, *after])
    _, two = run(make(), [*before, *other])
    _, alone = run(make(), before)
    count = len(alone)
    if [timeless(f) for f in one[:count]] != [timeless(f) for f in two[:count]]:
        msg = f"of {count} forecasts some changed with records that came after them"
        raise Breach(msg)


def check_resumable(
    make: Callable[[], Forecaster],
    encode: Callable[[Any], bytes],
    decode: Callable[[bytes], Any],
    before: Sequence[Record],
    after: Sequence[Record],
) -> None:
    """A run that was stopped, stored and woken between `before` and `after` issues what the undisturbed one does."""
    state, _ = run(make(), before)
    _, undisturbed = run(make(), [*before, *after])
    _, resumed = run(make(), after, decode(encode(state)))
    expected = [timeless(f) for f in undisturbed[len(undisturbed) - len(resumed) :]]
    if not resumed or [timeless(f) for f in resumed] != expected:
        msg = f"{len(resumed)} forecasts after a restart differ from those of the undisturbed run"
        raise Breach(msg)


def check_earns_its_keep(
    forecasts: Sequence[Forecast], actual: Sequence[Interval], at_most: float, coverage: tuple[float, float]
) -> Scores:
    """Its error is at most `at_most` of last week's same quarter hour, and its 80 % band covers a share within `coverage`."""
    found = score(forecasts, loads_by_slot(actual))
    if not found.mae_to_last_week <= at_most:
        msg = (
            f"mean absolute error is {found.mae_to_last_week:.3f} of last week's over {found.rows} rows; promised at most {at_most}"
        )
        raise Breach(msg)
    if not coverage[0] <= found.coverage <= coverage[1]:
        msg = f"the 80 % band covers {found.coverage:.3f} of {found.rows} rows; promised {coverage[0]} to {coverage[1]}"
        raise Breach(msg)
    return found
